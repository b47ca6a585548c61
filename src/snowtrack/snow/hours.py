"""Hours in which snow fell, of which events are made.

An hour is counted by the depths from some days before its day to a day beyond it, and by no others: so it is the same
whenever it is looked at, and however late its readings came.
"""

import numpy as np

from snowtrack.model.calendar import DAY_US, HOUR_US
from snowtrack.snow.watching import Watched

BEFORE_US = 2 * DAY_US
"""A rise may go on for so long before the day."""
AFTER_US = DAY_US
"""A rise that is seen late is laid back to where it began."""
SNOWING_MM = 10
"""In an hour: as much as the Meteorological Agency writes down (1 cm)."""


def day_of(time_us: int) -> int:
    """Its beginning (UTC)."""
    return time_us - time_us % DAY_US


def snow_hours(watched: Watched, day_us: int, now_us: int) -> list[int]:
    """The beginnings of the day's full hours in which snow fell at a sensor that can tell."""
    told = watched.between(day_us - BEFORE_US, day_us + DAY_US + AFTER_US)
    begins_us = np.arange(day_us, min(day_us + DAY_US, now_us // HOUR_US * HOUR_US), HOUR_US)
    count = len(told.sensors)
    sensor, from_us = np.repeat(np.arange(count), len(begins_us)), np.tile(begins_us, count)
    new_mm = told.curves.new_mm(sensor, from_us, from_us + HOUR_US)
    fell = (new_mm >= SNOWING_MM).reshape(count, len(begins_us))
    found: list[int] = begins_us[fell.any(axis=0)].tolist()
    return found
