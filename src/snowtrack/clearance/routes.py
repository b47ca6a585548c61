"""Routes (除雪路線): what is cleared as one, and in which order.

They are registered, or where an agency registered none, what its roads come to: those of a district, a priority and a
name are one, so that a newcomer sees something at once. What counts of a route are places: each direction of a segment
that has to be worked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from snowtrack.clearance.segments import NO_AGENCY, Segments
from snowtrack.model.columns import Columns, Int8s, Int16s, Int32s, Int64s, Rows
from snowtrack.model.policy import ROAD_CLASSES
from snowtrack.network.arrays import Kind, Network

NOBODYS = "-"
"""Stands for the agency of roads that nobody manages."""
WAYS = 2
ID_SIGNS_MAX = 64
UNNAMED, FOOTWAY, FOOTWAYS = "名称なし", "歩道", "（歩道）"
PRIORITY_MAX = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route. `due_us` is how long it may take from the order, where that is agreed."""

    agency: str
    id: str
    name: str
    district: str | None = None
    priority: int = 0
    contractor: str | None = None
    machine: str | None = None
    due_us: int | None = None
    registered: bool = True

    @property
    def key(self) -> tuple[str, str]:
        return self.agency, self.id


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Routes:
    """Routes by agency and id. The lines of route i stand at `offsets[i] … offsets[i + 1] - 1`, in planned order: a
    segment, and its direction, 0 for both."""

    routes: tuple[Route, ...]
    offsets: Int64s
    segment_id: Int64s
    direction: Int8s

    def __len__(self) -> int:
        return len(self.routes)

    @classmethod
    def of(cls, lined: Sequence[tuple[Route, Int64s, Int8s]]) -> Self:
        """Routes with their lines, put in order."""
        ordered = sorted(lined, key=lambda one: one[0].key)
        return cls(
            routes=tuple(route for route, _, _ in ordered),
            offsets=np.cumsum([0, *(len(segments) for _, segments, _ in ordered)]).astype(np.int64),
            segment_id=np.concatenate([np.empty(0, np.int64), *(segments for _, segments, _ in ordered)]),
            direction=np.concatenate([np.empty(0, np.int8), *(ways for _, _, ways in ordered)]),
        )

    def lined(self) -> Iterator[tuple[Route, Int64s, Int8s]]:
        """Each route with its lines."""
        for place, route in enumerate(self.routes):
            part = slice(int(self.offsets[place]), int(self.offsets[place + 1]))
            yield route, self.segment_id[part], self.direction[part]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Places(Columns):
    """What is planned, in planned order, by the place of its route; each place once in a route, where it comes first.

    `way` is 0 along a segment or for its whole width, 1 against it.
    """

    route: Int32s
    row: Int64s
    way: Int8s

    @property
    def number(self) -> Int64s:
        """Of each place in the network, whichever route it is on."""
        return self.row * WAYS + self.way


def places_of(routes: Routes, segments: Segments) -> Places:
    """The places of all routes; lines on segments that the network does not have come to none."""
    at = segments.places(routes.segment_id)
    known = np.flatnonzero(at >= 0)
    route = np.repeat(np.arange(len(routes), dtype=np.int32), np.diff(routes.offsets))[known]
    row, both = segments.row[at[known]], segments.both_ways[at[known]]
    direction = routes.direction[known]
    first = (both & (direction < 0)).astype(np.int8)
    counts = 1 + (both & (direction == 0))
    line = np.repeat(np.arange(len(known)), counts)
    second = np.concatenate([[False], line[1:] == line[:-1]]) if len(line) else np.zeros(0, np.bool_)
    found = Places(route=route[line], row=row[line], way=np.where(second, 1, first[line]).astype(np.int8))
    _, once = np.unique(np.stack((found.route, found.number)), axis=1, return_index=True)
    return found.take(np.sort(once))


def missing_lines(routes: Routes, segments: Segments) -> Int64s:
    """How many lines of each route are on segments that the network does not have."""
    at = segments.places(routes.segment_id)
    counts = np.zeros(len(routes), np.int64)
    np.add.at(counts, np.repeat(np.arange(len(routes)), np.diff(routes.offsets)), at < 0)
    return counts


