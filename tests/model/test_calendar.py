"""Japanese days against the time zone database."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.calendar import day_range_us, read_utc, tokyo_text, utc_text

TOKYO = ZoneInfo("Asia/Tokyo")
# Microseconds since 1970, from 2000 to 2100.
TIMES = st.integers(946_684_800_000_000, 4_102_444_800_000_000).map(
    lambda time_us: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)
)


def microseconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)))
def test_a_day_runs_from_midnight_to_midnight_in_tokyo(day: date) -> None:
    start = datetime(day.year, day.month, day.day, tzinfo=TOKYO)
    following = day + timedelta(days=1)
    end = datetime(following.year, following.month, following.day, tzinfo=TOKYO)
    assert day_range_us(day) == (microseconds(start), microseconds(end))


@given(TIMES)
def test_texts_say_the_instant_to_the_second(at: datetime) -> None:
    whole = at.replace(microsecond=0)
    assert utc_text(microseconds(at)) == whole.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert read_utc(utc_text(microseconds(at))) == microseconds(whole)
    assert tokyo_text(microseconds(at), "%d %H:%M:%S") == whole.astimezone(TOKYO).strftime("%d %H:%M:%S")
