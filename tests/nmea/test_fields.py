"""Each reader by itself: texts to integers, against exact fractions and at the limits."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.columns import ABSENT_64, Int64s, UInt8s
from snowtrack.nmea import fields
from snowtrack.nmea.fields import BAD
from tests.oracles.nmea_sentences import half_away

DIGITS = st.text("0123456789", max_size=9)
SECOND_US = 1_000_000


def bytes_of(text: str) -> tuple[UInt8s, int, int]:
    """A text as the readers get it: somewhere in other bytes, from where it begins to where it ends."""
    before, after = b"7,", b",9.9999999"
    content = text.encode("latin-1")
    return np.frombuffer(before + content + after, np.uint8), len(before), len(before) + len(content)


def neighbours(text: str) -> tuple[UInt8s, Int64s]:
    """Neighbouring fields behind an address, and where they end."""
    content = f"$GPXXX,{text}*00".encode("latin-1")
    whole = content[: content.index(b"*")]
    ends = [at for at, byte in enumerate(whole) if byte == ord(",")] + [len(whole)]
    return np.frombuffer(content + bytes(8), np.uint8), np.array(ends + [len(whole)] * 8, np.int64)


def decimal(text: str, numerator: int = 1, denominator: int = 1) -> int:
    return fields.read_decimal(*bytes_of(text), numerator, denominator)


def position(text: str) -> tuple[int, int]:
    data, ends = neighbours(text)
    return fields.read_position(data, ends, 1)


def date_parts(text: str) -> int:
    data, ends = neighbours(text)
    return fields.read_date_parts(data, ends, 1)


@given(st.booleans(), st.integers(0, 99_999), DIGITS, st.integers(1, 40_000), st.integers(1, 40_000))
def test_a_decimal_is_scaled_and_rounded_half_away_from_zero(
    negative: bool, whole: int, digits: str, numerator: int, denominator: int
) -> None:
    text = f"{'-' if negative else ''}{whole}{'.' if digits else ''}{digits}"
    expected = half_away(Fraction(text) * Fraction(numerator, denominator))
    assert decimal(text, numerator, denominator) == expected


@pytest.mark.parametrize(
    ("text", "tenths"),
    [
        ("0.05", 1),
        ("0.049999999", 0),
        ("-0.05", -1),
        ("-0.049", 0),
        ("-0", 0),
        ("7.", 70),
        ("00000000000007", 70),
        ("99999999999999", 999_999_999_999_990),
        ("99999.999999999", 1_000_000),
    ],
)
def test_decimals_at_their_limits(text: str, tenths: int) -> None:
    assert decimal(text, 10) == tenths


@pytest.mark.parametrize(
    "text",
    [
        *(".", "-", ".5", "-.5", "1e3", "0x1", "1,5", " 1", "1 ", "+1", "--1", "1.2.3", "1-2", "nan", "inf", "1.-5"),
        *("1.0000000000", "000000000000001", "123456.123456789", "1\x00", "\xb2", "/", ":"),
    ],
)
def test_what_is_no_decimal_is_bad(text: str) -> None:
    assert decimal(text) == BAD


@given(st.integers(0, 10**16 - 1), st.integers(0, 3))
def test_a_count_is_its_digits(value: int, zeros: int) -> None:
    text = "0" * zeros + str(value)
    assert fields.read_count(*bytes_of(text), 16) == (value if len(text) <= 16 else BAD)


@pytest.mark.parametrize("text", ["", "-1", "+1", "1.0", "1 ", " 1", "a", "\xb2", "/", ":", "1" * 17])
def test_what_is_no_count_is_bad(text: str) -> None:
    assert fields.read_count(*bytes_of(text), 16) == BAD


@given(st.integers(0, 2**32 - 1))
def test_hexadecimal_digits_may_be_of_either_case(value: int) -> None:
    for text in (f"{value:x}", f"{value:X}", f"{value:08x}"):
        assert fields.read_hexadecimal(*bytes_of(text)) == value


@pytest.mark.parametrize("text", ["G", "g", "0x1", "-1", "@", "`", "/", ":", "\x11", "123456789", "1 ", "A.B"])
def test_what_is_no_hexadecimal_number_is_bad(text: str) -> None:
    assert fields.read_hexadecimal(*bytes_of(text)) == BAD


@pytest.mark.parametrize(
    ("text", "quality", "none"),
    [
        ("N", 0, 1),
        ("NNNN", 0, 1),
        ("A", 1, ABSENT_64),
        ("NA", 1, ABSENT_64),
        ("AN", 1, ABSENT_64),
        ("AD", 2, ABSENT_64),
        ("DA", 2, ABSENT_64),
        ("DP", 3, ABSENT_64),
        ("RF", 4, ABSENT_64),
        ("FP", 5, ABSENT_64),
        ("NE", 6, ABSENT_64),
        ("EA", 1, ABSENT_64),
        ("NM", 7, ABSENT_64),
        ("ME", 6, ABSENT_64),
        ("NS", 8, ABSENT_64),
        ("SM", 7, ABSENT_64),
        ("a", BAD, BAD),
        ("AX", BAD, BAD),
        ("A ", BAD, BAD),
        ("1", BAD, BAD),
    ],
)
def test_of_several_systems_the_best_mode_counts(text: str, quality: int, none: int) -> None:
    assert fields.read_modes(*bytes_of(text), False) == quality
    assert fields.read_modes(*bytes_of(text), True) == none


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("000000", 0),
        ("000000.", 0),
        ("235959.999999", 86_399_999_999),
        ("235959.999999999", 86_399_999_999),
        ("235960", 86_400_000_000),
        ("235960.5", 86_400_500_000),
        ("120000.5", 43_200_500_000),
        ("120000.05", 43_200_050_000),
        ("120000.000000999", 43_200_000_000),
        *((text, BAD) for text in ("240000", "126000", "120061", "12000", "1200000", "", "12:00:00", "-10000")),
        *((text, BAD) for text in ("120000,5", "120000.5 ", "120000.0000000000", "12000.5", "120000.-1", "1200 0")),
    ],
)
def test_times_of_day(text: str, expected: int) -> None:
    assert fields.read_clock(*bytes_of(text)) == expected


@given(st.dates(date(1980, 1, 1), date(2079, 12, 31)))
def test_a_date_is_the_start_of_its_day(day: date) -> None:
    start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * SECOND_US
    assert fields.read_date(*bytes_of(day.strftime("%d%m%y"))) == start
    assert date_parts(day.strftime("%d,%m,%Y")) == start
    assert date_parts(f"{day.day},{day.month},{day.year}") == start


@pytest.mark.parametrize(
    "text", ["", "000000", "320126", "290226", "310426", "011326", "010026", "10126", "0101260", "0a0126", "-10126"]
)
def test_what_is_no_date_is_bad(text: str) -> None:
    assert fields.read_date(*bytes_of(text)) == BAD


@pytest.mark.parametrize("text", ["31,12,9999", "1,1,1970", "29,2,2000", "29,02,2024"])
def test_dates_in_parts_at_their_limits(text: str) -> None:
    day, month, year = map(int, text.split(","))
    assert date_parts(text) == int(datetime(year, month, day, tzinfo=UTC).timestamp()) * SECOND_US


@pytest.mark.parametrize(
    "text",
    [
        *("14,1,26", "14,1,1969", "0,1,2026", "14,0,2026", "32,1,2026", "14,13,2026", "29,2,2100", "29,2,2026"),
        *(",1,2026", "14,,2026", "14,1,", "014,1,2026", "14,001,2026", "14,1,02026", "-1,1,2026", "14,1", "14"),
    ],
)
def test_what_is_no_date_in_parts_is_bad(text: str) -> None:
    assert date_parts(text) == BAD


@given(
    *(st.integers(0, 89), st.integers(0, 59), DIGITS, st.sampled_from("NS")),
    *(st.integers(0, 179), st.integers(0, 59), DIGITS, st.sampled_from("EW")),
)
def test_a_position_is_degrees_and_minutes(  # noqa: PLR0917
    lat: int, lat_minutes: int, lat_digits: str, north: str, lon: int, lon_minutes: int, lon_digits: str, east: str
) -> None:
    text = f"{lat:02d}{lat_minutes:02d}.{lat_digits},{north},{lon:03d}{lon_minutes:02d}.{lon_digits},{east}"
    lat_e7 = half_away((lat + Fraction(f"{lat_minutes}.{lat_digits}0") / 60) * 10**7)
    lon_e7 = half_away((lon + Fraction(f"{lon_minutes}.{lon_digits}0") / 60) * 10**7)
    assert position(text) == (lat_e7 if north == "N" else -lat_e7, lon_e7 if east == "E" else -lon_e7)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3634,N,13639,E", (365_666_667, 1_366_500_000)),
        ("3634.,N,13639.,E", (365_666_667, 1_366_500_000)),
        ("9000,N,18000,W", (900_000_000, -1_800_000_000)),
        ("9000.000000,S,00000.0,E", (-900_000_000, 0)),
        ("8959.999999999,N,17959.999999999,E", (900_000_000, 1_800_000_000)),
        ("0000.0000015,N,00000.000003,W", (0, -1)),
    ],
)
def test_positions_at_their_limits(text: str, expected: tuple[int, int]) -> None:
    assert position(text) == expected


GOOD_LATITUDE, GOOD_LONGITUDE = "3634.0,N", "13639.0,E"


@pytest.mark.parametrize(
    "latitude",
    [
        *("9000.0001,N", "9100.0,N", "3660.0,N", "03634.0,N", "634.0,N", "34.0,N", "-3634.0,N", "3634.0000000000,N"),
        *("3634.0,E", "3634.0,n", "3634.0,", "3634.0,NN", "3634.0, ", ",N", ",", "3634:0,N", "36 4.0,N", "3634.-,N"),
    ],
)
def test_a_latitude_that_is_none_spoils_the_position(latitude: str) -> None:
    assert position(f"{latitude},{GOOD_LONGITUDE}") == (BAD, BAD)


@pytest.mark.parametrize(
    "longitude",
    ["18000.0001,E", "18100,E", "13660.0,E", "3639.0,E", "013639.0,E", "13639.0,N", "13639.0,", ",E", ",", "13639.0"],
)
def test_a_longitude_that_is_none_spoils_the_position(longitude: str) -> None:
    assert position(f"{GOOD_LATITUDE},{longitude}") == (BAD, BAD)


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("", 1, True),
        (",,,", 4, True),
        (",", 4, True),
        ("1", 1, False),
        ("1", 4, False),
        ("1,,", 4, False),
        (",,,E", 4, False),
        (",,1,", 4, False),
        ("14", 3, False),
        (",,,,5", 4, True),
    ],
)
def test_fields_are_empty_when_none_of_them_holds_anything(text: str, width: int, expected: bool) -> None:
    _, ends = neighbours(text)
    assert fields.are_empty(ends, 1, width) == expected


@pytest.mark.parametrize("reader", [fields.read_clock, fields.read_date, fields.read_hexadecimal])
@given(text=st.text([chr(code) for code in range(0x20, 0x7F)], min_size=1, max_size=20))
def test_no_text_is_too_strange_for_a_reader(reader: Callable[..., int], text: str) -> None:
    number = reader(*bytes_of(text))
    assert number == BAD or (number >= 0 and text[0] in "0123456789abcdefABCDEF")
