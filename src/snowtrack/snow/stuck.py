"""Sensors that say the same all the time while it snows around them.

A depth that stays the same to the digit for `STUCK_US` is nothing yet: where nothing falls, a coarse sensor does that.
It is stuck when in the same hours at least half of those beside it, which can tell, saw `SNOWING_MM` of new snow.
"""

from collections.abc import Sequence

import numpy as np

from snowtrack.model.calendar import HOUR_US
from snowtrack.model.columns import Bools, present
from snowtrack.model.snow import Sensor
from snowtrack.snow.curves import NEVER, Curves, Mask
from snowtrack.snow.distance import distances_m, unit_vectors
from snowtrack.snow.series import STEP_US

STUCK_US = 6 * HOUR_US
SNOWING_MM = 50
BESIDE_M = 15_000
BESIDE_UP_M = 200
_STUCK_STEPS = STUCK_US // STEP_US


def beside(sensors: Sequence[Sensor]) -> Mask:
    """Which sensors are compared: near, and where both heights are known, about as high."""
    places = unit_vectors(
        np.array([sensor.lat_e7 for sensor in sensors], np.int64),
        np.array([sensor.lon_e7 for sensor in sensors], np.int64),
    )
    up = np.array([np.nan if sensor.elevation_m is None else sensor.elevation_m for sensor in sensors], np.float64)
    near: Mask = (distances_m(places, places) <= BESIDE_M) & ~(np.abs(up[:, None] - up[None, :]) > BESIDE_UP_M)
    np.fill_diagonal(near, False)
    return near


def stuck_steps(curves: Curves, near: Mask) -> Mask:
    """The depths of sensors that were stuck then."""
    stuck = np.zeros(curves.depth_mm.shape, np.bool_)
    for sensor in np.flatnonzero(near.any(axis=1)).tolist():
        ends = np.flatnonzero(_unchanged(curves, sensor))
        if not len(ends):
            continue
        others = np.flatnonzero(near[sensor])
        begins = ends - _STUCK_STEPS
        since = curves.since[np.ix_(others, ends)]
        tell = (since != NEVER) & (since <= begins)
        snowed = tell & (
            curves.fallen_mm[np.ix_(others, ends)] - curves.fallen_mm[np.ix_(others, begins)] >= SNOWING_MM
        )
        for end in ends[snowed.any(axis=0) & (2 * snowed.sum(axis=0) >= tell.sum(axis=0))].tolist():
            stuck[sensor, end - _STUCK_STEPS : end + 1] = True
    return stuck & present(curves.depth_mm)


def _unchanged(curves: Curves, sensor: int) -> Bools:
    """The depths that have been the same for so long, told without a gap."""
    depth = curves.depth_mm[sensor]
    at = np.flatnonzero(present(depth))
    unchanged = np.zeros(len(depth), np.bool_)
    if len(at):
        begins = np.append(True, np.diff(depth[at]) != 0) | (curves.since[sensor, at] == at)
        begun = np.maximum.accumulate(np.where(begins, at, NEVER))
        unchanged[at] = at - begun >= _STUCK_STEPS
    return unchanged
