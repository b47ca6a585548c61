"""The indicators of a period, from stored facts in portions: passes by segments, activities and tracks by devices.

All is counted in whole numbers, so that neither the order of rows nor the cut of portions changes a figure, and those
of all agencies add up to the total.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from snowtrack.indicators import definitions as are
from snowtrack.indicators.answers import Answers, quantile
from snowtrack.indicators.figures import Definition, Figure, figure
from snowtrack.indicators.machines import MachineTally
from snowtrack.indicators.period import Scene
from snowtrack.indicators.roads import RoadTally
from snowtrack.model.calendar import DAY_US, HOUR_US, tokyo_text
from snowtrack.model.columns import Int32s, Int64s
from snowtrack.model.fleet import NOBODY
from snowtrack.model.machines import MachineKind
from snowtrack.model.passes import PassBatch
from snowtrack.model.policy import ROAD_CLASSES
from snowtrack.model.work import Activity, ActivityBatch, Work

BANDS = ((1, "1"), (2, "2"), (3, "3-5"), (6, "6-10"), (11, "11-"))
_AT_WORK = (Activity.WORKING, Activity.TRAVELLING, Activity.STANDBY, Activity.PARKED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """An order to a machine, or a proposal to an agency, whose machines are all meant then."""

    agency: str
    machine: str | None
    at_us: int


class Season:
    """One period, with the orders and proposals of its days. Portions may come in any order."""

    def __init__(self, scene: Scene, orders: Sequence[Call], proposals: Sequence[Call]) -> None:
        self.scene = scene
        self.roads = RoadTally(scene)
        self.machines = MachineTally(scene)
        self.orders, self.proposals = orders, proposals
        self.agency_numbers = {agency: place for place, agency in enumerate(scene.agencies)}
        named = sorted({(one.agency, one.machine) for one in scene.mounted})
        self.machine_numbers = {machine: place for place, machine in enumerate(named)}
        carried = {(one.number, one.from_us): self.machine_numbers[one.agency, one.machine] for one in scene.mounted}
        own = scene.fleet.mountings
        keys = zip(own.device.tolist(), own.from_us.tolist(), strict=True)
        self.carried = np.array([carried.get(key, NOBODY) for key in keys], np.int64)
        called = [self.machine_numbers.get((one.agency, one.machine or ""), NOBODY - 1) for one in orders]
        self.responses = Answers(called, [one.at_us for one in orders], within_us=are.PEOPLE_H * HOUR_US)
        asked = [self.agency_numbers.get(one.agency, NOBODY - 1) for one in proposals]
        self.followed = Answers(asked, [one.at_us for one in proposals], within_us=are.PROPOSAL_H * HOUR_US)

    @property
    def pass_span_us(self) -> tuple[int, int]:
        """In which passes ended that matter: what followed the last call counts too."""
        return self.scene.since_us, self.scene.period.to_us + (are.PEOPLE_H + 1) * HOUR_US

    def add_passes(self, passes: PassBatch) -> None:
        """All passes of some segments that ended in the span."""
        row = self.scene.rows(passes.segment_id)
        counts = (row >= 0) & self.scene.credited(passes.device, row, passes.started_us)
        passes, row = passes.take(counts), row[counts]
        self.roads.add(passes, row)
        mountings = self.scene.fleet.mountings
        mounting, began_us = self.scene.mounting(passes.device, passes.started_us), passes.started_us
        ploughed = passes.work == Work.PLOUGHING
        # What a spreader is sent out for is to spread.
        answers = ploughed | (mountings.kind[mounting] == MachineKind.SPREADER)
        self.responses.add(self.carried[mounting[answers]], began_us[answers])
        self.followed.add(mountings.agency[mounting[ploughed]].astype(np.int64), began_us[ploughed])

    def add_activities(self, activities: ActivityBatch) -> None:
        """Spans that overlap the period."""
        self.machines.add_activities(activities)

    def add_tracks(self, device: Int32s, started_us: Int64s, ended_us: Int64s) -> None:
        """Tracks that overlap the period."""
        self.machines.add_heard(device, started_us, ended_us)

    def figures(self) -> list[Figure]:
        """All of them: of all agencies together first, then of each; nobody's only where there is something."""
        found = list(self._figures(None, slice(None)))
        for agency, place in self.agency_numbers.items():
            own = list(self._figures(agency, slice(place, place + 1)))
            if place < len(self.agency_numbers) - 1 or any(one.numerator for one in own):
                found += own
        order = {definition.key: place for place, definition in enumerate(are.DEFINITIONS)}
        return sorted(found, key=lambda one: order[one.definition.key])

    def _figures(self, agency: str | None, part: slice) -> Iterator[Figure]:
        yield from self._routes(agency)
        yield from self._lengths(agency, part)
        yield from self._passes(agency, part)
        yield from self._material(agency, part)
        yield from self._heard(agency)
        for activity in _AT_WORK:
            spent_us = int(self.machines.spent_us[part, activity].sum())
            yield figure(are.HOURS, agency, spent_us, of=activity.name.lower())
        yield from self._calls(agency)

    def _routes(self, agency: str | None) -> Iterator[Figure]:
        """A place counts once for each agency that plans it."""
        planned_mm, seen_mm, watched_mm = 0, 0, 0
        for one in [agency] if agency else sorted({route.agency for route in self.scene.roads.routes.routes}):
            own = self._places(one, watched=False)
            planned_mm += self._length(own)
            seen_mm += int(self.roads.seen_mm[own].sum())
            watched_mm += self._length(self._places(one, watched=True))
        yield figure(are.PLANNED, agency, planned_mm)
        yield figure(are.COVERAGE, agency, seen_mm, planned_mm)
        yield figure(are.VISIBILITY, agency, watched_mm, planned_mm)

    def _places(self, agency: str, *, watched: bool) -> Int64s:
        """Of the routes of an agency, each once; only those whose machine carried a tracker when asked for these."""
        period = self.scene.period
        carrying = {
            (one.agency, one.machine)
            for one in self.scene.mounted
            if one.from_us < period.to_us and one.to_us > period.from_us
        }
        chosen = np.array(
            [
                route.agency == agency and (not watched or (agency, route.machine) in carrying)
                for route in self.scene.roads.routes.routes
            ],
            np.bool_,
        )
        places = self.scene.roads.places
        return np.unique(places.number[chosen[places.route]])

    def _length(self, places: Int64s) -> int:
        return int(self.scene.roads.length_mm[places // 2].sum(dtype=np.int64))

    def _lengths(self, agency: str | None, part: slice) -> Iterator[Figure]:
        kinds = (
            (are.CLEARED, are.CLEARED_BY_HOUR, self.roads.cleared_mm),
            (are.FIRST, are.FIRST_BY_HOUR, self.roads.first_mm),
        )
        for whole, by_hour, lengths_mm in kinds:
            own = lengths_mm[part].sum(axis=0)
            yield figure(whole, agency, int(own.sum()))
            for of_class, hour in zip(*(at.tolist() for at in np.nonzero(own)), strict=True):
                name = f"{ROAD_CLASSES[of_class]} {hour:02d}"
                yield figure(by_hour, agency, int(own[of_class, hour]), of=name)

    def _passes(self, agency: str | None, part: slice) -> Iterator[Figure]:
        chosen = self.scene.managers == self._manager(part) if agency else slice(None)
        counts = self.roads.passes[chosen]
        worked = counts[counts > 0]
        yield figure(are.PASSES, agency, int(worked.sum()), len(worked))
        yield figure(are.PASSES_MAX, agency, int(worked.max(initial=0)))
        band = np.searchsorted([least for least, _ in BANDS], worked, side="right") - 1
        for (_, name), segments in zip(BANDS, np.bincount(band, minlength=len(BANDS)).tolist(), strict=True):
            yield figure(are.SEGMENTS, agency, segments, of=name)

    def _manager(self, part: slice) -> int:
        return NOBODY if part.start == len(self.agency_numbers) - 1 else int(part.start)

    def _material(self, agency: str | None, part: slice) -> Iterator[Figure]:
        tally = self.roads
        spread_mm, known_mm, material_g = (
            int(column[part].sum()) for column in (tally.spread_mm, tally.known_mm, tally.material_g)
        )
        yield figure(are.SPREAD, agency, spread_mm)
        yield figure(are.MATERIAL, agency, material_g)
        yield figure(are.MATERIAL_PER_KM, agency, material_g, known_mm)
        yield figure(are.MATERIAL_KNOWN, agency, known_mm, spread_mm)

    def _heard(self, agency: str | None) -> Iterator[Figure]:
        own = self.machines.trackers_of(agency)
        mounted = self.machines.mounted[own]
        heard = self.machines.heard[own] & mounted
        yield figure(are.AVAILABILITY, agency, int(heard.sum()), int(mounted.sum()))
        for day, counts in enumerate(zip(heard.sum(axis=0).tolist(), mounted.sum(axis=0).tolist(), strict=True)):
            date = tokyo_text(self.scene.period.from_us + day * DAY_US, "%Y-%m-%d")
            yield figure(are.AVAILABILITY_BY_DAY, agency, *counts, of=date)

    def _calls(self, agency: str | None) -> Iterator[Figure]:
        now_us = self.scene.period.now_us
        own = np.array([agency in (None, one.agency) for one in self.orders], np.bool_)
        answered = self.responses.answered & own
        without = own & self.responses.over(now_us) & ~answered
        took_us = np.sort(self.responses.took_us[answered])
        yield figure(are.ORDERS, agency, int(own.sum()))
        yield self._quantile(are.RESPONSE_MEDIAN, agency, took_us, 5)
        yield self._quantile(are.RESPONSE_P90, agency, took_us, 9)
        yield figure(are.ORDERS_WITHOUT, agency, int(without.sum()))
        own = np.array([agency in (None, one.agency) for one in self.proposals], np.bool_)
        yield figure(are.PROPOSALS, agency, int(own.sum()))
        own &= self.followed.over(now_us)
        yield figure(are.PROPOSALS_FOLLOWED, agency, int((self.followed.answered & own).sum()), int(own.sum()))

    @staticmethod
    def _quantile(definition: Definition, agency: str | None, ordered: Int64s, tenths: int) -> Figure:
        if not len(ordered):
            return figure(definition, agency, 0, 0)
        return figure(definition, agency, quantile(ordered, tenths))
