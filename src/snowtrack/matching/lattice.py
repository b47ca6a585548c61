"""The lattice: fixes of many devices with their columns of states, grown where fixes came.

What does not depend on the way so far is worked out for all new fixes at once: the places near them, the tables of
ways between these, and the ways of steps that are too long for the tables.
"""

from dataclasses import dataclass

import numpy as np

from snowtrack.matching.costs import Costs
from snowtrack.matching.forward import SLOTS, STATES_MAX, STEP, Far, Made, Near, Road, Task, forward
from snowtrack.matching.memory import Remembered
from snowtrack.matching.motion import note_motion
from snowtrack.matching.records import COLUMN, STATE, Records
from snowtrack.matching.rivals import Ends, note_rivals
from snowtrack.matching.window import Rows
from snowtrack.model.columns import Int32s, Int64s, ranges
from snowtrack.model.fleet import Fleet
from snowtrack.network.arrays import Kind, Network
from snowtrack.network.places import Places, places_near
from snowtrack.network.reach import Reach

# Steps up to here end within the tables of ways.
NEAR_STEP_MM, NEAR_STEP_US = 55_000, 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What machines are matched to, and how."""

    network: Network
    reach: Reach
    costs: Costs
    cut_us: int

    @property
    def road(self) -> Road:
        """The roads, and the ways that are known now."""
        network, reach = self.network, self.reach
        return Road(
            length_mm=network.length_mm,
            oneway=network.oneway,
            kind=network.kind,
            table_of=reach.table_of,
            table_starts=reach.starts,
            entries=reach.entries,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lattice:
    """Fixes by device, a column for each, and all states; those of column i begin at `starts[i]`."""

    whole: Rows
    columns: Records
    starts: Int64s
    states: Records


def grow(ground: Ground, whole: Rows, make: Int64s, fleet: Fleet, kept: Remembered) -> Lattice:
    """Columns for all fixes: of each device those before `make` are kept."""
    begins = whole.begins
    fresh = ranges(make, begins[1:] - make)
    point_of = np.full(len(whole.fixes), -1, np.int64)
    point_of[fresh] = np.arange(len(fresh))
    device, at_us = whole.fixes["device"][fresh], whole.fixes["observed_us"][fresh]
    kind = np.where(fleet.on_footways(device, at_us), Kind.FOOTWAY, Kind.CARRIAGEWAY)
    lat_e7, lon_e7 = (np.ascontiguousarray(whole.fixes[name][fresh]) for name in ("lat_e7", "lon_e7"))
    places = places_near(ground.network, lat_e7, lon_e7)
    ground.reach.know(np.concatenate([2 * places.row, _edges_left(whole, make, kept)]))
    columns = np.zeros(len(whole.fixes), COLUMN)
    spans = begins[:-1], begins[1:], make
    note_motion(np.stack([*spans, kept.column_begins[:-1]], axis=1), whole.fixes, ground.cut_us, kept.columns, columns)
    made = Made(
        columns=columns,
        starts=np.zeros(len(whole.fixes) + 1, np.int64),
        states=np.empty(len(kept.states) + STATES_MAX * len(fresh), STATE),
        numbers=np.empty(len(kept.states) + STATES_MAX * len(fresh), np.int16),
    )
    task = Task(
        fixes=whole.fixes,
        point_of=point_of,
        kind=kind,
        road=ground.road,
        near=Near(places.offsets, places.row, places.along_mm, places.distance_mm, places.east, places.north),
        far=_far(ground, whole, columns, point_of, places, kept),
        made=made,
        candidates=np.zeros((STEP + 1, STATES_MAX + 1), np.int64),
        slots=np.full((SLOTS, 2), -1, np.int64),
        costs=ground.costs,
    )
    total = forward(np.stack([*spans, kept.state_begins[:-1]], axis=1), kept.states, task)
    note_rivals(Ends(ground.network.from_node, ground.network.to_node), task)
    return Lattice(whole=whole, columns=made.columns, starts=made.starts, states=made.states[:total])


def _edges_left(whole: Rows, make: Int64s, kept: Remembered) -> Int32s:
    """The directed segments that each device was on at the last fix before those that are made."""
    counts = kept.columns["states"].astype(np.int64)
    states = np.cumsum(counts) - counts
    goes_on = make > whole.begins[:-1]
    last = (kept.column_begins[:-1] + make - whole.begins[:-1] - 1)[goes_on]
    edges: Int32s = kept.states["edge"][ranges(states[last], counts[last])]
    return edges


def _far(ground: Ground, whole: Rows, columns: Records, point_of: Int64s, places: Places, kept: Remembered) -> Far:
    """Ways of the steps that are too long for the tables, each from all states that the fix before may have."""
    begins = np.full(len(places.offsets) - 1, -1, np.int64)
    moved_mm = np.hypot(columns["moved_east_mm"].astype(np.float64), columns["moved_north_mm"].astype(np.float64))
    spent_us = np.diff(whole.fixes["observed_us"], prepend=whole.fixes["observed_us"][:1])
    long = (moved_mm > NEAR_STEP_MM) | (spent_us > NEAR_STEP_US)
    fixes = np.flatnonzero((point_of >= 0) & ~columns["opens"] & long)
    if not len(fixes):
        return Far(begins=begins, ways=np.empty((0, 2), np.int32))
    sources = [_edges_before(fix, whole, point_of, places, kept) for fix in fixes.tolist()]
    targets = [_edges_at(places, point) for point in point_of[fixes].tolist()]
    long_mm = np.rint(moved_mm[fixes]).astype(np.int64)
    way_mm = ground.costs.way_mm + ground.costs.way_per_m * long_mm // 1000
    way_mm += ground.costs.way_per_s * spent_us[fixes] // 1_000_000
    ways = ground.reach.between(sources, targets, long_mm + way_mm * ground.costs.jump // 1000)
    sizes = [len(source) * len(target) for source, target in zip(sources, targets, strict=True)]
    begins[point_of[fixes]] = np.cumsum([0, *sizes[:-1]])
    return Far(begins=begins, ways=ways)


def _edges_before(fix: int, whole: Rows, point_of: Int64s, places: Places, kept: Remembered) -> Int32s:
    """The directed segments that the states of the fix before one may be on, by number."""
    if point_of[fix - 1] >= 0:
        return _edges_at(places, int(point_of[fix - 1]))
    device = int(np.searchsorted(whole.begins, fix, side="right")) - 1
    column = kept.column_begins[device] + (fix - 1 - whole.begins[device])
    counts = kept.columns["states"][kept.column_begins[device] : column]
    begin = kept.state_begins[device] + int(counts.sum())
    edges: Int32s = kept.states["edge"][begin : begin + kept.columns["states"][column]]
    return edges


def _edges_at(places: Places, point: int) -> Int32s:
    rows = places.row[places.offsets[point] : places.offsets[point + 1]]
    return np.repeat(2 * rows, 2) + np.tile(np.array([0, 1], np.int32), len(rows))
