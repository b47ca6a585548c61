"""How machines spent a period, and which trackers were heard: a tally that takes activities and tracks in portions."""

import numpy as np

from snowtrack.indicators.period import Scene
from snowtrack.model.calendar import DAY_US
from snowtrack.model.columns import Bools, Int32s, Int64s
from snowtrack.model.fleet import NOBODY
from snowtrack.model.work import Activity, ActivityBatch


class MachineTally:
    """Microseconds by agency and activity; and by tracker and day, whether it was mounted and heard."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.spent_us = np.zeros((len(scene.agencies), len(Activity)), np.int64)
        self.trackers = sorted({(one.agency, one.device) for one in scene.mounted})
        at = {key: place for place, key in enumerate(self.trackers)}
        self.places = {one.number: at[one.agency, one.device] for one in scene.mounted if one.number is not None}
        days = scene.period.days
        self.mounted = np.zeros((len(self.trackers), days), np.bool_)
        self.heard = np.zeros_like(self.mounted)
        for one in scene.mounted:
            self._mark(self.mounted, at[one.agency, one.device], one.from_us, one.to_us - 1)

    def add_activities(self, activities: ActivityBatch) -> None:
        """Spans that overlap the period."""
        period, own = self.scene.period, activities
        mounting = self.scene.mounting(own.device, own.started_us)
        on = mounting != NOBODY
        inside_us = np.minimum(own.ended_us, period.to_us) - np.maximum(own.started_us, period.from_us)
        agency = self.scene.fleet.mountings.agency[mounting[on]]
        np.add.at(self.spent_us, (agency, own.activity[on]), np.maximum(inside_us[on], 0))
        self.add_heard(own.device, own.started_us, own.ended_us)

    def add_heard(self, device: Int32s, from_us: Int64s, to_us: Int64s) -> None:
        """Spans in which trackers told of themselves."""
        period = self.scene.period
        known = np.array([self.places.get(number, NOBODY) for number in np.unique(device).tolist()], np.int64)
        place = known[np.unique(device, return_inverse=True)[1]] if len(device) else np.empty(0, np.int64)
        first = np.maximum(period.day_of(from_us), 0)
        last = np.minimum(period.day_of(np.maximum(to_us - 1, from_us)), period.days - 1)
        while (open_ := (place != NOBODY) & (first <= last)).any():
            place, first, last = place[open_], first[open_], last[open_]
            self.heard[place, first] = True
            first = first + 1

    def trackers_of(self, agency: str | None) -> Bools:
        """Which trackers are an agency's, or all."""
        return np.array([agency in (None, owner) for owner, _ in self.trackers], np.bool_)

    def _mark(self, days: Bools, place: int, from_us: int, to_us: int) -> None:
        period = self.scene.period
        first, last = max((from_us - period.from_us) // DAY_US, 0), (to_us - period.from_us) // DAY_US
        if last >= first:
            days[place, first : last + 1] = True
