"""Texts of numbers to integers. No float is involved: the same text is the same integer everywhere.

Every reader gives `None` for a text that is not what it should be; an empty text is the caller's to tell apart.
"""

import re
from datetime import UTC, date, datetime

_DECIMAL = re.compile(r"(-?)(\d{1,10})(?:\.(\d{0,9}))?")
_DAY_TIME = re.compile(r"([01]\d|2[0-3])([0-5]\d)([0-5]\d|60)(?:\.(\d{0,9}))?")
_ANGLE = re.compile(r"(\d{2,3})([0-5]\d)(?:\.(\d{0,9}))?")
_EPOCH_DAY = date(1970, 1, 1).toordinal()
DAY_US = 86_400_000_000


def _tens(fraction: str) -> int:
    return int("1" + "0" * len(fraction))


def scaled(text: str, numerator: int, denominator: int = 1) -> int | None:
    """The decimal number times numerator / denominator, rounded half away from zero."""
    found = _DECIMAL.fullmatch(text)
    if not found:
        return None
    sign, whole, fraction = found[1], found[2], found[3] or ""
    divisor = denominator * _tens(fraction)
    size = (2 * int(whole + fraction) * numerator + divisor) // (2 * divisor)
    return -size if sign else size


def whole(text: str, largest: int) -> int | None:
    """A number without sign or fraction, up to `largest`."""
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        return None
    value = int(text)
    return value if value <= largest else None


def angle_e7(text: str, hemisphere: str, positive: str, negative: str) -> int | None:
    """`ddmm.mmm` and a hemisphere letter to 1e-7 degrees."""
    found = _ANGLE.fullmatch(text)
    width = 2 if positive == "N" else 3
    if not found or len(found[1]) != width or hemisphere not in (positive, negative):
        return None
    fraction = found[3] or ""
    divisor = 60 * _tens(fraction)
    minutes = int(found[2] + fraction)
    angle = int(found[1]) * 10**7 + (2 * minutes * 10**7 + divisor) // (2 * divisor)
    if angle > (90 if positive == "N" else 180) * 10**7:
        return None
    return angle if hemisphere == positive else -angle


def day_time_us(text: str) -> int | None:
    """`hhmmss.sss` to microseconds of the day. A leap second is the next day's first."""
    found = _DAY_TIME.fullmatch(text)
    if not found:
        return None
    fraction = int((found[4] or "")[:6].ljust(6, "0"))
    return ((int(found[1]) * 60 + int(found[2])) * 60 + int(found[3])) * 1_000_000 + fraction


def day_us(text: str) -> int | None:
    """`ddmmyy` to microseconds since 1970 of that day's start. GPS began in 1980: 80 to 99 are the last century's."""
    if len(text) != 6 or not (text.isascii() and text.isdigit()):
        return None
    year = int(text[4:]) + (1900 if int(text[4:]) >= 80 else 2000)
    try:
        day = datetime(year, int(text[2:4]), int(text[:2]), tzinfo=UTC)
    except ValueError:
        return None
    return (day.toordinal() - _EPOCH_DAY) * DAY_US
