"""Messages to a `FixBatch`: the door of this package."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from snowtrack.model.calendar import DAY_US
from snowtrack.model.columns import Int64s, present
from snowtrack.model.fixes import Decoded, FixBatch, Message, RejectReason, Remark
from snowtrack.nmea.epochs import Epochs, Joining, join_sentences
from snowtrack.nmea.fields import AT, FIELDS, OPENS, REPEATS, SOURCE, WIDTH, Sentences, Table, read_fields
from snowtrack.nmea.framing import BANG, DOLLAR, Frames, Payloads, Rejected, find_frames
from snowtrack.nmea.rejects import REASONS, counts_by_device, line_rejects, payload_rejects, rejected_lines
from snowtrack.nmea.sentences import SENTENCES, VALUES, Kind, table_of
from snowtrack.nmea.unpack import Share, unpack_shares

REJECTS_KEPT = 1_000
WORD = bytes(8)
DAY, DATE, VOID = VALUES.index("day_us"), VALUES.index("date_us"), VALUES.index("void")
LATITUDE, LONGITUDE = VALUES.index("lat_e7"), VALUES.index("lon_e7")
DTYPES = FixBatch.dtypes()
ABSENT = np.array([np.iinfo(DTYPES.get(value, np.dtype(np.int64))).min for value in VALUES], np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What the trackers of an agency speak beyond the standard.

    unchecked  sentences without a checksum are taken, and marked
    kinds      sentences of their makers, read into the same values
    """

    unchecked: bool = False
    kinds: tuple[Kind, ...] = ()


class Decoder:
    """Reads the standard, which is dialect 0 of a message, and the dialects given, from 1 on.

    The bytes of `rejects_kept` rejected lines of one call are kept; all are counted.
    """

    def __init__(self, dialects: Sequence[Dialect] = (), rejects_kept: int = REJECTS_KEPT) -> None:
        self.table = table_of([SENTENCES, *(dialect.kinds for dialect in dialects)])
        self.unchecked = np.array([False, *(dialect.unchecked for dialect in dialects)], np.bool_)
        self.rejects_kept = rejects_kept

    def decode(self, messages: Sequence[Message]) -> Decoded:
        """Fixes stand in the order of the messages and of their bytes."""
        parts = [
            (share.first, self._decode(messages[share.first : share.first + len(share.contents)], share))
            for share in unpack_shares([message.payload for message in messages])
        ]
        return parts[0][1] if len(parts) == 1 else _joined(parts, self.rejects_kept)

    def _decode(self, messages: Sequence[Message], share: Share) -> Decoded:
        contents, faults = share.contents, share.faults
        dialects = np.array([message.dialect for message in messages], np.int64)
        payloads = Payloads(
            data=np.frombuffer(b"".join([*contents, WORD]), np.uint8),
            starts=np.cumsum([0, *map(len, contents)], dtype=np.int64),
            lenient=self.unchecked[dialects],
            adapter=dialects,
        )
        frames, rejected = _frames(payloads, self.rejects_kept)
        sentences = _sentences(payloads, frames, self.table)
        epochs = _epochs(frames, sentences, self.table)
        lines = rejected_lines(frames, sentences, rejected, self.rejects_kept)
        return Decoded(
            fixes=_fixes(messages, epochs),
            begins=epochs.at - payloads.starts[epochs.payload],
            rejects=(*payload_rejects(messages, faults), *line_rejects(messages, payloads, lines)),
            counts=counts_by_device(messages, faults, frames, sentences, rejected),
        )


def decode(messages: Sequence[Message]) -> Decoded:
    """Decode what speaks the standard."""
    return STANDARD.decode(messages)


STANDARD = Decoder()


def _joined(parts: Sequence[tuple[int, Decoded]], rejects_kept: int) -> Decoded:
    """Shares of messages as one, each with the place of its first message."""
    counts: Counter[tuple[int, RejectReason]] = Counter()
    for _, part in parts:
        counts.update(part.counts)
    rejects = (replace(reject, message=reject.message + first) for first, part in parts for reject in part.rejects)
    return Decoded(
        fixes=FixBatch.concat(part.fixes for _, part in parts),
        begins=np.concatenate([part.begins for _, part in parts]),
        rejects=tuple(islice(rejects, rejects_kept)),
        counts=dict(counts),
    )


