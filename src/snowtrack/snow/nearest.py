"""Snowfall where the roads are: each segment has the figure of the nearest sensor that can tell, with its distance.

Nothing is interpolated between sensors; how far the sensor is away says how sure the figure is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self, TypedDict

import numpy as np

from snowtrack.model.columns import ABSENT_32, Bools, Int32s, Int64s, Rows
from snowtrack.model.snow import Sensor
from snowtrack.network.arrays import Network
from snowtrack.snow.curves import Curves
from snowtrack.snow.distance import Vectors, arcs_m, unit_vectors

NONE = -1
# Rows whose distances to all sensors are in memory together.
ROWS_AT_ONCE = 1 << 14


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NearestSensors:
    """The nearest usable sensor of each row of a network, `NONE` where there is no usable one at all."""

    segments: Vectors
    sensors: Vectors
    usable: Bools
    sensor: Int64s
    distance_m: Int32s

    @classmethod
    def of(cls, network: Network, sensors: Sequence[Sensor], usable: Bools) -> Self:
        """Search for all rows."""
        first, last = network.shape_offsets[:-1], network.shape_offsets[1:] - 1
        middle = (_between(network.shape_lat_e7, first, last), _between(network.shape_lon_e7, first, last))
        segments = unit_vectors(*middle)
        places = unit_vectors(
            np.array([sensor.lat_e7 for sensor in sensors], np.int64),
            np.array([sensor.lon_e7 for sensor in sensors], np.int64),
        )
        return cls(segments=segments, sensors=places, usable=usable, **_search(segments, places, usable))

    def with_usable(self, usable: Bools) -> Self:
        """The same when other sensors can tell."""
        if np.array_equal(usable, self.usable):
            return self
        return replace(self, usable=usable, **_search(self.segments, self.sensors, usable))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SegmentSnow:
    """What fell on segments, as far as a sensor within reach can tell."""

    nearest: NearestSensors
    curves: Curves
    reach_m: int

    def fallen_mm(self, rows: Rows, since_us: Int64s, now_us: int) -> Int32s:
        """New snow on each row since an instant of its own; absent without a sensor within reach, or with a gap."""
        near = self._within_reach(rows)
        sensor = self.nearest.sensor[rows]
        fallen = np.full(len(rows), ABSENT_32, np.int32)
        asked = since_us[near]
        fallen[near] = self.curves.new_mm(sensor[near], asked, np.full(len(asked), now_us, np.int64))
        return fallen

    def distance_m(self, rows: Rows) -> Int32s:
        """How far away the sensor is that tells; absent where none does."""
        return np.where(self._within_reach(rows), self.nearest.distance_m[rows], ABSENT_32).astype(np.int32)

    def _within_reach(self, rows: Rows) -> Bools:
        found: Bools = (self.nearest.sensor[rows] != NONE) & (self.nearest.distance_m[rows] <= self.reach_m)
        return found


def _between(degrees_e7: Int32s, first: Int64s, last: Int64s) -> Int64s:
    """Half-way from a segment's beginning to its end."""
    halves: Int64s = (degrees_e7[first].astype(np.int64) + degrees_e7[last]) // 2
    return halves


class _Found(TypedDict):
    sensor: Int64s
    distance_m: Int32s


def _search(segments: Vectors, sensors: Vectors, usable: Bools) -> _Found:
    """The nearest usable sensor of each segment."""
    sensor, distance_m = np.full(len(segments), NONE, np.int64), np.full(len(segments), ABSENT_32, np.int32)
    chosen = np.flatnonzero(usable)
    for first in range(0, len(segments) if len(chosen) else 0, ROWS_AT_ONCE):
        part = slice(first, first + ROWS_AT_ONCE)
        cosines = segments[part] @ sensors[chosen].T
        best = cosines.argmax(axis=1)
        sensor[part] = chosen[best]
        distance_m[part] = np.rint(arcs_m(np.take_along_axis(cosines, best[:, None], axis=1)[:, 0]))
    return _Found(sensor=sensor, distance_m=distance_m)
