"""How far each route is: what is planned, done and left, who works on it, when it may be done, and what is overdue.

Lengths are by label, as readers see roads, so that they add up to what is planned. Closed roads are not planned while
they are closed. What is left of a road that is under way, partly done or unknown is what was not covered; one that is
due, or was done and needs it again, is left as a whole, also while it is ploughed again.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any, Self

import numpy as np

from snowtrack.clearance.ledger import Ledger, Surroundings
from snowtrack.clearance.routes import WAYS, Places, Routes, missing_lines, places_of, road_classes
from snowtrack.clearance.segments import PolicyTable, Segments
from snowtrack.indicators.newly import newly_covered
from snowtrack.indicators.pace import Paces, paces
from snowtrack.model.calendar import HOUR_US, utc_text
from snowtrack.model.columns import ABSENT_64, Bools, Int8s, Int32s, Int64s, Rows, present, ranges
from snowtrack.model.passes import PassBatch
from snowtrack.model.policy import ROAD_CLASSES
from snowtrack.model.states import LABELS, Label
from snowtrack.network.arrays import Network

SEEN_US = 6 * HOUR_US
"""How far back a pace is looked for: what was cleared before it and again since counts anew."""
BINS_HIGH, BINS_MEDIUM = 12, 4
FAR_S = 24 * 3_600
"""An end that is further away is not told: nobody knows the pace of tomorrow."""
_LEFT_BY_METRE = [LABELS.index(one) for one in (Label.UNDER_WAY, Label.PARTLY, Label.UNKNOWN)]
_DONE, _CLOSED = LABELS.index(Label.DONE), LABELS.index(Label.CLOSED)
_NEVER_US = np.iinfo(np.int64).max


class Sure(IntEnum):
    """How sure a time range is."""

    NONE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3


class RouteState(StrEnum):
    """What a route is now, from what needs looking at first."""

    UNDER_WAY = "under_way"
    BEGUN = "begun"
    WAITING = "waiting"
    AGAIN = "again"
    """At least half of what is left was done before."""
    DONE = "done"
    CLOSED = "closed"
    """Nothing of it is open, or on the map at all."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Roads:
    """Routes on a network, under the policy that makes the facts; other arrays are by row."""

    routes: Routes
    places: Places
    missing: Int64s
    """Lines of each route on segments that the network does not have."""
    segment_id: Int64s
    length_mm: Int32s
    needed: Int8s
    both_ways: Bools
    classes: Int8s

    @classmethod
    def of(cls, routes: Routes, network: Network, table: PolicyTable) -> Self:
        segments = Segments.of(network, table)
        return cls(
            routes=routes,
            places=places_of(routes, segments),
            missing=missing_lines(routes, segments),
            segment_id=network.segment_id,
            length_mm=network.length_mm,
            needed=table.needed,
            both_ways=table.both_ways,
            classes=road_classes(network),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Work:
    """What was worked of late: ploughing that counts, with the row of each pass in the network. `asked_us` is from when
    on each route has to be cleared."""

    passes: PassBatch
    row: Rows
    asked_us: Int64s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Progress:
    """By route. `label_mm` has a column for each label; `early_s` and `late_s` are from now on, absent where nobody can
    tell; `again_mm` is what is left and was done before; `due_us` is when what is left first has to be done."""

    label_mm: Int64s
    left_mm: Int64s
    again_mm: Int64s
    machines: Int32s
    last_us: Int64s
    due_us: Int64s
    overdue_mm: Int64s
    early_s: Int64s
    late_s: Int64s
    bins: Int32s
    sure: Int8s

    @property
    def planned_mm(self) -> Int64s:
        """Without what is closed."""
        planned: Int64s = self.label_mm.sum(axis=1) - self.label_mm[:, _CLOSED]
        return planned

    def state(self, place: int) -> RouteState:
        planned_mm, left_mm = int(self.planned_mm[place]), int(self.left_mm[place])
        again_mm = int(self.again_mm[place])
        if planned_mm == 0:
            return RouteState.CLOSED
        if left_mm == 0:
            return RouteState.DONE
        if self.machines[place]:
            return RouteState.UNDER_WAY
        if 2 * again_mm >= left_mm:
            return RouteState.AGAIN
        return RouteState.BEGUN if left_mm - again_mm < planned_mm else RouteState.WAITING

    def as_json(self, place: int) -> dict[str, Any]:
        """One route for readers, lengths in metres."""
        planned_mm, left_mm = int(self.planned_mm[place]), int(self.left_mm[place])
        metres = {str(one): int(mm) / 1000 for one, mm in zip(LABELS, self.label_mm[place], strict=True)}
        return {
            "state": str(self.state(place)),
            "planned_m": planned_mm / 1000,
            "done_m": metres["done"],
            "left_m": left_mm / 1000,
            "again_m": int(self.again_mm[place]) / 1000,
            "percent": (planned_mm - left_mm) * 100 // planned_mm if planned_mm else None,
            "by_label_m": metres,
            "machines": int(self.machines[place]),
            "last_at": _time(self.last_us[place]),
            "early_s": _number(self.early_s[place]),
            "late_s": _number(self.late_s[place]),
            "confidence": Sure(int(self.sure[place])).name.lower(),
            "due_at": _time(self.due_us[place]),
            "overdue": bool(self.overdue_mm[place] > 0),
            "overdue_m": int(self.overdue_mm[place]) / 1000,
        }


def progress(roads: Roads, ledger: Ledger, around: Surroundings, table: PolicyTable, work: Work) -> Progress:
    """Of all routes at one instant, in whatever order the work is given. `table` is the policy of now."""
    places, count = roads.places, len(roads.routes)
    label, covered_mm, again_us = place_labels(places, ledger, around, table)
    length_mm = roads.length_mm[places.row].astype(np.int64)
    shown = np.zeros((count, len(LABELS)), np.int64)
    np.add.at(shown, (places.route, label), length_mm)
    # Nobody knows how much of what was done before is covered anew.
    by_metre = np.isin(label, _LEFT_BY_METRE) & ~present(again_us)
    left_mm = np.where(by_metre, np.maximum(length_mm - covered_mm, 0), length_mm)
    left_mm[(label == _DONE) | (label == _CLOSED)] = 0
    again_mm = np.zeros(count, np.int64)
    np.add.at(again_mm, places.route, np.where(present(again_us), left_mm, 0))
    machines, last_us = _worked(places, ledger, around, table.policy.under_way_us, count)
    left_by_class = np.zeros((count, len(ROAD_CLASSES)), np.int64)
    np.add.at(left_by_class, (places.route, roads.classes[places.row]), left_mm)
    own, of_class = _paces(roads, work, around)
    times = _times(left_by_class, machines, own, of_class)
    begin_us = np.maximum(work.asked_us[places.route], again_us)
    due_us, overdue_mm = _due(roads, begin_us, left_mm, around.now_us, table)
    return Progress(
        label_mm=shown,
        left_mm=left_by_class.sum(axis=1),
        again_mm=again_mm,
        machines=machines,
        last_us=last_us,
        due_us=due_us,
        overdue_mm=overdue_mm,
        bins=own.bins,
        **times,
    )


def place_labels(
    places: Places, ledger: Ledger, around: Surroundings, table: PolicyTable
) -> tuple[Int8s, Int64s, Int64s]:
    """The label of each place, how much of it is covered, and from when on it needs work again, if it does."""
    rows, at = np.unique(places.row, return_inverse=True)
    own = ledger.directions(rows, around, table)
    covered_mm = own.covered_mm[at, places.way].astype(np.int64)
    return own.label[at, places.way], covered_mm, own.again_us[at, places.way]


def _worked(places: Places, ledger: Ledger, around: Surroundings, lately_us: int, count: int) -> tuple[Int32s, Int64s]:
    """How many machines worked on each route a moment ago and still tell of themselves, and when it was last worked."""
    at_us, device = (ledger.columns[name][places.row, places.way] for name in ("last_us", "last_device"))
    last_us = np.full(count, ABSENT_64)
    np.maximum.at(last_us, places.route, at_us)
    now = (at_us >= around.now_us - lately_us) & ~np.isin(device, around.silent)
    pairs = np.unique(np.stack((places.route[now].astype(np.int64), device[now].astype(np.int64))), axis=1)
    return np.bincount(pairs[0], minlength=count).astype(np.int32), last_us


def _due(roads: Roads, begin_us: Int64s, left_mm: Int64s, now_us: int, table: PolicyTable) -> tuple[Int64s, Int64s]:
    """When what is left of each route first has to be done, absent where nothing is left; and how much is too late.
    `begin_us` is from when on each place has to be cleared, or cleared again."""
    places, routes = roads.places, roads.routes.routes
    agreed = np.array([ABSENT_64 if one.due_us is None else one.due_us for one in routes], np.int64)[places.route]
    takes_us = np.where(agreed == ABSENT_64, table.due_us[places.row], agreed)
    due_us = begin_us + takes_us
    left = left_mm > 0
    first_us = np.full(len(routes), _NEVER_US)
    np.minimum.at(first_us, places.route[left], due_us[left])
    late = due_us <= now_us
    overdue_mm = np.zeros(len(routes), np.int64)
    np.add.at(overdue_mm, places.route[late], left_mm[late])
    return np.where(first_us == _NEVER_US, ABSENT_64, first_us), overdue_mm


def _paces(roads: Roads, work: Work, around: Surroundings) -> tuple[Paces, Paces]:
    """Of each route, and of each class of road over the whole network."""
    since_us = max(around.event_us, around.now_us - SEEN_US)
    both, ended_us = roads.both_ways[work.row], work.passes.ended_us
    # On roads where each direction counts, what was driven in none that is known clears neither.
    told = (~both | (work.passes.direction != 0)) & (ended_us >= since_us) & (ended_us <= around.now_us)
    passes, row = work.passes.take(told), work.row[told]
    number = row * WAYS + (both[told] & (passes.direction < 0))
    new_mm = newly_covered(passes, number, roads.length_mm[row], roads.needed[row])
    of_class = paces(
        passes, roads.classes[row].astype(np.int64), new_mm, groups=len(ROAD_CLASSES), now_us=around.now_us
    )
    at, route = _on_routes(roads.places, number)
    own = paces(passes.take(at), route, new_mm[at], groups=len(roads.routes), now_us=around.now_us)
    return own, of_class


def _on_routes(places: Places, number: Int64s) -> tuple[Int64s, Int64s]:
    """Each pass beside each route that has its place: which pass, which route."""
    order = np.argsort(places.number, kind="stable")
    ordered = places.number[order]
    first = np.searchsorted(ordered, number)
    counts = np.searchsorted(ordered, number, side="right") - first
    at = np.repeat(np.arange(len(number)), counts)
    return at, places.route[order[ranges(first, counts)]].astype(np.int64)


def _times(left_by_class: Int64s, machines: Int32s, own: Paces, of_class: Paces) -> dict[str, Any]:
    """The time range of each route at its own pace, or else at that of its classes of road; and how sure it is."""
    left_mm = left_by_class.sum(axis=1)
    by_class = own.quick_mm == 0
    at_work = np.maximum(machines, 1)
    found = {}
    for name, pace, class_pace in (
        ("early_s", own.quick_mm, of_class.quick_mm),
        ("late_s", own.slow_mm, of_class.slow_mm),
    ):
        seconds = np.where(by_class, _takes_s(left_by_class, class_pace), _takes_s(left_mm[:, None], pace[:, None]))
        shared = -(-seconds // at_work)
        found[name] = np.where((seconds == ABSENT_64) | (shared > FAR_S), ABSENT_64, shared)
    sure = np.where(own.bins >= BINS_MEDIUM, Sure.MEDIUM, Sure.LOW)
    sure = np.where(own.bins >= BINS_HIGH, Sure.HIGH, sure)
    sure = np.where(by_class | (machines == 0), Sure.LOW, sure)
    return {
        **found,
        "sure": np.where((found["early_s"] == ABSENT_64) | (left_mm == 0), Sure.NONE, sure).astype(np.int8),
    }


def _takes_s(left_mm: Int64s, pace_mm: Int64s) -> Int64s:
    """How long one machine takes for all of it, part by part; absent where the pace of a part is not known."""
    seconds = -(-left_mm * 3_600 // np.maximum(pace_mm, 1))
    unknown = ((left_mm > 0) & (pace_mm == 0)).any(axis=1)
    return np.where(unknown, ABSENT_64, seconds.sum(axis=1))


def _time(time_us: np.int64) -> str | None:
    return None if time_us == ABSENT_64 else utc_text(int(time_us))


def _number(value: np.int64) -> int | None:
    return None if value == ABSENT_64 else int(value)
