"""What was worked of roads in a period: a tally that takes passes in portions, all of a segment in one of them."""

import numpy as np

from snowtrack.clearance.routes import WAYS
from snowtrack.indicators.newly import newly_covered
from snowtrack.indicators.period import Scene
from snowtrack.model.calendar import HOUR_US
from snowtrack.model.columns import Int64s, Rows, present
from snowtrack.model.passes import PassBatch
from snowtrack.model.policy import ROAD_CLASSES
from snowtrack.model.work import Work

_JAPAN_H = 9
_SHAPE = (len(ROAD_CLASSES), 24)


class RoadTally:
    """Millimetres by agency of the road, class and hour of the day, and by row; what was spread, by agency."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        agencies = len(scene.agencies)
        self.cleared_mm = np.zeros((agencies, *_SHAPE), np.int64)
        self.first_mm = np.zeros((agencies, *_SHAPE), np.int64)
        self.ploughed_mm = np.zeros(len(scene.managers), np.int64)
        self.seen_mm = np.zeros(WAYS * len(scene.managers), np.int64)
        self.spread_mm, self.known_mm, self.material_g = (np.zeros(agencies, np.int64) for _ in range(3))

    @property
    def passes(self) -> Int64s:
        """How often each row was ploughed: over its whole length, so that pieces of one drive are one."""
        length_mm = np.maximum(self.scene.roads.length_mm, 1).astype(np.int64)
        times = (2 * self.ploughed_mm + length_mm) // (2 * length_mm)
        return np.where(self.ploughed_mm > 0, np.maximum(times, 1), 0)

    def add(self, passes: PassBatch, row: Rows) -> None:
        """Credited passes on rows of the network, from before the period on as far as its first event reaches back."""
        ploughed = passes.work == Work.PLOUGHING
        held = self.scene.period.holds(passes.ended_us)
        self._see(passes.take(held), row[held])
        self._first(passes.take(ploughed), row[ploughed])
        self._clear(passes.take(held & ploughed), row[held & ploughed])
        self._spread(passes.take(held & ~ploughed), row[held & ~ploughed])

    def _clear(self, passes: PassBatch, row: Rows) -> None:
        length_mm = self._length(passes, row)
        np.add.at(self.cleared_mm, self._drawer(passes, row), length_mm)
        np.add.at(self.ploughed_mm, row, length_mm)

    def _first(self, passes: PassBatch, row: Rows) -> None:
        place = self.scene.places(row, passes.direction)
        known = place >= 0
        passes, row, place = passes.take(known), row[known], place[known]
        starts = self.scene.event_starts_us
        event = np.searchsorted(starts, passes.ended_us, side="right")
        new_mm = self._new(passes, row, place * (len(starts) + 1) + event)
        held = self.scene.period.holds(passes.ended_us)
        np.add.at(self.first_mm, self._drawer(passes.take(held), row[held]), new_mm[held])

    def _see(self, passes: PassBatch, row: Rows) -> None:
        """Ploughing and spreading show that somebody was there."""
        place = self.scene.places(row, passes.direction)
        known = place >= 0
        passes, row, place = passes.take(known), row[known], place[known]
        np.add.at(self.seen_mm, place, self._new(passes, row, place))

    def _spread(self, passes: PassBatch, row: Rows) -> None:
        agency, length_mm = self.scene.managers[row], self._length(passes, row)
        known = present(passes.material_g)
        np.add.at(self.spread_mm, agency, length_mm)
        np.add.at(self.known_mm, agency[known], length_mm[known])
        np.add.at(self.material_g, agency[known], passes.material_g[known])

    def _new(self, passes: PassBatch, row: Rows, group: Int64s) -> Int64s:
        return newly_covered(passes, group, self.scene.roads.length_mm[row], np.ones(len(row), np.int8))

    def _length(self, passes: PassBatch, row: Rows) -> Int64s:
        """As far as the segment goes."""
        to_mm = np.minimum(passes.to_mm, self.scene.roads.length_mm[row]).astype(np.int64)
        return np.maximum(to_mm - np.maximum(passes.from_mm, 0), 0)

    def _drawer(self, passes: PassBatch, row: Rows) -> tuple[Rows, Rows, Rows]:
        hour = (passes.ended_us // HOUR_US + _JAPAN_H) % 24
        return self.scene.managers[row].astype(np.int64), self.scene.roads.classes[row].astype(np.int64), hour
