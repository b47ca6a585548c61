"""Japanese days and event starts against the time zone database."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.calendar import day_range_us, event_start_us, read_utc, tokyo_text, utc_text

TOKYO = ZoneInfo("Asia/Tokyo")
# Microseconds since 1970, from 2000 to 2100.
TIMES = st.integers(946_684_800_000_000, 4_102_444_800_000_000).map(
    lambda time_us: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)
)


def microseconds(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@given(TIMES, st.integers(0, 23))
def test_an_event_began_when_it_was_last_that_hour_in_japan(now: datetime, hour: int) -> None:
    local = now.astimezone(TOKYO)
    today = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    expected = today if today <= local else today - timedelta(days=1)
    assert event_start_us(microseconds(now), hour) == microseconds(expected)


@pytest.mark.parametrize(
    ("now", "start"),
    [
        ("2026-01-14T02:59:59.999999+00:00", "2026-01-13T03:00:00+00:00"),
        ("2026-01-14T03:00:00+00:00", "2026-01-14T03:00:00+00:00"),
        ("2026-01-14T15:00:00+00:00", "2026-01-14T03:00:00+00:00"),
    ],
)
def test_the_event_turns_at_noon_in_tokyo(now: str, start: str) -> None:
    found = event_start_us(microseconds(datetime.fromisoformat(now)), 12)
    assert found == microseconds(datetime.fromisoformat(start))


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
