"""The nearest segment, with the direction of travel weighed in.

Cost in millimetres, smallest wins, ties by segment id:
  distance to the segment
  + `TURN_MM_PER_DEG` for each degree between course and segment, either way along it, when moving
  + `AGAINST_ONEWAY_MM` when the course is against a one-way street (ploughs do it, so it is a cost and not a wall)
  + `FOOTWAY_MM` on a footway.
Confidence is the margin to the runner-up on another segment; it is an order, not a probability.
"""

from dataclasses import dataclass

import numpy as np

from snowtrack.matching.window import Released
from snowtrack.model.columns import Int8s, Int32s, Int64s, present
from snowtrack.model.matches import NO_ROW, MatchBatch, MatchStatus
from snowtrack.network.arrays import Kind, Network
from snowtrack.network.cells import find_candidates
from snowtrack.network.geometry import Projected, project

TURN_MM_PER_DEG = 200
AGAINST_ONEWAY_MM = 10_000
FOOTWAY_MM = 5_000
MOVING_MMPS = 1_000
OFF_ROAD_MM = 30_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scored:
    """Pairs of a fix and a segment within the radius."""

    point: Int64s
    row: Int64s
    cost_mm: Int64s
    direction: Int8s
    at: Projected


def match_nearest(network: Network, released: list[Released]) -> MatchBatch:
    """Match each fix on its own; the answers stand in the order given."""
    if not released:
        return MatchBatch.empty()
    columns = dict(zip(released[0].fix._fields, np.array([r.fix for r in released], np.int64).T, strict=True))
    lat_e7, lon_e7 = columns["lat_e7"].astype(np.int32), columns["lon_e7"].astype(np.int32)
    scored = _score(network, lat_e7, lon_e7, columns["speed_mmps"], columns["course_cdeg"].astype(np.int32))
    winner, margin = _choose(scored, network, len(released))
    found = winner >= 0

    def chosen(values: Int32s | Int8s | Int64s, otherwise: Int32s | int) -> Int64s:
        picked = values[np.maximum(winner, 0)] if len(values) else np.zeros(len(winner), np.int64)
        return np.where(found, picked, otherwise)

    distance_mm = chosen(scored.at.distance_mm, 0)
    near = found & (distance_mm <= OFF_ROAD_MM)
    status = np.where(near, MatchStatus.MATCHED, np.where(found, MatchStatus.OFF_ROAD, MatchStatus.NO_CANDIDATE))
    return MatchBatch(
        device=columns["device"].astype(np.int32),
        observed_us=columns["observed_us"],
        track_us=np.array([r.track_us for r in released], np.int64),
        received_us=columns["received_us"],
        row=np.where(near, chosen(scored.row, NO_ROW), NO_ROW).astype(np.int32),
        direction=np.where(near, chosen(scored.direction, 0), 0).astype(np.int8),
        along_mm=np.where(near, chosen(scored.at.along_mm, 0), 0).astype(np.int32),
        distance_mm=distance_mm.astype(np.int32),
        status=status.astype(np.int8),
        confidence=np.where(near, margin, 0).astype(np.int16),
        lat_e7=np.where(near, chosen(scored.at.lat_e7, 0), lat_e7).astype(np.int32),
        lon_e7=np.where(near, chosen(scored.at.lon_e7, 0), lon_e7).astype(np.int32),
        speed_mmps=columns["speed_mmps"].astype(np.int32),
        course_cdeg=columns["course_cdeg"].astype(np.int32),
        blade=columns["blade"].astype(np.int8),
        trust=columns["trust"].astype(np.int8),
        fix_lat_e7=lat_e7,
        fix_lon_e7=lon_e7,
    )


def _score(network: Network, lat_e7: Int32s, lon_e7: Int32s, speed_mmps: Int64s, course_cdeg: Int32s) -> Scored:
    pairs = find_candidates(network, lat_e7, lon_e7)
    at = project(network, pairs.row, lat_e7[pairs.point], lon_e7[pairs.point])
    heading = (present(course_cdeg) & (speed_mmps >= MOVING_MMPS))[pairs.point]
    off_cdeg = (course_cdeg[pairs.point].astype(np.int64) - at.bearing_cdeg) % 36_000
    off_cdeg = np.minimum(off_cdeg, 36_000 - off_cdeg)
    direction = np.where(heading, np.where(off_cdeg <= 9_000, 1, -1), 0)
    turn_cdeg = np.minimum(off_cdeg, 18_000 - off_cdeg)
    against = heading & (network.oneway[pairs.row] == -direction)
    cost_mm = (
        at.distance_mm
        + np.where(heading, turn_cdeg * TURN_MM_PER_DEG // 100, 0)
        + np.where(against, AGAINST_ONEWAY_MM, 0)
        + np.where(network.kind[pairs.row] == Kind.FOOTWAY, FOOTWAY_MM, 0)
    )
    within = at.distance_mm <= network.candidate_radius_m * 1000
    kept = np.flatnonzero(within)
    return Scored(
        point=pairs.point[kept],
        row=pairs.row[kept],
        cost_mm=cost_mm[kept].astype(np.int64),
        direction=direction[kept].astype(np.int8),
        at=Projected(**{name: getattr(at, name)[kept] for name in Projected.__slots__}),
    )


def _choose(scored: Scored, network: Network, points: int) -> tuple[Int64s, Int64s]:
    """Per point the pair that wins (-1 for none) and its margin in thousandths."""
    order = np.lexsort((network.segment_id[scored.row], scored.cost_mm, scored.point))
    first = np.searchsorted(scored.point[order], np.arange(points))
    ends = np.searchsorted(scored.point[order], np.arange(points), side="right")
    if not len(order):
        return np.full(points, -1), np.zeros(points, np.int64)
    has, has_second = first < ends, first + 1 < ends
    winner = np.where(has, order[np.minimum(first, len(order) - 1)], -1)
    second = order[np.minimum(first + 1, len(order) - 1)]
    best_mm, second_mm = scored.cost_mm[np.maximum(winner, 0)], scored.cost_mm[second]
    margin = np.where(has_second, (second_mm - best_mm) * 1000 // np.maximum(second_mm, 1), 1000)
    return winner, np.where(has, margin, 0)
