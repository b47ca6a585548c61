"""Messages to a `FixBatch`: the door of this package."""

from collections.abc import Iterable, Iterator

from snowtrack.model.columns import ABSENT_8, ABSENT_16, ABSENT_32, ABSENT_64
from snowtrack.model.fixes import Decoded, FixBatch, Message, Reject, RejectReason
from snowtrack.nmea.epochs import Epoch, group_epochs
from snowtrack.nmea.framing import RAW_BYTES_KEPT, BadLine, split_lines
from snowtrack.nmea.sentences import Sentence, read_sentence

PAYLOAD_BYTES_MAX = 256 * 1024


def decode(messages: Iterable[Message]) -> Decoded:
    """Decode payloads; fixes stand in the order of the messages and of their bytes."""
    rows: list[tuple[int, ...]] = []
    rejects: list[Reject] = []
    for message in messages:
        if len(message.payload) > PAYLOAD_BYTES_MAX:
            rejects.append(_reject(message, RejectReason.TOO_LARGE, message.payload[:RAW_BYTES_KEPT]))
            continue
        rows.extend(_row(message, epoch) for epoch in group_epochs(_sentences(message, rejects)))
    return Decoded(fixes=FixBatch.from_rows(rows), rejects=tuple(rejects))


def _sentences(message: Message, rejects: list[Reject]) -> Iterator[tuple[Sentence, bytes]]:
    for line in split_lines(message.payload):
        if isinstance(line, BadLine):
            rejects.append(_reject(message, line.reason, line.raw))
            continue
        sentence = read_sentence(line.fields)
        if isinstance(sentence, RejectReason):
            rejects.append(_reject(message, sentence, line.raw))
            continue
        yield sentence, line.raw


def _reject(message: Message, reason: RejectReason, raw: bytes) -> Reject:
    return Reject(device=message.device, received_us=message.received_us, reason=reason, raw=raw)


def _row(message: Message, epoch: Epoch) -> tuple[int, ...]:
    values, time_us, day_us = epoch.values, epoch.time_us, epoch.day_us
    return (
        message.device,
        values.get("boot", ABSENT_64),
        values.get("seq", ABSENT_64),
        epoch.digest,
        values.get("uptime_ms", ABSENT_64),
        ABSENT_64 if time_us is None else time_us,
        ABSENT_64 if day_us is None else day_us,
        message.received_us,
        values.get("lat_e7", ABSENT_32),
        values.get("lon_e7", ABSENT_32),
        values.get("alt_mm", ABSENT_32),
        values.get("speed_mmps", ABSENT_32),
        values.get("course_cdeg", ABSENT_32),
        values.get("quality", ABSENT_8),
        values.get("satellites", ABSENT_16),
        values.get("hdop_centi", ABSENT_32),
        values.get("blade", ABSENT_8),
    )
