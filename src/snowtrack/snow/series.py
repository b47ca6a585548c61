"""One sensor's readings to a series: which can be believed, and their depth every ten minutes.

A reading is out of range, or a spike that its neighbours do not share, or good. The good ones are put on a grid that
all sensors have in common; what a sensor sends more often is taken together by its median.
"""

from dataclasses import dataclass

import numpy as np

from snowtrack.model.calendar import DAY_US, HOUR_US, SECOND_US
from snowtrack.model.columns import ABSENT_32, Bools, Floats, Int32s, Int64s
from snowtrack.model.snow import Qualities, Quality

STEP_US = 600 * SECOND_US
DEPTH_MM = (-50, 10_000)
"""What is out of this is no depth. A little below nothing is the ground itself, or a post that sank."""
SPIKE_MM = 100
SPIKE_MM_PER_H = 150
"""More than it snows: a leap by more than both together, that does not last, is none of snow's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Instants ten minutes apart."""

    start_us: int
    steps: int

    @property
    def end_us(self) -> int:
        return self.start_us + (self.steps - 1) * STEP_US

    def nearest(self, time_us: Int64s) -> Int64s:
        """The number of the instant that is nearest; of the two, the later one."""
        return (time_us - self.start_us + STEP_US // 2) // STEP_US

    def time_us(self, step: int) -> int:
        return self.start_us + step * STEP_US


def grid_of_days(now_us: int, days: int) -> Grid:
    """So many days before today's beginning (UTC) and a day beyond it: one grid serves all of a day."""
    today = now_us - now_us % DAY_US
    return Grid(start_us=today - days * DAY_US, steps=(days + 1) * DAY_US // STEP_US + 1)


def judge(time_us: Int64s, depth_mm: Int32s) -> Qualities:
    """The quality of each reading of one sensor, by time. A newest leap is believed when the next reading shares it."""
    quality = np.full(len(depth_mm), Quality.GOOD, np.int8)
    quality[out_of_range(depth_mm)] = Quality.OUT_OF_RANGE
    inside = np.flatnonzero(quality == Quality.GOOD)
    quality[inside[_leaps(time_us[inside], depth_mm[inside].astype(np.float64))]] = Quality.SPIKE
    return quality


def out_of_range(depth_mm: Int32s) -> Bools:
    """What is no depth, whatever its neighbours say."""
    strange: Bools = (depth_mm < DEPTH_MM[0]) | (depth_mm > DEPTH_MM[1])
    return strange


def _leaps(time_us: Int64s, depth_mm: Floats) -> Bools:
    """Where a reading is far from the median of five around it, at the ends of the last three."""
    count = len(depth_mm)
    if count < 3:
        return np.zeros(count, np.bool_)
    middle = np.repeat([np.median(depth_mm[:3]), np.median(depth_mm[-3:])], [count - count // 2, count // 2])
    if count >= 5:
        middle[2:-2] = np.median(np.lib.stride_tricks.sliding_window_view(depth_mm, 5), axis=1)
    # From the nearer neighbour on, it may have snowed.
    apart_h = np.diff(time_us) / HOUR_US
    nearer_h = np.minimum(np.append(apart_h[:1], apart_h), np.append(apart_h, apart_h[-1:]))
    leaps: Bools = np.abs(depth_mm - middle) > SPIKE_MM + SPIKE_MM_PER_H * nearer_h
    return leaps


def on_grid(grid: Grid, time_us: Int64s, depth_mm: Int32s, quality: Qualities) -> Int32s:
    """The depth at each instant of the grid: the median of the good readings nearest to it, absent without any."""
    depths = np.full(grid.steps, ABSENT_32, np.int32)
    step = grid.nearest(time_us)
    used = (quality == Quality.GOOD) & (step >= 0) & (step < grid.steps)
    step, depth = step[used], depth_mm[used]
    order = np.lexsort((depth, step))
    step, depth = step[order], depth[order]
    found, first, counts = np.unique(step, return_index=True, return_counts=True)
    low, high = depth[first + (counts - 1) // 2], depth[first + counts // 2]
    depths[found] = (low.astype(np.int64) + high) // 2
    return depths
