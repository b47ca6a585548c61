"""Epochs for tests: each number makes another one."""

import numpy as np

from ploughsim.compiled import Array
from ploughsim.sentences.epoch import EPOCH, NOT_SAID, UNKNOWN

FAMILY = 0


def row_of(number: int, *, boot: int, seq: int, uptime_ms: int = 0) -> Array:
    """A fix near Kanazawa, as a u-blox 6 shows it."""
    row = np.zeros(1, dtype=EPOCH)
    for name in ("angle_tenths", "density_tenths", "width_tenths"):
        row[name] = UNKNOWN
    row["boot"], row["seq"], row["uptime_ms"] = boot, seq, uptime_ms
    row["blade"], row["spreader"], row["pto"] = number % 2, NOT_SAID, NOT_SAID
    row["inputs"], row["battery_hundredths"], row["buffer"] = number % 4, 1381, 0
    row["clock_ms"], row["date_days"] = 55_800_000 + number % 30_000 * 1000, 16_815
    row["status"], row["quality"], row["mode"] = 1, 1, ord("A")
    row["lat"], row["lon"] = 219_640_000 + number, 819_900_000 + 3 * number
    row["speed"], row["course"], row["altitude"], row["separation_tenths"] = 1240 + number % 100, 8750, 314, 369
    row["satellites"], row["hdop"] = 11, 90
    return row
