"""Bytes to checked lines.

A line is whole when it begins with `$`, ends in `*hh` and the checksum is right; everything else is a reason. A line
that was cut off anywhere lacks its checksum and so can never give a wrong value.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import xor

from snowtrack.model.fixes import RejectReason

LINE_BYTES_MAX = 256
RAW_BYTES_KEPT = 256


@dataclass(frozen=True, slots=True)
class Line:
    """A whole sentence: `raw` as it came, `fields` between `$` and `*`."""

    raw: bytes
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is not a whole sentence."""

    reason: RejectReason
    raw: bytes


def split_lines(payload: bytes) -> Iterator[Line | BadLine]:
    """All lines of a payload that are not blank, in order."""
    for raw in payload.replace(b"\r", b"\n").split(b"\n"):
        line = raw.strip()
        if line:
            yield _check(line)


def _check(line: bytes) -> Line | BadLine:
    reason = _fault(line)
    if reason is not None:
        return BadLine(reason, line[:RAW_BYTES_KEPT])
    return Line(line, tuple(line[1:-3].decode("ascii").split(",")))


def _fault(line: bytes) -> RejectReason | None:
    if len(line) > LINE_BYTES_MAX:
        return RejectReason.TOO_LONG
    if not line.startswith(b"$"):
        return RejectReason.NO_START
    if not line.isascii():
        return RejectReason.NOT_ASCII
    if line[-3:-2] != b"*":
        return RejectReason.NO_CHECKSUM
    if line[-2:].upper() != b"%02X" % reduce(xor, line[1:-3], 0):
        return RejectReason.BAD_CHECKSUM
    return None