def _frames(payloads: Payloads, rejects_kept: int) -> tuple[Frames, Rejected]:
    data = payloads.data
    room = np.count_nonzero(data == DOLLAR) + np.count_nonzero(data == BANG)
    frames = Frames(
        payload=np.empty(room, np.int64),
        at=np.empty(room, np.int64),
        digest=np.empty(room, np.int64),
        unchecked=np.empty(room, np.bool_),
        fields_from=np.empty(room + 1, np.int64),
        field_ends=np.empty(len(data), np.int32),
    )
    rejected = Rejected(
        payload=np.empty(rejects_kept, np.int64),
        at=np.empty(rejects_kept, np.int64),
        to=np.empty(rejects_kept, np.int64),
        reason=np.empty(rejects_kept, np.int64),
        counts=np.zeros((len(payloads.starts) - 1, REASONS), np.int64),
    )
    count, rejects = find_frames(payloads, frames, rejected)
    frames = Frames(
        frames.payload[:count],
        frames.at[:count],
        frames.digest[:count],
        frames.unchecked[:count],
        frames.fields_from[: count + 1],
        frames.field_ends,
    )
    kept = slice(rejects)
    return frames, Rejected(
        rejected.payload[kept], rejected.at[kept], rejected.to[kept], rejected.reason[kept], rejected.counts
    )


def _sentences(payloads: Payloads, frames: Frames, table: Table) -> Sentences:
    count = len(frames.at)
    room = count * int(np.diff(table.kinds[:, FIELDS]).max() + 1)
    sentences = Sentences(
        kind=np.empty(count, np.int64),
        amiss=np.empty(count, np.bool_),
        alone=np.empty(count, np.bool_),
        facts_from=np.empty(count + 1, np.int64),
        value=np.empty(room, np.int8),
        number=np.empty(room, np.int64),
        ends=np.empty(int((table.fields[:, AT] + table.fields[:, WIDTH]).max()) + 1, np.int64),
    )
    read_fields(payloads, frames, table, sentences)
    return sentences


def _epochs(frames: Frames, sentences: Sentences, table: Table) -> Epochs:
    room = len(frames.at)
    joining = Joining(
        source=table.kinds[:, SOURCE],
        opens=table.kinds[:, OPENS].astype(np.bool_),
        repeats=table.kinds[:, REPEATS].astype(np.bool_),
        absent=ABSENT,
    )
    epochs = Epochs(
        payload=np.empty(room, np.int64),
        at=np.empty(room, np.int64),
        digest=np.empty(room, np.int64),
        sources=np.empty(room, np.int64),
        remarks=np.empty(room, np.int64),
        numbers=np.empty((len(VALUES), room), np.int64),
        stated_by=np.empty(len(VALUES), np.int64),
        first_of=np.empty(len(table.kinds), np.int64),
    )
    count = join_sentences(frames, sentences, joining, epochs)
    return Epochs(
        epochs.payload[:count],
        epochs.at[:count],
        epochs.digest[:count],
        epochs.sources[:count],
        epochs.remarks[:count],
        epochs.numbers[:, :count],
        epochs.stated_by,
        epochs.first_of,
    )


def _fixes(messages: Sequence[Message], epochs: Epochs) -> FixBatch:
    """A void epoch has no position; a leap second belongs to the next day."""
    numbers = epochs.numbers
    devices = np.array([message.device for message in messages], np.int64)
    received = np.array([message.received_us for message in messages], np.int64)
    void = present(numbers[VOID])
    for value in (LATITUDE, LONGITUDE):
        numbers[value, void] = ABSENT[value]
    dated = present(numbers[DAY]) & present(numbers[DATE])
    columns: dict[str, Int64s] = dict(zip(VALUES, numbers, strict=True)) | {
        "device": devices[epochs.payload],
        "received_us": received[epochs.payload],
        "digest": epochs.digest,
        "time_us": np.where(dated, numbers[DATE] + numbers[DAY], ABSENT[DAY]),
        "day_us": np.where(present(numbers[DAY]), numbers[DAY] % DAY_US, ABSENT[DAY]),
        "sources": epochs.sources,
        "remarks": epochs.remarks | void * int(Remark.VOID),
    }
    return FixBatch(**{name: columns[name].astype(dtype) for name, dtype in DTYPES.items()})
