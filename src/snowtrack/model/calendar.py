"""Japanese days, and the times that we reckon with. Japan has one time zone and no summer time."""

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

from snowtrack.model.texts import plain

TOKYO = timezone(timedelta(hours=9), "Asia/Tokyo")
SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
FIRST_US, LAST_US = 0, 7_258_118_400 * SECOND_US
"""What somebody says of a time is from 1970 until before 2200: far from the ends of the calendar, where an
instant may have no time in another zone."""
YEARS = "from 1970 until 2199"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = re.compile(r"(\d{4})[-/年](\d{1,2})[-/月](\d{1,2})日?")


def day_range_us(day: date) -> tuple[int, int]:
    """A Japanese day, from midnight to midnight."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=TOKYO)
    start = int(midnight.timestamp()) * SECOND_US
    return start, start + DAY_US


def utc_text(time_us: int) -> str:
    """As machines read it: ISO 8601 in UTC, to the second."""
    return datetime.fromtimestamp(time_us // SECOND_US, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_utc(text: str) -> int:
    """What `utc_text` wrote."""
    return int(datetime.fromisoformat(text).timestamp()) * SECOND_US


def instant_us(said: datetime, zone: tzinfo) -> int:
    """A time that somebody says; without an offset it is of this zone. A `ValueError` says which times are expected."""
    time_us = (said.replace(tzinfo=said.tzinfo or zone) - _EPOCH) // timedelta(microseconds=1)
    if not FIRST_US <= time_us < LAST_US:
        raise ValueError(f"expected a time {YEARS}")
    return time_us


def read_instant(text: str) -> int:
    """A time as a person writes it, ISO 8601; without an offset it is UTC."""
    return instant_us(datetime.fromisoformat(text), UTC)


def read_day(text: str) -> date:
    """A day as people in Japan write it: 2026-11-01, 2026/11/1 or 2026年11月1日."""
    found = _DAY.fullmatch(plain(text))
    if found is None:
        raise ValueError("expected a day such as 2026-11-01")
    year, month, day = (int(part) for part in found.groups())
    return date(year, month, day)


def tokyo_text(time_us: int, pattern: str = "%H:%M") -> str:
    """As people in Japan read it."""
    return datetime.fromtimestamp(time_us // SECOND_US, TOKYO).strftime(pattern)


def tokyo_minute(time_us: int) -> str:
    """The same, with the day."""
    return tokyo_text(time_us, "%Y-%m-%d %H:%M")
