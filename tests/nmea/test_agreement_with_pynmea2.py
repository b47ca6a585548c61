"""Another reader as oracle: where pynmea2 and we accept a sentence, both read the same values."""

from datetime import UTC, date, datetime, time
from typing import Any

import pynmea2
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from snowtrack.model.fixes import Remark
from tests.nmea.receivers import SENTENCES, single
from tests.oracles.nmea import EPOCH, sentence
from tests.oracles.recordings import decode_alone, values

SECOND_US, DAY_US = 1_000_000, 86_400_000_000
KNOT, KMH = 1_852_000 / 3_600, 1_000_000 / 3_600
CIRCLE = 36_000
Fix = dict[str, int]
Sentence = Any  # pynmea2 has no types


def read(text: str) -> tuple[Fix, Sentence]:
    """The values that we read, and the sentence as pynmea2 reads it."""
    fixes, rejects = decode_alone(sentence(text))
    assert not rejects
    (fix,) = values(fixes)
    try:
        return fix, pynmea2.parse(sentence(text).decode().strip(), check=True)
    except pynmea2.ParseError:
        assume(False)
        raise


def assert_number(ours: int | None, theirs: object, scale: float, circle: int = 0) -> None:
    """The same to half a unit; on a circle the last unit lies beside the first."""
    if theirs is None or theirs == "":
        assert ours is None
    else:
        assert ours is not None
        apart = abs(ours - float(str(theirs)) * scale)
        assert min(apart, abs(apart - circle)) <= 0.501


def assert_place(fix: Fix, other: Sentence, *, void: bool) -> None:
    """pynmea2 refuses angles without a point."""
    assert bool(fix["remarks"] & Remark.VOID) == void
    if void or not other.lat:
        assert not {"lat_e7", "lon_e7"} & fix.keys()
    elif "." in other.lat and "." in other.lon:
        assert_number(fix.get("lat_e7"), other.latitude, 10**7)
        assert_number(fix.get("lon_e7"), other.longitude, 10**7)


def assert_clock(fix: Fix, other: Sentence) -> None:
    """pynmea2 takes the fraction of a second as a float, which may lie a microsecond below."""
    if other.timestamp is None:
        assert "day_us" not in fix
    else:
        assert 0 <= fix["day_us"] - microseconds(other.timestamp) <= 1


def assert_day(fix: Fix, day: date | None) -> None:
    if day is None or "day_us" not in fix:
        assert "time_us" not in fix
    else:
        assert (
            fix["time_us"] - fix["day_us"] == (datetime.combine(day, time(), UTC) - EPOCH).total_seconds() * SECOND_US
        )


def microseconds(at: time) -> int:
    return ((at.hour * 60 + at.minute) * 60 + at.second) * SECOND_US + at.microsecond


def assert_accuracy(fix: Fix, satellites: str, hdop: str, altitude: object) -> None:
    assert_number(fix.get("satellites"), satellites, 1)
    assert_number(fix.get("hdop_centi"), hdop, 100)
    assert_number(fix.get("alt_mm"), altitude, 1_000)


@given(single("RMC"))
def test_rmc_says_the_same_to_both_readers(text: str) -> None:
    fix, other = read(text)
    assert_place(fix, other, void=other.status != "A" or other.mode_indicator == "N")
    assert_clock(fix, other)
    day = other.datestamp
    if day and day.year < 1980:
        day = day.replace(year=day.year + 100)  # pynmea2 begins the century in 1969, we where GPS does
    assert_day(fix, day)
    assert_number(fix.get("speed_mmps"), other.spd_over_grnd, KNOT)
    assert_number(fix.get("course_cdeg"), other.true_course, 100, CIRCLE)


@given(single("GGA"))
def test_gga_says_the_same_to_both_readers(text: str) -> None:
    fix, other = read(text)
    assert_place(fix, other, void=not other.gps_qual)
    assert_clock(fix, other)
    assert fix.get("quality") == other.gps_qual
    assert_accuracy(fix, other.num_sats, other.horizontal_dil, other.altitude)


@given(single("GNS"))
def test_gns_says_the_same_to_both_readers(text: str) -> None:
    fix, other = read(text)
    assert_place(fix, other, void=set(other.mode_indicator) <= {"N"})
    assert_clock(fix, other)
    assert_accuracy(fix, other.num_sats, other.hdop, other.altitude)


@given(single("GLL"))
def test_gll_says_the_same_to_both_readers(text: str) -> None:
    fix, other = read(text)
    assert_place(fix, other, void=other.status == "V" or other.faa_mode == "N")
    assert_clock(fix, other)


@given(single("VTG"))
def test_vtg_says_the_same_to_both_readers(text: str) -> None:
    fix, other = read(text)
    assert_number(fix.get("course_cdeg"), other.true_track, 100, CIRCLE)
    if other.spd_over_grnd_kts is not None:
        assert_number(fix.get("speed_mmps"), other.spd_over_grnd_kts, KNOT)
    else:
        assert_number(fix.get("speed_mmps"), other.spd_over_grnd_kmph, KMH)


@given(single("ZDA"))
def test_zda_says_the_same_to_both_readers(text: str) -> None:
    fix, other = read(text)
    assert_clock(fix, other)
    assert_day(fix, None if other.year is None else other.datestamp)


@given(single("GSA"))
def test_gsa_says_the_same_to_both_readers(text: str) -> None:
    fix, other = read(text)
    assert_number(fix.get("hdop_centi"), other.hdop, 100)


@pytest.mark.parametrize("kind", SENTENCES)
@given(data=st.data(), at=st.integers(0, 100), byte=st.integers(32, 126))
def test_a_damaged_byte_that_pynmea2_refuses_gives_no_fix_here_either(
    kind: str, data: st.DataObject, at: int, byte: int
) -> None:
    whole = sentence(data.draw(single(kind))).strip()
    line = bytearray(whole)
    line[at % len(line)] = byte
    assume(line.upper() != whole.upper())  # a checksum in lower case is no damage
    try:
        pynmea2.parse(line.decode(), check=True)
    except pynmea2.ParseError:
        fixes, _ = decode_alone(bytes(line))
        assert not len(fixes)
