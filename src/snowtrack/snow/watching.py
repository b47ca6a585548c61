"""All sensors together: their depths on one grid, bounded in time, and how each stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from snowtrack.model.calendar import DAY_US, HOUR_US
from snowtrack.model.columns import ABSENT_32, Int32s, Int64s
from snowtrack.model.snow import Figure, Sensor, SensorId, SensorState
from snowtrack.snow.curves import GAP_US, NEVER, Curves, Depths, Mask, make_curves
from snowtrack.snow.series import STEP_US, Grid, grid_of_days, judge, on_grid
from snowtrack.snow.stuck import beside, stuck_steps

ADDED_UP_US = (HOUR_US, DAY_US)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Watched:
    """Sensors in the order of the curves' rows. `latest_us` says when each was last read, 0 if not on this grid."""

    grid: Grid
    sensors: tuple[Sensor, ...]
    rows: Mapping[SensorId, int]
    near: Mask
    depth_mm: Depths
    latest_us: Int64s
    curves: Curves
    stuck: Mask = field(default_factory=lambda: np.zeros((0, 0), np.bool_))

    @classmethod
    def of(cls, sensors: Sequence[Sensor], now_us: int, days: int) -> Self:
        """The last days, of which nothing is read yet."""
        return cls.on(grid_of_days(now_us, days), sensors)

    @classmethod
    def on(cls, grid: Grid, sensors: Sequence[Sensor]) -> Self:
        """Nothing is read yet."""
        depths = np.full((len(sensors), grid.steps), ABSENT_32, np.int32)
        return cls(
            grid=grid,
            sensors=tuple(sensors),
            rows={sensor.id: row for row, sensor in enumerate(sensors)},
            near=beside(sensors),
            depth_mm=depths,
            latest_us=np.zeros(len(sensors), np.int64),
            curves=make_curves(grid, depths),
        )

    @property
    def names(self) -> Mapping[SensorId, str]:
        return {sensor.id: sensor.name for sensor in self.sensors}

    def take(self, sensor: SensorId, time_us: Int64s, depth_mm: Int32s) -> None:
        """Put all that a sensor read on the grid, in place of what is there."""
        row = self.rows[sensor]
        self.depth_mm[row] = on_grid(self.grid, time_us, depth_mm, judge(time_us, depth_mm))
        self.latest_us[row] = time_us[-1] if len(time_us) else 0

    def with_curves(self) -> Self:
        """What fell, by what is on the grid now; without the depths of stuck sensors."""
        seen = make_curves(self.grid, self.depth_mm)
        stuck = stuck_steps(seen, self.near)
        curves = make_curves(self.grid, np.where(stuck, ABSENT_32, self.depth_mm)) if stuck.any() else seen
        return replace(self, curves=curves, stuck=stuck)

    def between(self, from_us: int, to_us: int) -> Self:
        """What is known by the depths from one time to before another alone; both are instants of the grid."""
        first, end = ((at_us - self.grid.start_us) // STEP_US for at_us in (from_us, to_us))
        if first < 0:
            raise ValueError("the grid begins later")
        depths = self.depth_mm[:, first:end]
        grid = Grid(start_us=from_us, steps=depths.shape[1])
        return replace(self, grid=grid, depth_mm=depths).with_curves()


def figures(watched: Watched, now_us: int) -> list[Figure]:
    """How each sensor stands now; the depth is the last that could be believed."""
    count, curves = len(watched.sensors), watched.curves
    everyone, now = np.arange(count), np.full(count, now_us, np.int64)
    new_1h, new_24h = (curves.new_mm(everyone, now - span_us, now).tolist() for span_us in ADDED_UP_US)
    depths = np.where(curves.last == NEVER, ABSENT_32, curves.depth_mm[everyone, curves.last])
    return [
        Figure(
            sensor=sensor.id,
            at_us=int(watched.latest_us[row]),
            state=_state(watched, row, now_us),
            depth_mm=int(depths[row]),
            new_1h_mm=new_1h[row],
            new_24h_mm=new_24h[row],
        )
        for row, sensor in enumerate(watched.sensors)
    ]


def _state(watched: Watched, row: int, now_us: int) -> SensorState:
    latest_us = int(watched.latest_us[row])
    if not latest_us:
        return SensorState.SILENT
    if now_us - latest_us > GAP_US:
        return SensorState.GAP
    step = int(watched.grid.nearest(watched.latest_us[row : row + 1])[0])
    if watched.stuck[row, min(step, watched.grid.steps - 1)]:
        return SensorState.STUCK
    # One odd reading is not a sensor that is odd: what it told before still stands.
    last_us = watched.curves.last_us(row)
    return SensorState.OK if last_us is not None and now_us - last_us <= GAP_US else SensorState.IMPLAUSIBLE
