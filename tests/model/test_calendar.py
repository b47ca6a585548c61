"""Japanese days against the time zone database."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.calendar import (
    FIRST_US,
    LAST_US,
    day_range_us,
    instant_us,
    read_day,
    read_utc,
    tokyo_minute,
    tokyo_text,
    utc_text,
)

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


@given(st.datetimes(), st.none() | st.integers(-1_439, 1_439).map(lambda minutes: timezone(timedelta(minutes=minutes))))
def test_a_time_that_is_taken_can_be_said_anywhere(said: datetime, zone: timezone | None) -> None:
    said = said.replace(tzinfo=zone)
    try:
        taken_us = instant_us(said, TOKYO)
    except ValueError as error:
        assert str(error) == "expected a time from 1970 until 2199"
        assert not 1971 <= said.year <= 2198
        return
    assert FIRST_US <= taken_us < LAST_US
    assert taken_us == microseconds(said.replace(tzinfo=zone or TOKYO))
    assert utc_text(taken_us)
    assert tokyo_minute(taken_us)


def test_the_first_and_the_last_instant() -> None:
    first, behind = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
    assert (instant_us(first, UTC), instant_us(behind - timedelta(microseconds=1), UTC)) == (FIRST_US, LAST_US - 1)
    for said in (
        first - timedelta(microseconds=1),
        behind,
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
    ):
        with pytest.raises(ValueError, match="1970"):
            instant_us(said, UTC)


@pytest.mark.parametrize("text", ["2026-11-01", "2026/11/1", "2026年11月1日", " ２０２６/１１/０１ "])
def test_a_day_is_read_as_people_in_japan_write_it(text: str) -> None:
    assert read_day(text) == date(2026, 11, 1)


@pytest.mark.parametrize("text", ["", "11/1", "2026-11-31", "2026-11-01T06:00", "0000-01-01", "today"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected a day|is out of range"):
        read_day(text)
