"""Logs as receivers write them, second by second, clean or in the dirt that lies in real ones."""

from collections.abc import Sequence
from datetime import UTC, datetime

from hypothesis import strategies as st

from snowtrack.model.calendar import SECOND_US
from tests.oracles.nmea import day_time, gga, psnow, rmc, sentence

LAT_E7, LON_E7 = 365_666_667, 1_366_500_000
START_US = int(datetime(2026, 1, 14, 23, 59, 30, tzinfo=UTC).timestamp()) * SECOND_US
COLD_START = sentence("GPRMC,,V,,,,,,,,,,N") + sentence("GPGGA,,,,,,0,00,99.99,,,,,,")
DIRT: Sequence[bytes] = (
    b"",
    b"\r\n\r\n",
    b"junk without a beginning\r\n",
    b"# a comment may hold $GPGGA,1*00 and \xff\r\n",
    b"$GPRMC,2359\r\n",
    b"$GPGGA,000000.00,3634.0000,N*7F\r\n",
    b"$GPRMC,0000",
    b"\x00" * 200,
    b"\xff\xfe$\n",
    b"\\s:rover,c:1768402860*1B\\",
    sentence("GPGSV,3,1,11,10,63,137,17,07,61,098,15,05,59,290,20,08,54,157,30"),
    sentence("GPRMC,xx,A,,,,,,,,,,A"),
)


def second(time_us: int) -> bytes:
    """What most receivers write each second."""
    return gga(time_us, LAT_E7, LON_E7) + rmc(time_us, LAT_E7, LON_E7)


def seconds(start_us: int, count: int, step_us: int = SECOND_US) -> bytes:
    return b"".join(second(start_us + at * step_us) for at in range(count))


def without_checksums(log: bytes) -> bytes:
    return b"".join(line.partition(b"*")[0] + b"\r\n" for line in log.splitlines())


def _epoch(kind: int, at: int, start_us: int) -> list[bytes]:
    """One of the ways in which trackers and receivers say where they are."""
    time_us = start_us + at * SECOND_US
    own, place = psnow(7, at + 1, "D"), gga(time_us, LAT_E7 + at, LON_E7)
    dated = rmc(time_us, LAT_E7 + at, LON_E7)
    clock, _ = day_time(time_us)
    extras = [sentence(f"GPGLL,3634.0000,N,13639.0000,E,{clock},A,A"), sentence("GPVTG,87.5,T,,M,12.40,N,22.9,K,A")]
    satellites = [sentence(f"GNGSA,A,3,{first:02d},,,,,,,,,,,,1.8,0.9,1.5") for first in (3, 68)]
    ways = [[own, dated, place], [place, dated], [dated], [place], [dated, place, *extras, *satellites], [own, place]]
    return ways[kind]


@st.composite
def logs(draw: st.DrawFn) -> bytes:
    """A night's log over a midnight: epochs in the order of their time, dirt between any two lines."""
    kinds = draw(st.lists(st.integers(0, 5), min_size=1, max_size=120))
    dirt = draw(st.lists(st.sampled_from(DIRT), min_size=1, max_size=17))
    lines = [line for at, kind in enumerate(kinds) for line in _epoch(kind, at, START_US)]
    return b"".join(dirt[at % len(dirt)] + line for at, line in enumerate(lines))