def road_classes(network: Network) -> Int8s:
    """Of each row its place in `ROAD_CLASSES`; footways are a class here."""
    footway = network.kind == Kind.FOOTWAY
    return np.where(footway, len(ROAD_CLASSES) - 1, network.road_class).astype(np.int8)


def with_derived(registered: Routes, network: Network, agencies: Sequence[str], managers: Int16s) -> Routes:
    """Those that are registered, and what the roads of the other agencies, and of nobody, come to."""
    have = {route.agency for route in registered.routes}
    wanted = np.array([agency not in have for agency in (*agencies, NOBODYS)], np.bool_)
    rows = np.flatnonzero(wanted[managers])
    return Routes.of([*registered.lined(), *_derived(network, rows, (*agencies, NOBODYS), managers)])


def _derived(
    network: Network, rows: Rows, agencies: Sequence[str], managers: Int16s
) -> Iterator[tuple[Route, Int64s, Int8s]]:
    """The roads of each agency by district, priority and name, each from one end to the other."""
    if not len(rows):
        return
    road = np.where(network.route_text >= 0, network.route_text, network.name_text)
    manager = np.where(managers == NO_AGENCY, len(agencies) - 1, managers)
    columns = (manager, network.district_text, network.priority, network.kind == Kind.FOOTWAY, road)
    keys = np.stack([column[rows].astype(np.int64) for column in columns])
    found, group = np.unique(keys, axis=1, return_inverse=True)
    order = np.lexsort((network.segment_id[rows], _along(network, rows, group.ravel(), found.shape[1]), group.ravel()))
    parts = np.split(rows[order], np.cumsum(np.bincount(group.ravel(), minlength=found.shape[1]))[:-1])
    taken: set[tuple[str, str]] = set()
    for (agency, district, priority, footway, text), own in zip(found.T.tolist(), parts, strict=True):
        named = _name(network.text(text), footway=bool(footway))
        base = _base(network.text(district), priority, named)
        route = Route(
            agency=agencies[agency],
            id=_untaken(agencies[agency], base, taken),
            name=named,
            district=network.text(district),
            priority=min(priority, PRIORITY_MAX),
            registered=False,
        )
        taken.add(route.key)
        yield route, network.segment_id[own], np.zeros(len(own), np.int8)


def _along(network: Network, rows: Rows, group: Int64s, groups: int) -> Int64s:
    """How far east or north each segment lies, whichever way its group is longer."""
    first, last = network.shape_offsets[:-1][rows], network.shape_offsets[1:][rows] - 1
    middles = [axis[first].astype(np.int64) + axis[last] for axis in (network.shape_lon_e7, network.shape_lat_e7)]
    spans = []
    for middle in middles:
        low, high = np.full(groups, np.iinfo(np.int64).max), np.full(groups, np.iinfo(np.int64).min)
        np.minimum.at(low, group, middle)
        np.maximum.at(high, group, middle)
        spans.append(high - low)
    # A degree of longitude is about four fifths of one of latitude in Japan.
    eastward = spans[0] * 4 >= spans[1] * 5
    along: Int64s = np.where(eastward[group], middles[0], middles[1])
    return along


def _name(road: str | None, *, footway: bool) -> str:
    if road is None:
        return f"{UNNAMED}{FOOTWAYS}" if footway else UNNAMED
    return road if not footway or FOOTWAY in road else f"{road}{FOOTWAYS}"


def _base(district: str | None, priority: int, name: str) -> str:
    """What an id begins with: people can read it, and files can hold it."""
    parts = [district or "", f"{priority}次" if priority else "", name]
    return "-".join(part for part in parts if part).replace("/", "／")[: ID_SIGNS_MAX - 5]


def _untaken(agency: str, base: str, taken: set[tuple[str, str]]) -> str:
    number = 2
    id_ = base
    while (agency, id_) in taken:
        id_ = f"{base}-{number}"
        number += 1
    return id_
