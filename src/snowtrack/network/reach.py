"""Route distances between near segments: from the end of each directed segment to the beginnings of those around.

Directed segment 2r leads along segment r, 2r + 1 against it. What is reached within `REACH_MM` is worked out when it is
first asked for, and kept: a bounded table per directed segment, and a bound on all of them together. Longer ways (gaps,
tunnels, one fix a minute) are searched for each time. A way turns back only at a dead end; it may lead against a
one-way street, dearly.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import sin, sqrt
from typing import Any

import numpy as np

from snowtrack.compiled import Array, Arrays, compiled, part
from snowtrack.model.columns import Int32s, Int64s
from snowtrack.network.arrays import Network

REACH_MM = 120_000
# Detours in millimetres that a driver would rather make than turn in a dead end, or enter a one-way street.
TURN_BACK_MM = 20_000
AGAINST_MM = 30_000
# 64 MB of tables; then all are forgotten and worked out anew.
KEPT_MAX = 1 << 22
# A search sees so many segments at most: about 30 km of streets.
SEEN_MAX = 1 << 15
NONE = -1
EDGE, WAY, DETOUR, VIA = range(4)

SEMI_MAJOR_M = 6_378_137.0
ECCENTRICITY_2 = 0.00669437999014
RAD_PER_E7 = np.pi / 180 / 1e7
Aim = tuple[int, int, float, float, float]


@dataclass(slots=True)
class Reach:
    """Tables over one network. Row i of `entries` says: this directed segment begins `WAY` mm after the end of the one
    whose table it is in, detours of `DETOUR` mm not counted, and is entered from entry `VIA` (`NONE`: directly)."""

    network: Network
    table_of: Int32s = field(init=False)
    starts: Int64s = field(init=False)
    entries: Any = field(init=False)
    tables: int = 0
    scratch: Any = field(init=False)

    def __post_init__(self) -> None:
        self.scratch = (
            np.empty((SEEN_MAX, 2), np.int64),
            np.full((2 * SEEN_MAX, 2), NONE, np.int32),
            np.empty((SEEN_MAX, 4), np.int32),
        )
        self._forget()

    @property
    def roads(self) -> tuple[Any, ...]:
        """The network as the searches see it."""
        of = self.network
        nodes = of.node_offsets, of.node_ends, of.node_lat_e7, of.node_lon_e7
        return of.from_node, of.to_node, of.length_mm, of.oneway, *nodes

    def know(self, edges: Int32s | Int64s) -> None:
        """Work out the tables of these directed segments and of their opposites, as far as they are not there yet."""
        if not _unknown(self.table_of, edges):
            return
        if self.starts[self.tables] > KEPT_MAX:
            self._forget()
        rows = np.unique(edges[edges != NONE] >> 1).astype(np.int64)
        missing = (2 * rows[self.table_of[2 * rows] == NONE][:, None] + (0, 1)).ravel()
        self._make_room(len(missing))
        while len(missing):
            done = _tabulate(self.roads, self.scratch, missing, (self.table_of, self.starts, self.entries), self.tables)
            self.tables += done
            missing = missing[done:]
            if len(missing):
                self.entries = np.concatenate([self.entries, np.empty_like(self.entries)])

    def search(self, edge: int, limit_mm: int) -> Int32s:
        """What can be reached from the end of a directed segment within a limit; as a table of its own."""
        found: Int32s = self.scratch[2][: _explore(self.roads, self.scratch, edge, limit_mm)].copy()
        return found

    def between(self, sources: Sequence[Int32s], targets: Sequence[Int32s], limits_mm: Int64s) -> Int32s:
        """Ways from each source of group i to each target of group i, within its limit: rows of WAY and DETOUR, `NONE`
        for no way. From a source `NONE` there is none."""
        begins, ends = (np.cumsum([0, *(len(group) for group in groups)]) for groups in (sources, targets))
        ways = np.full((int((np.diff(begins) * np.diff(ends)).sum()), 2), NONE, np.int32)
        edges = np.concatenate(sources).astype(np.int64)
        groups = (edges, begins, np.concatenate(targets), ends, limits_mm)
        _between(self.roads, self.scratch, groups, ways)
        return ways

    def _make_room(self, count: int) -> None:
        short = self.tables + count + 1 - len(self.starts)
        if short > 0:
            self.starts = np.concatenate([self.starts, np.zeros(max(short, len(self.starts)), np.int64)])

    def _forget(self) -> None:
        self.table_of = np.full(2 * len(self.network), NONE, np.int32)
        self.starts = np.zeros(1 << 10, np.int64)
        self.entries = np.empty((1 << 14, 4), np.int32)
        self.tables = 0


@compiled
def _unknown(table_of: Int32s, edges: Int32s | Int64s) -> int:
    """How many have no table."""
    count = 0
    for edge in edges:
        if edge != NONE and table_of[edge] == NONE:
            count += 1
    return count


@compiled
def _tabulate(roads: Arrays, scratch: Arrays, edges: Int64s, tables: Arrays, count: int) -> int:
    """Append a table for each edge as long as there is room; how many were made."""
    table_of, starts, entries = tables
    for done in range(len(edges)):
        found = _explore(roads, scratch, edges[done], REACH_MM)
        start = starts[count + done]
        if start + found > len(entries):
            return done
        for entry in range(found):
            for column in range(4):
                entries[start + entry, column] = scratch[2][entry, column]
        table_of[edges[done]] = count + done
        starts[count + done + 1] = start + found
    return len(edges)


@compiled
def _between(roads: Arrays, scratch: Arrays, groups: Arrays, ways: Array) -> None:
    """See `Reach.between`."""
    edges, begins, targets, ends, limits_mm = groups
    at = 0
    for group in range(len(limits_mm)):
        aim = _aim(roads, targets, ends[group], ends[group + 1])
        for source in range(begins[group], begins[group + 1]):
            found = 0
            if edges[source] != NONE:
                found = _spread(roads, scratch, edges[source], limits_mm[group], aim)
            for target in range(ends[group], ends[group + 1]):
                entry = scratch[1][_slot(scratch[1], targets[target]), 1]
                if entry != NONE:
                    ways[at, 0] = scratch[2][entry, WAY]
                    ways[at, 1] = scratch[2][entry, DETOUR]
                at += 1
            for entry in range(found):
                _clear(scratch[1], scratch[2][entry, EDGE])


@part
def _aim(roads: Arrays, targets: Array, first: int, last: int) -> Aim:
    """Where the first target begins, how long a degree is there, and how far from there the others begin."""
    if first == last:
        return 0, 0, 0.0, 0.0, 0.0
    node = _begin(roads, targets[first])
    lat_e7, lon_e7 = int(roads[6][node]), int(roads[7][node])
    sine = sin(lat_e7 * RAD_PER_E7)
    curve = 1 - ECCENTRICITY_2 * sine * sine
    east_radius_mm = 1000 * SEMI_MAJOR_M / sqrt(curve)
    north_mm = east_radius_mm * (1 - ECCENTRICITY_2) / curve * RAD_PER_E7
    aim = (lat_e7, lon_e7, north_mm, east_radius_mm * sqrt(1 - sine * sine) * RAD_PER_E7, 0.0)
    around_mm = 0.0
    for target in range(first, last):
        around_mm = max(around_mm, _straight(roads, _begin(roads, targets[target]), aim))
    return aim[0], aim[1], aim[2], aim[3], around_mm


@part
def _begin(roads: Arrays, edge: int) -> int:
    return int(roads[1][edge >> 1] if edge & 1 else roads[0][edge >> 1])


@part
def _straight(roads: Arrays, node: int, aim: Aim) -> float:
    """How far a node is from the aim; a little less, since the plane is not quite the ellipsoid."""
    north, east = (roads[6][node] - aim[0]) * aim[2], (roads[7][node] - aim[1]) * aim[3]
    return 0.999 * sqrt(north * north + east * east)


@compiled
def _explore(roads: Arrays, scratch: Arrays, source: int, limit_mm: int) -> int:
    """All that can be reached within a limit, as entries; how many."""
    count = _spread(roads, scratch, source, limit_mm, (0, 0, 0.0, 0.0, 0.0))
    for entry in range(count):
        _clear(scratch[1], scratch[2][entry, EDGE])
    return count


@part
def _spread(roads: Arrays, scratch: Arrays, source: int, limit_mm: int, aim: Aim) -> int:
    """Dijkstra over directed segments, cheapest first; entries in the order in which they were first seen.

    `scratch` is a heap of (cost at its end and edge, entry), a hash table of (edge, entry), which stays filled, and the
    entries. Of equal ways that one is kept whose last segment has the lower number. What cannot lead to the aim within
    the limit any more is left out.
    """
    from_node, to_node, length_mm, oneway, node_offsets, node_ends, _, _ = roads
    heap, slots, entries = scratch
    count = waiting = 0
    edge, via, way_mm, detour_mm = source, NONE, 0, 0
    while True:
        node = from_node[edge >> 1] if edge & 1 else to_node[edge >> 1]
        first, last = node_offsets[node], node_offsets[node + 1]
        if way_mm + detour_mm + _straight(roads, node, aim) - aim[4] > limit_mm:
            last = first
        for end in range(first, last):
            following = node_ends[end]
            if following == edge ^ 1 and last - first > 1:
                continue
            extra_mm = detour_mm + _detour(oneway, length_mm, edge, following)
            if way_mm + extra_mm > limit_mm:
                continue
            slot = _slot(slots, following)
            entry = slots[slot, 1]
            if entry == NONE:
                if count == SEEN_MAX:
                    continue
                entry = count
                slots[slot, 0], slots[slot, 1] = following, entry
                count += 1
            elif entries[entry, WAY] + entries[entry, DETOUR] <= way_mm + extra_mm:
                continue
            entries[entry, EDGE], entries[entry, VIA] = following, via
            entries[entry, WAY], entries[entry, DETOUR] = way_mm, extra_mm
            cost_mm = way_mm + extra_mm + length_mm[following >> 1]
            if cost_mm <= limit_mm and waiting < len(heap):
                waiting = _push(heap, waiting, (cost_mm << 32) | following, entry)
        via = NONE
        while waiting > 0 and via == NONE:
            cost_mm, entry = heap[0, 0] >> 32, heap[0, 1]
            waiting = _pop(heap, waiting)
            edge = entries[entry, EDGE]
            if cost_mm == entries[entry, WAY] + entries[entry, DETOUR] + length_mm[edge >> 1]:
                via, way_mm, detour_mm = entry, entries[entry, WAY] + length_mm[edge >> 1], entries[entry, DETOUR]
        if via == NONE:
            return count


@part
def _detour(oneway: Array, length_mm: Array, edge: int, following: int) -> int:
    """What entering a directed segment costs beside its length."""
    if following == edge ^ 1:
        return TURN_BACK_MM
    if oneway[following >> 1] != (1 if following & 1 else -1):
        return 0
    already = oneway[edge >> 1] == (1 if edge & 1 else -1)
    return length_mm[following >> 1] // 2 if already else AGAINST_MM


@part
def _slot(slots: Array, edge: int) -> int:
    """Where an edge is in the hash table, or could be put."""
    slot = (edge * 2_654_435_761) & (len(slots) - 1)
    while slots[slot, 0] != NONE and slots[slot, 0] != edge:
        slot = (slot + 1) & (len(slots) - 1)
    return slot


@part
def _clear(slots: Array, edge: int) -> None:
    """Empty the run of slots from where this edge would be: all that is in the table goes this way."""
    slot = (edge * 2_654_435_761) & (len(slots) - 1)
    while slots[slot, 0] != NONE:
        slots[slot, 0] = slots[slot, 1] = NONE
        slot = (slot + 1) & (len(slots) - 1)


@part
def _push(heap: Array, size: int, cost: int, entry: int) -> int:
    at = size
    while at > 0 and heap[(at - 1) >> 1, 0] > cost:
        heap[at, 0], heap[at, 1] = heap[(at - 1) >> 1, 0], heap[(at - 1) >> 1, 1]
        at = (at - 1) >> 1
    heap[at, 0], heap[at, 1] = cost, entry
    return size + 1


@part
def _pop(heap: Array, size: int) -> int:
    """Take the cheapest off; the new size."""
    size -= 1
    cost, entry = heap[size, 0], heap[size, 1]
    at = 0
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size and heap[child + 1, 0] < heap[child, 0]:
            child += 1
        if heap[child, 0] >= cost:
            break
        heap[at, 0], heap[at, 1] = heap[child, 0], heap[child, 1]
        at = child
    heap[at, 0], heap[at, 1] = cost, entry
    return size
