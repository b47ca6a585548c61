"""What indicators are counted of: a period in Japanese days, the roads and routes, the fleet, the events."""

from dataclasses import dataclass

import numpy as np

from snowtrack.clearance.credit import credited
from snowtrack.clearance.routes import NOBODYS
from snowtrack.indicators.progress import Roads
from snowtrack.model.calendar import DAY_US
from snowtrack.model.columns import Bools, Int8s, Int16s, Int32s, Int64s, Rows
from snowtrack.model.fleet import NOBODY, Fleet

TOKYO_US = 9 * DAY_US // 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From a midnight in Japan to before another one. What has not begun by `now_us` is not expected of anybody."""

    from_us: int
    to_us: int
    now_us: int

    @property
    def days(self) -> int:
        """Days that have begun."""
        return max(-(-(min(self.to_us, self.now_us) - self.from_us) // DAY_US), 0)

    def holds(self, at_us: Int64s) -> Bools:
        held: Bools = (at_us >= self.from_us) & (at_us < self.to_us)
        return held

    def day_of(self, at_us: Int64s) -> Int64s:
        """Days since the first one."""
        return (at_us - self.from_us) // DAY_US


@dataclass(frozen=True, slots=True, kw_only=True)
class Mounted:
    """That a tracker is on a machine from an instant to before another; without a `number` where it was never heard."""

    agency: str
    device: str
    machine: str
    number: int | None
    from_us: int
    to_us: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """All that passes and activities are counted by. `managers` says of each row whose road it is, by its place in
    `agencies`; the last place is nobody's. `event_starts_us` are in order."""

    period: Period
    roads: Roads
    rows_by_id: Int64s
    fleet: Fleet
    managers: Int16s
    mounted: tuple[Mounted, ...]
    event_starts_us: Int64s

    @property
    def agencies(self) -> tuple[str, ...]:
        return (*(agency.id for agency in self.fleet.agencies), NOBODYS)

    @property
    def since_us(self) -> int:
        """From when on passes matter: the event that goes on when the period begins."""
        earlier = self.event_starts_us[self.event_starts_us <= self.period.from_us]
        return int(earlier[-1]) if len(earlier) else self.period.from_us

    def rows(self, segment_ids: Int64s) -> Rows:
        """Rows of the network; -1 for a segment that is not of it."""
        ids = self.roads.segment_id
        if not len(ids):
            return np.full(len(segment_ids), -1, np.int64)
        at = np.minimum(np.searchsorted(ids, segment_ids, sorter=self.rows_by_id), len(ids) - 1)
        row = self.rows_by_id[at]
        return np.where(ids[row] == segment_ids, row, -1)

    def credited(self, device: Int32s, row: Rows, started_us: Int64s) -> Bools:
        return credited(self.fleet, self.managers, device, row, started_us)

    def mounting(self, device: Int32s, at_us: Int64s) -> Int64s:
        """Of each (device, instant) the row of its mounting in the fleet."""
        return self.fleet.mounted(device, at_us)

    def places(self, row: Rows, direction: Int8s) -> Int64s:
        """The place in the network of passes on rows; `NOBODY` where the direction counts and is not known."""
        both = self.roads.both_ways[row]
        return np.where(both & (direction == 0), NOBODY, 2 * row + (both & (direction < 0)))
