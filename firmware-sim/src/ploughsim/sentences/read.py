"""Text to epochs, as a tracker's firmware reads what it keeps of its receiver: RMC and GGA, in the family's order.

Reading is the inverse of writing, and nothing more: what the family would not write byte for byte is not read.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np

from ploughsim.compiled import Array
from ploughsim.sentences.epoch import EPOCH, NOT_SAID, UNKNOWN
from ploughsim.sentences.families import FAMILIES, Family, Kind
from ploughsim.sentences.write import write_epoch

_BYTES_MAX = 256
_DAY_ZERO = date(1980, 1, 1).toordinal()
# Boot, sequence number and uptime; blade, spreader, power take-off; angle, density, width, inputs, battery, buffer.
_OWN = (0, 0, UNKNOWN, NOT_SAID, NOT_SAID, NOT_SAID, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)
# Fields of the two sentences, the address being number 0.
_RMC_FIELDS, _GGA_FIELDS = 10, 14
_GGA_FIRST = tuple(family.order.index(Kind.GGA) < family.order.index(Kind.RMC) for family in FAMILIES)


def read_epoch(lines: bytes, family: int) -> Array | None:
    """A table of one row, whose own fields are not said; None if it is not the text of an epoch of this family."""
    first, end, rest = lines.partition(b"\r\n")
    if not end or len(lines) > _BYTES_MAX:
        return None
    rmc, gga = (rest, first) if _GGA_FIRST[family] else (first, rest)
    try:
        epoch = np.array([_OWN + _values(rmc.split(b","), gga.split(b","), FAMILIES[family])], EPOCH)
    except (ValueError, OverflowError):
        return None
    return epoch if write_epoch(epoch, family, own=False) == lines else None


def _values(rmc: Sequence[bytes], gga: Sequence[bytes], family: Family) -> tuple[int, ...]:
    """The receiver's part of a row. What is read wrongly is found out when it is written again."""
    if len(rmc) < _RMC_FIELDS or len(gga) < _GGA_FIELDS:
        raise ValueError("too few fields")
    mode = rmc[12][:1] if family.modes and len(rmc) > 12 else b""
    return (
        _clock_ms(rmc[1]),
        _days(rmc[9]),
        rmc[2] == b"A",
        _count(gga[6]),
        mode[0] if mode and mode != b"*" else NOT_SAID,
        _angle(rmc[3], family.minute_places, rmc[4] == b"S"),
        _angle(rmc[5], family.minute_places, rmc[6] == b"W"),
        _decimal(rmc[7]),
        _decimal(rmc[8]),
        _decimal(gga[9]),
        _decimal(gga[11]),
        _count(gga[7]),
        _decimal(gga[8]),
    )


def _clock_ms(text: bytes) -> int:
    if not text:
        return UNKNOWN
    whole, _, fraction = text.partition(b".")
    minutes, seconds = divmod(int(whole), 100)
    hours, minutes = divmod(minutes, 100)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int(fraction.ljust(3, b"0"))


def _days(text: bytes) -> int:
    if not text:
        return UNKNOWN
    day, month, year = int(text[:2]), int(text[2:4]), int(text[4:])
    return date(year + (1900 if year >= 80 else 2000), month, day).toordinal() - _DAY_ZERO


def _angle(text: bytes, places: int, negative: bool) -> int:
    if not text:
        return UNKNOWN
    minute = int(10**places)
    degrees, minutes = divmod(int(text.replace(b".", b"")), 100 * minute)
    value = degrees * 60 * minute + minutes
    return -value if negative else value


def _decimal(text: bytes) -> int:
    return int(text.replace(b".", b"")) if text else UNKNOWN


def _count(text: bytes) -> int:
    return int(text) if text else NOT_SAID
