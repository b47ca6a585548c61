"""Another reader as oracle: where pynmea2 and we accept a sentence, both read the same values."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pynmea2
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.columns import ABSENT_8, ABSENT_16, ABSENT_32, ABSENT_64
from snowtrack.model.fixes import FixBatch, Message
from snowtrack.nmea.decode import decode
from tests.oracles.nmea import sentence

DIGITS = st.text("0123456789", max_size=6)


def number(whole: st.SearchStrategy[int]) -> st.SearchStrategy[str]:
    """A decimal as receivers write it: with a point, without, or nothing at all."""
    return st.one_of(
        st.just(""),
        whole.map(str),
        st.tuples(whole, DIGITS).map(lambda parts: f"{parts[0]}.{parts[1]}"),
    )


CLOCK = st.one_of(
    st.just(""),
    st.tuples(st.times(), st.sampled_from(["", ".0", ".00", ".5", ".250", ".999"])).map(
        lambda parts: parts[0].strftime("%H%M%S") + parts[1]
    ),
)
DAY = st.one_of(st.just(""), st.dates(date(2000, 1, 1), date(2068, 12, 31)).map(lambda day: day.strftime("%d%m%y")))


def place(width: int, degrees_max: int, letters: str) -> st.SearchStrategy[str]:
    angle = st.tuples(st.integers(0, degrees_max - 1), st.integers(0, 59), DIGITS, st.sampled_from(letters))
    return st.one_of(
        st.just(","), angle.map(lambda parts: f"{parts[0]:0{width}d}{parts[1]:02d}.{parts[2] or '0'},{parts[3]}")
    )


PLACES = st.tuples(place(2, 90, "NS"), place(3, 180, "EW")).filter(lambda both: (both[0] == ",") == (both[1] == ","))
TALKERS = st.sampled_from(["GP", "GN", "GL", "QZ"])
RMC = st.builds(
    lambda talker, clock, status, where, knots, course, day: (
        f"{talker}RMC,{clock},{status},{where[0]},{where[1]},{knots},{course},{day},,"
    ),
    TALKERS,
    CLOCK,
    st.sampled_from(["A", "V"]),
    PLACES,
    number(st.integers(0, 300)),
    number(st.integers(0, 359)),
    DAY,
)
GGA = st.builds(
    lambda talker, clock, where, quality, satellites, hdop, height: (
        f"{talker}GGA,{clock},{where[0]},{where[1]},{quality},{satellites},{hdop},{height},M,36.9,M,,"
    ),
    TALKERS,
    CLOCK,
    PLACES,
    st.sampled_from(["0", "1", "2", "4", "5", "6"]),
    st.one_of(st.just(""), st.integers(0, 40).map(lambda count: f"{count:02d}")),
    number(st.integers(0, 50)),
    number(st.integers(-400, 4000)),
)


def decode_one(body: str) -> FixBatch:
    decoded = decode([Message(device=1, received_us=0, payload=sentence(body))])
    assert not decoded.rejects
    assert len(decoded.fixes) == 1
    return decoded.fixes


def microseconds(at: time) -> int:
    return ((at.hour * 60 + at.minute) * 60 + at.second) * 1_000_000 + at.microsecond


def assert_place(fix: FixBatch, other: Any, valid: bool) -> None:  # noqa: ANN401 - pynmea2 has no types
    if not valid or not other.lat:
        assert (fix.lat_e7[0], fix.lon_e7[0]) == (ABSENT_32, ABSENT_32)
        return
    assert abs(int(fix.lat_e7[0]) - other.latitude * 1e7) <= 0.51
    assert abs(int(fix.lon_e7[0]) - other.longitude * 1e7) <= 0.51


def assert_number(ours: int, absent: int, theirs: object, scale: float) -> None:
    if theirs is None or theirs == "":
        assert ours == absent
    else:
        assert abs(ours - float(str(theirs)) * scale) <= 0.501


@given(RMC)
def test_rmc_says_the_same_to_both_readers(body: str) -> None:
    other = pynmea2.parse(sentence(body).decode().strip(), check=True)
    fix = decode_one(body)
    assert_place(fix, other, other.status == "A")
    assert_number(int(fix.speed_mmps[0]), ABSENT_32, other.spd_over_grnd, 1_852_000 / 3_600)
    assert_number(int(fix.course_cdeg[0]), ABSENT_32, other.true_course, 100)
    assert fix.day_us[0] == (ABSENT_64 if not other.timestamp else microseconds(other.timestamp))
    if other.timestamp and other.datestamp:
        at = datetime.combine(other.datestamp, time(), UTC) + timedelta(microseconds=microseconds(other.timestamp))
        assert fix.time_us[0] == (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    else:
        assert fix.time_us[0] == ABSENT_64


@given(GGA)
def test_gga_says_the_same_to_both_readers(body: str) -> None:
    other = pynmea2.parse(sentence(body).decode().strip(), check=True)
    fix = decode_one(body)
    assert_place(fix, other, other.gps_qual > 0)
    assert fix.quality[0] == other.gps_qual
    assert_number(int(fix.satellites[0]), ABSENT_16, other.num_sats, 1)
    assert_number(int(fix.hdop_centi[0]), ABSENT_32, other.horizontal_dil, 100)
    assert_number(int(fix.alt_mm[0]), ABSENT_32, other.altitude, 1_000)
    assert fix.time_us[0] == ABSENT_64
    assert fix.blade[0] == ABSENT_8


@given(RMC, st.integers(0, 200), st.integers(32, 126))
def test_a_damaged_byte_that_pynmea2_refuses_is_refused_here_too(body: str, at: int, byte: int) -> None:
    line = bytearray(sentence(body).strip())
    line[at % len(line)] = byte
    try:
        pynmea2.parse(line.decode(), check=True)
    except (pynmea2.ChecksumError, pynmea2.ParseError):
        decoded = decode([Message(device=1, received_us=0, payload=bytes(line))])
        assert len(decoded.rejects) == 1
        assert not len(decoded.fixes)
