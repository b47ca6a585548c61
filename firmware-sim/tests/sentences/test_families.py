"""Families write byte for byte what was recorded of such receivers, or stands in their makers' documents."""

from collections.abc import Sequence

import numpy as np
import pytest

from ploughsim.compiled import Array
from ploughsim.sentences.epoch import EPOCH, NOT_SAID, UNKNOWN
from ploughsim.sentences.families import ALL_KINDS, FAMILIES, FAMILY_NAMES, Kind, days
from ploughsim.sentences.write import write_epoch

A, D, N = b"ADN"
NO_FIX = {"status": 0, "quality": 0, "mode": N, "satellites": 0}
AFTER_POWER_ON = NO_FIX | {"date_days": days(1980, 1, 6)}
AT_THE_ORIGIN = {"lat": 0, "lon": 0, "altitude": 0, "hdop": 0}
SIRF_1998 = {"clock_ms": 58_349_487, "date_days": days(1998, 5, 12), "mode": NOT_SAID}
SIRF_AT = {"lat": 37 * 600_000 + 232_475, "lon": -(121 * 600_000 + 583_416)}
GARMIN = {"clock_ms": 34_682_000, "quality": 2, "mode": D, "lat": 52 * 600_000 + 131_439, "lon": 21 * 600_000 + 6_511}

RECORDED: Sequence[tuple[str, dict[str, int], Sequence[str]]] = (
    (
        "u-blox-6",
        NO_FIX | {"hdop": 9999},
        [
            "$GPRMC,,V,,,,,,,,,,N*53",
            "$GPVTG,,,,,,,,,N*30",
            "$GPGGA,,,,,,0,00,99.99,,,,,,*48",
            "$GPGSA,A,1,,,,,,,,,,,,,99.99,99.99,99.99*30",
            "$GPGSV,1,1,00*79",
            "$GPGLL,,,,,,V,N*64",
        ],
    ),
    (
        "mediatek",
        AFTER_POWER_ON | {"clock_ms": 7_800, "speed": 0, "course": 0},
        [
            "$GPGGA,000007.800,,,,,0,0,,,M,,M,,*47",
            "$GPGSA,A,1,,,,,,,,,,,,,,,*1E",
            "$GPRMC,000007.800,V,,,,,0.00,0.00,060180,,,N*4D",
            "$GPVTG,0.00,T,,M,0.00,N,0.00,K,N*32",
        ],
    ),
    (
        "quectel-l80",
        {"clock_ms": 5_852_000, "date_days": days(2013, 4, 22), "lat": 19_107_238, "lon": 70_317_278}
        | {"speed": 0, "course": 0},
        ["$GPRMC,013732.000,A,3150.7238,N,11711.7278,E,0.00,0.00,220413,,,A*68"],
    ),
    (
        "sirf",
        NO_FIX | AT_THE_ORIGIN | {"clock_ms": 86_387_000, "date_days": days(1999, 12, 4), "mode": NOT_SAID},
        ["$GPRMC,235947.000,V,0000.0000,N,00000.0000,E,,,041299,,*1D"],
    ),
    (
        "sirf",
        SIRF_1998 | SIRF_AT | {"speed": 13, "course": 30_962},
        ["$GPRMC,161229.487,A,3723.2475,N,12158.3416,W,0.13,309.62,120598,,*10"],
    ),
    (
        "sirf",
        {"clock_ms": 1_313_000, "mode": NOT_SAID, "lat": 20_226_618, "lon": -70_713_858, "satellites": 10}
        | {"hdop": 12, "altitude": 270, "separation_tenths": -342},
        ["$GPGGA,002153.000,3342.6618,N,11751.3858,W,1,10,1.2,27.0,M,-34.2,M,,0000*5E"],
    ),
    (
        "skytraq",
        AFTER_POWER_ON | AT_THE_ORIGIN | {"clock_ms": 85_000, "speed": 0, "course": 0, "separation_tenths": 0},
        [
            "$GPGGA,000125.000,0000.00000,N,00000.00000,E,0,00,0.0,0.0,M,0.0,M,,0000*6B",
            "$GPGSA,A,1,,,,,,,,,,,,,0.0,0.0,0.0,1*2D",
            "$GLGSA,A,1,,,,,,,,,,,,,0.0,0.0,0.0,2*32",
            "$GAGSA,A,1,,,,,,,,,,,,,0.0,0.0,0.0,3*3E",
            "$GBGSA,A,1,,,,,,,,,,,,,0.0,0.0,0.0,4*3A",
            "$GNGLL,0000.00000,N,00000.00000,E,000125.000,V,N*59",
            "$GNRMC,000125.000,V,0000.00000,N,00000.00000,E,000.0,000.0,060180,,,N,V*1B",
            "$GNVTG,000.0,T,,M,000.0,N,000.0,K,N*1C",
            "$GNZDA,000125.000,06,01,1980,00,00*49",
        ],
    ),
    (
        "garmin-18x",
        GARMIN | {"satellites": 10, "hdop": 9, "altitude": 1372, "separation_tenths": 362},
        [
            "$GPGGA,093802,5213.1439,N,02100.6511,E,2,10,0.9,137.2,M,36.2,M,,*43",
            "$GPGLL,5213.1439,N,02100.6511,E,093802,A,D*48",
        ],
    ),
    (
        "sony",
        AFTER_POWER_ON | {"clock_ms": 1_000},
        [
            "$GPGGA,000001.00,,,,,0,00,,,,,,,*49",
            "$GPGLL,,,,,000001.00,V,N*4B",
            "$GPRMC,000001.00,V,,,,,,,060180,,,N,V*09",
            "$GPVTG,,T,,M,,N,,K,N*2C",
            "$GPZDA,000001.00,06,01,1980,,*60",
        ],
    ),
)


def epoch(values: dict[str, int]) -> Array:
    row = np.full(1, 0, EPOCH)
    for name in tuple(EPOCH.fields or ())[12:]:
        row[name] = UNKNOWN if row.dtype[name].itemsize > 2 else 1
    row["mode"] = A
    for name, value in values.items():
        row[name] = value
    return row


@pytest.mark.parametrize(("family", "values", "lines"), RECORDED, ids=[name for name, _, _ in RECORDED])
def test_a_family_writes_what_was_recorded(family: str, values: dict[str, int], lines: Sequence[str]) -> None:
    text = write_epoch(epoch(values), FAMILY_NAMES.index(family), own=False, kinds=ALL_KINDS)
    written = text.decode("ascii").splitlines()
    assert [line for line in written if line in lines] == list(lines)


def test_names_and_sentences_are_said_once() -> None:
    assert len(set(FAMILY_NAMES)) == len(FAMILIES) >= 8
    for family in FAMILIES:
        assert len(set(family.order)) == len(family.order)
        assert {Kind.RMC, Kind.GGA} <= set(family.order)


def test_families_differ_in_what_they_write() -> None:
    """With the same numbers no two write the same text."""
    row = epoch({"clock_ms": 55_801_000, "lat": 21_940_004, "lon": 81_990_052, "speed": 124, "course": 875, "hdop": 9})
    texts = {write_epoch(row, family, own=False, kinds=ALL_KINDS) for family in range(len(FAMILIES))}
    assert len(texts) == len(FAMILIES)
