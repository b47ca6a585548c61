"""Depth to new snow, for all sensors at once: what fell between two instants is the sum of the rises of the depth.

So does the Meteorological Agency count 降雪の深さ, with the depths of whole hours, in whole centimetres. We take every
ten minutes, smoothed over an hour, and count a rise only when it is higher than what a sensor's noise makes: it begins
at the lowest depth since the last one, and ends when the depth has fallen by as much. What settles or melts is never
taken away. Where a sensor gave nothing for `GAP_US`, or was stuck, nobody knows what fell.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from snowtrack.model.calendar import HOUR_US
from snowtrack.model.columns import ABSENT_32, Bools, Floats, Int32s, Int64s, present
from snowtrack.snow.series import STEP_US, Grid

NOISE_MM = 25
"""A rise or fall by less is nothing yet."""
GAP_US = 5 * HOUR_US // 2
"""A sensor that reads every hour may miss one."""
_HALF_WINDOW = 3
_GAP_STEPS = GAP_US // STEP_US
NEVER = -1

Depths = npt.NDArray[np.int32]
"""A row for each sensor, a column for each instant of the grid; absent where there is none."""
Table = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curves:
    """What fell at each sensor, added up since the grid began. `last` is the last instant with a depth, or `NEVER`;
    `since` says for each instant since when the sensor has told without a gap, `NEVER` where it does not."""

    grid: Grid
    depth_mm: Depths
    fallen_mm: Floats
    since: Table
    last: Table

    def new_mm(self, sensor: Int64s, from_us: Int64s, to_us: Int64s) -> Int32s:
        """What fell at sensors between instants; absent where they cannot tell for all of the time.

        Up to the length of a gap, the last reading stands for now.
        """
        begin, begin_known = self._places(sensor, from_us)
        end, end_known = self._places(sensor, to_us)
        # Told without a gap from the first instant, or the one before it, until the last.
        begun = np.floor(begin).astype(np.int64)
        whole = self.since[sensor, np.ceil(end).astype(np.int64)]
        known = begin_known & end_known & (whole != NEVER) & (whole <= begun) & (from_us <= to_us)
        grown = np.rint(self._at(sensor, end) - self._at(sensor, begin))
        return np.where(known, np.maximum(grown, 0), ABSENT_32).astype(np.int32)

    def told_since_us(self, sensor: int) -> int | None:
        """Since when a sensor has told without a gap, up to its last reading."""
        last = int(self.last[sensor])
        return None if last == NEVER else self.grid.time_us(int(self.since[sensor, last]))

    def last_us(self, sensor: int) -> int | None:
        """When a sensor last told."""
        last = int(self.last[sensor])
        return None if last == NEVER else self.grid.time_us(last)

    def _places(self, sensor: Int64s, time_us: Int64s) -> tuple[Floats, Bools]:
        """Where an instant lies on the grid, at the latest at the sensor's last depth; and whether it tells there."""
        last = self.last[sensor]
        early = (time_us < self.grid.start_us) | (last == NEVER)
        place = (np.maximum(time_us, self.grid.start_us) - self.grid.start_us) / STEP_US
        late = place > last + _GAP_STEPS
        return np.where(early, 0, np.minimum(place, np.maximum(last, 0))), ~early & ~late

    def _at(self, sensor: Int64s, place: Floats) -> Floats:
        before = np.floor(place).astype(np.int64)
        share = place - before
        after = np.minimum(before + 1, self.grid.steps - 1)
        low, high = self.fallen_mm[sensor, before], self.fallen_mm[sensor, after]
        between: Floats = low + (high - low) * share
        return between


def make_curves(grid: Grid, depth_mm: Depths) -> Curves:
    """Curves of depths that can be believed."""
    known = present(depth_mm)
    since, gap_ends = _told_since(known)
    return Curves(
        grid=grid,
        depth_mm=depth_mm,
        fallen_mm=_fallen(_smooth(depth_mm, known), known, gap_ends),
        since=since,
        last=_latest(known)[:, -1] if grid.steps else np.full(len(depth_mm), NEVER, np.int64),
    )


def _latest(known: Mask) -> Table:
    """At each instant the last one with a depth, up to it."""
    steps = np.where(known, np.arange(known.shape[1]), NEVER)
    return np.maximum.accumulate(steps, axis=1, dtype=np.int64)


def _told_since(known: Mask) -> tuple[Table, Mask]:
    """The beginning of the stretch without gaps that each instant lies in; and the depths that come behind a gap."""
    latest = _latest(known)
    before = np.concatenate([np.full((len(known), 1), NEVER), latest[:, :-1]], axis=1)
    steps = np.arange(known.shape[1])
    gap_ends = known & ((before == NEVER) | (steps - before > _GAP_STEPS))
    begun = np.maximum.accumulate(np.where(gap_ends, steps, NEVER), axis=1, dtype=np.int64)
    coming = known.shape[1] - 1 - _latest(known[:, ::-1])[:, ::-1]  # the next depth; beyond the end, there is none
    within = (latest != NEVER) & (coming < known.shape[1]) & (coming - latest <= _GAP_STEPS)
    return np.where(within, begun, NEVER), gap_ends


def _smooth(depth_mm: Depths, known: Mask) -> Floats:
    """The mean depth of an hour around each instant."""
    width = ((0, 0), (_HALF_WINDOW + 1, _HALF_WINDOW))
    sums = np.cumsum(np.pad(np.where(known, depth_mm, 0).astype(np.float64), width), axis=1)
    counts = np.cumsum(np.pad(known.astype(np.float64), width), axis=1)
    span = 2 * _HALF_WINDOW + 1
    means: Floats = (sums[:, span:] - sums[:, :-span]) / np.maximum(counts[:, span:] - counts[:, :-span], 1)
    return means


def _fallen(smooth: Floats, known: Mask, gap_ends: Mask) -> Floats:
    """All rises so far. A rise that is seen late belongs to where the depth last stood so high."""
    sensors, steps = smooth.shape
    grown = np.zeros((sensors, steps))
    mark, lowest = np.zeros(sensors), np.zeros(sensors, np.int64)  # highest depth while rising, else the lowest
    rising = np.zeros(sensors, np.bool_)
    for step in range(steps):
        here, now = known[:, step], smooth[:, step]
        begins = gap_ends[:, step]
        rising &= ~begins
        seen = here & ~rising & ~begins & (now - mark >= NOISE_MM)
        for sensor in np.flatnonzero(seen).tolist():
            at = lowest[sensor] + np.flatnonzero(known[sensor, lowest[sensor] : step + 1])
            stayed = np.minimum.accumulate(smooth[sensor, at[::-1]])[::-1]
            grown[sensor, at[1:]] += np.diff(stayed)
        higher = here & rising & (now > mark)
        grown[higher, step] += (now - mark)[higher]
        over = here & rising & (mark - now >= NOISE_MM)
        lower = here & ~rising & ~seen & ((now <= mark) | begins)
        mark = np.where(seen | higher | over | lower, now, mark)
        lowest = np.where(over | lower, step, lowest)
        rising = (rising | seen) & ~over
    return _between_depths(np.cumsum(grown, axis=1), known)


def _between_depths(fallen: Floats, known: Mask) -> Floats:
    """Between two depths it fell evenly."""
    steps = np.arange(known.shape[1])
    for sensor in np.flatnonzero(known.any(axis=1)).tolist():
        at = np.flatnonzero(known[sensor])
        fallen[sensor] = np.interp(steps, at, fallen[sensor, at])
    return fallen
