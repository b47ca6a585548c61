"""Texts to integers, against exact fractions."""

from datetime import UTC, date, datetime
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.nmea.numbers import angle_e7, day_time_us, day_us, scaled, whole

DIGITS = st.text("0123456789", max_size=9)


def half_away(value: Fraction) -> int:
    size = floor(abs(value) + Fraction(1, 2))
    return size if value >= 0 else -size


@given(st.booleans(), st.integers(0, 9_999_999_999), DIGITS, st.integers(1, 2_000_000), st.integers(1, 5_000))
def test_scaled_rounds_half_away_from_zero(
    negative: bool, integer: int, fraction: str, numerator: int, denominator: int
) -> None:
    text = f"{'-' if negative else ''}{integer}{'.' if fraction else ''}{fraction}"
    assert scaled(text, numerator, denominator) == half_away(Fraction(text) * numerator / denominator)


@pytest.mark.parametrize(
    "text", ["", ".", "-", "1e3", "0x1", "1,5", " 1", "1 ", "+1", "--1", "1.2.3", "nan", "inf", "1\n"]
)
def test_what_is_no_number_gives_nothing(text: str) -> None:
    assert scaled(text, 1) is None


@given(st.integers(0, 2**60), st.integers(0, 2**60))
def test_whole_keeps_its_bound(value: int, largest: int) -> None:
    assert whole(str(value), largest) == (value if value <= largest else None)


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", "１", "²", "1 ", "1" * 20])
def test_what_is_no_whole_number_gives_nothing(text: str) -> None:
    assert whole(text, 2**64) is None


@given(st.integers(0, 89), st.integers(0, 59), DIGITS, st.sampled_from("NS"))
def test_a_latitude_is_degrees_and_minutes(degrees: int, minutes: int, fraction: str, letter: str) -> None:
    value = half_away((degrees + Fraction(f"{minutes}.{fraction}0") / 60) * 10**7)
    assert angle_e7(f"{degrees:02d}{minutes:02d}.{fraction}", letter, "N", "S") == (value if letter == "N" else -value)


@pytest.mark.parametrize(
    ("text", "hemisphere", "positive", "expected"),
    [
        ("9000.0", "N", "N", 900_000_000),
        ("9000.0001", "N", "N", None),
        ("9100.0", "N", "N", None),
        ("18000.0", "W", "E", -1_800_000_000),
        ("18000.1", "E", "E", None),
        ("3660.0", "N", "N", None),
        ("03634.0", "N", "N", None),
        ("3634.0", "E", "E", None),
        ("3634.0", "E", "N", None),
        ("3634.0", "", "N", None),
        ("3634.0", "n", "N", None),
        ("-3634.0", "N", "N", None),
        ("", "N", "N", None),
        ("34.0", "N", "N", None),
    ],
)
def test_angles_at_their_limits(text: str, hemisphere: str, positive: str, expected: int | None) -> None:
    negative = {"N": "S", "E": "W"}[positive]
    assert angle_e7(text, hemisphere, positive, negative) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("000000", 0),
        ("235959.999999", 86_399_999_999),
        ("235959.9999999", 86_399_999_999),
        ("235960", 86_400_000_000),
        ("120000.5", 43_200_500_000),
        ("240000", None),
        ("126000", None),
        ("120061", None),
        ("12000", None),
        ("1200000", None),
        ("", None),
        ("12:00:00", None),
    ],
)
def test_times_of_day(text: str, expected: int | None) -> None:
    assert day_time_us(text) == expected


@given(st.dates(date(1980, 1, 1), date(2079, 12, 31)))
def test_a_date_is_the_start_of_its_day(day: date) -> None:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    assert day_us(day.strftime("%d%m%y")) == int(start.timestamp()) * 1_000_000


@pytest.mark.parametrize("text", ["", "000000", "320126", "290226", "011326", "10126", "0101260", "0a0126", "１１0126"])
def test_what_is_no_date_gives_nothing(text: str) -> None:
    assert day_us(text) is None
