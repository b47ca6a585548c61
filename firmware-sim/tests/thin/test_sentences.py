"""Sentences read back by another implementation, and the examples of the protocol, byte for byte."""

from datetime import UTC, datetime, timedelta

import pynmea2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ploughsim.thin.ring import EPOCH_BYTES_MAX
from ploughsim.thin.sentences import Fix, blade_sentence, fix_sentences

_FIXES = st.builds(
    Fix,
    time_ms=st.integers(946_684_800_000, 3_090_000_000_000).map(lambda ms: ms // 10 * 10),
    lat_deg=st.floats(-90, 90),
    lon_deg=st.floats(-180, 180),
    speed_mps=st.floats(0, 60),
    course_deg=st.floats(-5, 365),
    altitude_m=st.floats(-100, 9000),
    satellites=st.integers(0, 99),
    hdop=st.floats(0.5, 99),
)


def test_the_blade_sentence_is_the_one_in_the_protocol() -> None:
    assert blade_sentence(boot=7, seq=1, uptime_ms=1000, blade="D") == b"$PSNOW,7,1,1000,D*16\r\n"


def test_rmc_and_gga_are_those_of_the_protocol_with_five_decimals() -> None:
    fix = Fix(
        time_ms=int(datetime(2026, 1, 14, 15, 30, tzinfo=UTC).timestamp() * 1000),
        lat_deg=36 + 34 / 60,
        lon_deg=136 + 39 / 60,
        speed_mps=12.4 * 1852 / 3600,
        course_deg=87.5,
        altitude_m=31.4,
        satellites=11,
        hdop=0.9,
    )
    rmc, gga, rest = fix_sentences(fix).split(b"\r\n")
    assert rmc.startswith(b"$GPRMC,153000.00,A,3634.00000,N,13639.00000,E,12.40,87.5,140126,,,A*")
    assert gga.startswith(b"$GPGGA,153000.00,3634.00000,N,13639.00000,E,1,11,0.9,31.4,M,36.9,M,,*")
    assert rest == b""


@given(_FIXES)
def test_another_implementation_reads_what_was_meant(fix: Fix) -> None:
    rmc, gga = (pynmea2.parse(line, check=True) for line in fix_sentences(fix).decode("ascii").splitlines())
    assert rmc.datetime.replace(tzinfo=UTC) == datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=fix.time_ms)
    assert rmc.status == "A"
    assert rmc.spd_over_grnd == pytest.approx(fix.speed_mps * 3600 / 1852, abs=0.006)
    assert rmc.true_course == pytest.approx(fix.course_deg % 360, abs=0.06) or abs(fix.course_deg % 360 - 360) < 0.06
    for sentence in (rmc, gga):
        assert sentence.latitude == pytest.approx(fix.lat_deg, abs=1e-7)
        assert sentence.longitude == pytest.approx(fix.lon_deg, abs=1e-7)
    assert (gga.gps_qual, int(gga.num_sats)) == (1, fix.satellites)
    assert float(gga.altitude) == pytest.approx(fix.altitude_m, abs=0.06)


@given(_FIXES)
def test_the_longest_epoch_fits_a_slot_of_the_ring(fix: Fix) -> None:
    top = 2**32 - 1
    blade = blade_sentence(boot=top, seq=top, uptime_ms=top, blade="D")
    assert len(blade + fix_sentences(fix)) <= EPOCH_BYTES_MAX


@given(st.floats(0, 180))
def test_minutes_never_read_sixty(lon_deg: float) -> None:
    fix = Fix(time_ms=0, lat_deg=0, lon_deg=lon_deg, speed_mps=0, course_deg=0, altitude_m=0, satellites=8, hdop=1)
    rmc, _ = fix_sentences(fix).decode().splitlines()
    assert float(rmc.split(",")[5][3:]) < 60


def test_a_course_just_below_north_reads_zero() -> None:
    fix = Fix(time_ms=0, lat_deg=0, lon_deg=0, speed_mps=0, course_deg=359.96, altitude_m=0, satellites=8, hdop=1)
    assert b",0.0,010170," in fix_sentences(fix)
