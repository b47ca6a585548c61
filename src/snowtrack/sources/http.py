"""What other systems send over HTTP, as messages of the trackers that it is of: NMEA as it came, JSON as sentences.

So everything behind the broker is one way. A body is read wholly before anything of it goes on; of a wrong one the
first thing that is wrong is told. An observation is the same bytes whatever stands around it, so what is sent again is
known.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import orjson

from snowtrack.model.fixes import Decoded, RejectReason
from snowtrack.model.ids import ID_PATTERN, DeviceId
from snowtrack.nmea.unpack import GZIP, ZSTD
from snowtrack.sources.observation import Values, Wrong, read_values, write_epoch

OBSERVATIONS_MAX = 50_000
MESSAGE_OBSERVATIONS = 200
MESSAGE_BYTES = 32 * 1024
SHOWN_BYTES = 60
LINE_ENDS = re.compile(rb"\r\n|\r|\n")
EXPECTED = {
    RejectReason.NO_START: "a sentence, which begins with $",
    RejectReason.NOT_ASCII: "printable ASCII",
    RejectReason.TOO_LONG: "at most 256 bytes",
    RejectReason.NO_CHECKSUM: "a checksum, as in $…*hh",
    RejectReason.BAD_CHECKSUM: "the checksum that the line has",
    RejectReason.BAD_FIELD: "fields that can be read",
}

Read = Callable[[bytes], Decoded]
"""What reads lines as the trackers of an agency speak."""


class Sent(NamedTuple):
    """One message as its tracker would publish it."""

    device: DeviceId
    payload: bytes
    observations: int


def read_lines(body: bytes, device: DeviceId, read: Read) -> list[Sent] | Wrong:
    """NMEA, cut where epochs begin. A line that cannot be read is passed over from a tracker; who sends over HTTP hears
    of it and can mend it."""
    sent: list[Sent] = []
    at = total = 0
    while at < len(body):
        piece = _whole_lines(body, at)
        if piece.startswith((GZIP, ZSTD)):
            return Wrong("body", "NMEA; what is packed says so by Content-Encoding")
        decoded = read(piece)
        begins = decoded.begins.tolist()
        # The last epoch of a piece may go on in the next one.
        goes_on = at + len(piece) < len(body) and any(begins)
        cut = begins[-1] if goes_on else len(piece)
        if decoded.rejects and decoded.rejects[0].at < cut:
            first = decoded.rejects[0]
            shown = first.raw[:SHOWN_BYTES].decode("ascii", "replace").strip()
            return Wrong(_line(body, at + first.at), f"{EXPECTED.get(first.reason, 'NMEA')}, found {shown}")
        count = len(begins) - goes_on
        total += count
        if total > OBSERVATIONS_MAX:
            return Wrong("body", f"at most {OBSERVATIONS_MAX:,} epochs; send it in parts")
        if count:
            sent.append(Sent(device, piece[:cut], count))
        at += cut
    return sent if total else Wrong("body", "at least one epoch of NMEA")


def read_observations(body: bytes, agency: str, device: str | None = None) -> list[Sent] | Wrong:
    """JSON; where no device is given, each observation names its own."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        return Wrong("body", f"JSON: {error}")
    items = content if isinstance(content, list) else [content]
    if not 0 < len(items) <= OBSERVATIONS_MAX:
        return Wrong("body", f"1 to {OBSERVATIONS_MAX:,} observations")
    found: dict[DeviceId, list[Values]] = {}
    for row, item in enumerate(items, 1):
        said = _read_item(item, agency, device)
        if isinstance(said, Wrong):
            return said.within(f"row {row}")
        found.setdefault(said[0], []).append(said[1])
    return [
        Sent(own, b"".join(map(write_epoch, message)), len(message))
        for own, rows in found.items()
        for message in _messages(rows)
    ]


def _read_item(item: object, agency: str, device: str | None) -> tuple[DeviceId, Values] | Wrong:
    """Whose it is, and what it says."""
    if not isinstance(item, dict):
        return Wrong("", "an object with time, lat and lon")
    if device is None:
        device, item = item.get("device"), {name: value for name, value in item.items() if name != "device"}
    if not isinstance(device, str) or not ID_PATTERN.fullmatch(device):
        return Wrong("device", "1 to 64 of A-Z a-z 0-9 _ -")
    values = read_values(item)
    return values if isinstance(values, Wrong) else (DeviceId(agency, device), values)


def _messages(rows: list[Values]) -> Iterator[list[Values]]:
    """Some rows each. What says the same instant as the one before it would be taken for more of that epoch, and begins
    a message; what has a number is an epoch by that."""
    message: list[Values] = []
    for values in rows:
        again = message and "seq" not in values and values["time_us"] == message[-1]["time_us"]
        if again or len(message) == MESSAGE_OBSERVATIONS:
            yield message
            message = []
        message.append(values)
    yield message


def _whole_lines(body: bytes, at: int) -> bytes:
    """Some lines; of one that is too long for that its beginning, which is refused when it is read."""
    piece = body[at : at + MESSAGE_BYTES]
    end = max(piece.rfind(b"\n"), piece.rfind(b"\r")) + 1
    return piece if at + len(piece) == len(body) or not end else piece[:end]


def _line(body: bytes, at: int) -> str:
    return f"line {len(LINE_ENDS.findall(body, 0, at)) + 1}"
