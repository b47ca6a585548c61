"""From states to answers: where each fix is, how sure that is, and what was driven to get there."""

import numpy as np

from snowtrack.matching.backward import NO_LAG, STATES_MAX, Answer, Column, settle
from snowtrack.matching.confidence import confidence
from snowtrack.matching.drive import OFF, Driven, Way, drive
from snowtrack.matching.lattice import Ground, Lattice
from snowtrack.matching.path import along_segments
from snowtrack.matching.records import Records, fix_columns
from snowtrack.model.columns import Int64s, ranges
from snowtrack.model.matches import NO_ROW, DrivenBatch, MatchBatch, MatchStatus
from snowtrack.network.places import snap
from snowtrack.network.reach import EDGE, NONE, VIA

# A position further from the road that the machine is on says little of where on it.
INFERRED_MM = 30_000
# Further than this no machine drives unseen between two fixes.
UNSEEN_MMPS, UNSEEN_MM = 25_000, 200_000


def choose(lattice: Lattice, first: Int64s, until: Int64s, lag_us: int | None) -> Answer:
    """Settle the fixes from `first` up to `until` of each device; of other fixes the answer says nothing."""
    fixes = lattice.whole.fixes
    answer = Answer(state=np.zeros(len(fixes), np.int64), margin=np.zeros(len(fixes), np.int64))
    settle(
        np.stack([first, until, lattice.whole.begins[1:]], axis=1),
        NO_LAG if lag_us is None else lag_us,
        Column(fixes, lattice.columns, lattice.starts, lattice.states),
        np.zeros(len(fixes), np.int64),
        np.zeros((2, STATES_MAX + 1), np.int64),
        answer,
    )
    return answer


def matches(ground: Ground, lattice: Lattice, chosen: Answer, rows: Int64s, track_us: Int64s) -> MatchBatch:
    """The answers for some fixes of a lattice."""
    fixes = fix_columns(lattice.whole.fixes[rows])
    states = lattice.states[chosen.state[rows]]
    edge = states["edge"].astype(np.int64)
    on_road = edge >= 0
    row = np.where(on_road, edge >> 1, NO_ROW).astype(np.int32)
    length_mm = ground.network.length_mm[np.maximum(row, 0)]
    along_mm = np.where(edge & 1, length_mm - states["at_mm"], states["at_mm"])
    snapped = snap(ground.network, row, fixes.lat_e7, fixes.lon_e7)
    off_road = np.where(lattice.columns["placed"][rows], MatchStatus.OFF_ROAD, MatchStatus.NO_CANDIDATE)
    far = snapped.distance_mm > INFERRED_MM
    status = np.where(on_road, np.where(far, MatchStatus.INFERRED, MatchStatus.MATCHED), off_road)
    return MatchBatch(
        device=fixes.device,
        observed_us=fixes.observed_us,
        track_us=track_us[rows],
        received_us=fixes.received_us,
        row=row,
        direction=np.where(on_road, 1 - 2 * (edge & 1), 0).astype(np.int8),
        along_mm=np.where(on_road, along_mm, 0).astype(np.int32),
        distance_mm=snapped.distance_mm,
        status=status.astype(np.int8),
        confidence=confidence(chosen.margin[rows], states["rival"], lattice.columns[rows]),
        lat_e7=snapped.lat_e7,
        lon_e7=snapped.lon_e7,
        speed_mmps=fixes.speed_mmps,
        course_cdeg=fixes.course_cdeg,
        blade=fixes.blade,
        spreading=fixes.spreading,
        spread_dgpm=fixes.spread_dgpm,
        pto=fixes.pto,
        stands=lattice.columns["stands"][rows].astype(np.int8),
        trust=fixes.trust,
        fix_lat_e7=fixes.lat_e7,
        fix_lon_e7=fixes.lon_e7,
    )


def stretches(ground: Ground, lattice: Lattice, chosen: Answer, heads: Records, spans: Int64s) -> DrivenBatch:
    """What was driven to the fixes of each span (first, after the last); `match` counts these fixes."""
    fixes = len(lattice.whole.fixes)
    settled = ranges(spans[:, 0], spans[:, 1] - spans[:, 0])
    states = lattice.states[chosen.state[settled]]
    edges, ats = np.full(fixes, OFF, np.int64), np.zeros(fixes, np.int64)
    edges[settled], ats[settled] = states["edge"], states["at_mm"]
    met = np.concatenate([edges[settled], heads["drive_edge"]]).astype(np.int64)
    ground.reach.know(met)
    way = Way(edges, ats, *(np.ascontiguousarray(lattice.columns[name]) for name in ("opens", "stands")))
    room, count, before = 4 * len(settled) + 1_024, -1, heads.copy()
    while count < 0:
        heads[:] = before
        driven = Driven(*(np.empty(room, np.int64) for _ in Driven._fields))
        count = drive(heads, spans, way, ground.road, driven)
        room *= 2
    match_of = np.zeros(fixes, np.int64)
    match_of[settled] = np.arange(len(settled))
    found = np.stack([column[:count] for column in driven], axis=1)
    found = _with_searched(ground, lattice, found)
    return along_segments(ground.network, match_of[found[:, 0]], *found[:, 1:].T)


def _with_searched(ground: Ground, lattice: Lattice, found: Int64s) -> Int64s:
    """The stretches with the ways that had to be searched in their places; where there is no way, the drive begins
    anew."""
    asked = np.flatnonzero(found[:, 1] == OFF)
    if not len(asked):
        return found
    parts, done = [], 0
    for at in asked.tolist():
        fix, _, edge, target = found[at].tolist()
        way = _way(ground, lattice, fix, (edge, target))
        parts.append(found[done:at])
        done = at + 1
        if way is None:
            # What was left of the segment before, and driven of the one after, nobody saw.
            parts[-1] = _without_last(parts[-1], fix, edge)
            done += bool(at + 1 < len(found) and found[at + 1, 0] == fix)
        else:
            lengths = ground.network.length_mm[way >> 1].astype(np.int64)
            parts.append(np.stack([np.full(len(way), fix), way, np.zeros(len(way), np.int64), lengths], axis=1))
    return np.concatenate([*parts, found[done:]])


def _without_last(part: Int64s, fix: int, edge: int) -> Int64s:
    last_is_it = len(part) and part[-1, 0] == fix and part[-1, 1] == edge
    return part[:-1] if last_is_it else part


def _way(ground: Ground, lattice: Lattice, fix: int, ends: tuple[int, int]) -> Int64s | None:
    """The directed segments between two others, when a machine can have driven that way between two fixes."""
    edge, target = ends
    observed_us = lattice.whole.fixes["observed_us"][fix - 1 : fix + 1]
    table = ground.reach.search(edge, UNSEEN_MM + UNSEEN_MMPS * int(np.ptp(observed_us)) // 1_000_000)
    entries = np.flatnonzero(table[:, EDGE] == target)
    if not len(entries):
        return None
    way, via = [], int(table[entries[0], VIA])
    while via != NONE:
        way.append(int(table[via, EDGE]))
        via = int(table[via, VIA])
    return np.array(way[::-1], np.int64)
