"""A route laid out: what a machine means to do along it, stretch by stretch, with the speeds that it keeps to.

Halts at crossings, bends, turning round, backing off, and blades lifted over manholes are drawn here, each lane's by
the machine and by how many lanes it has driven.
"""

from math import cos
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ploughsim.chance import drawn, evenly
from ploughsim.compiled import Array, Record, compiled, part

WORKED = 1 << 30
# Numbers of `truth.Activity`.
TRAVEL, TURN, WORK = 4, 5, 6

STRETCH = np.dtype(
    [
        ("lane", np.int32),
        # Along the lane; backwards, `from_mm` is above `to_mm`.
        ("from_mm", np.int32),
        ("to_mm", np.int32),
        ("cap_mps", np.float32),
        ("end_mps", np.float32),
        # How long it then stands; only where it ends at 0.
        ("pause_ms", np.int32),
        ("side_mm", np.float32),
        ("activity", np.int8),
        ("blade", np.int8),
        ("spreader", np.int8),
    ],
    align=True,
)

CREW = np.dtype(
    [
        ("word", np.uint64),
        ("work_mps", np.float64),
        ("travel_mps", np.float64),
        ("waits", np.float64),
        ("lifts", np.float64),
        ("backing", np.float64),
        # Another machine follows so far behind, or 0.
        ("gap_mm", np.int32),
        ("yard_side_mm", np.int32),
        ("ploughs", np.int8),
        ("spreads", np.int8),
        # Where it goes on: lanes driven so far, the last one, and how far to the next stop for the one behind.
        ("driven", np.int64),
        ("last_lane", np.int32),
        ("until_stop_mm", np.int32),
        # Round a bend it goes slowly until the one behind is through, too: how far, and how fast.
        ("slow_mm", np.int32),
        ("slow_mps", np.float32),
    ],
    align=True,
)

STRETCHES_PER_LANE = 12
"""And one for each sharp vertex."""
NEVER_MM = 1 << 30
_GATE_MPS = 4.0
_BACKING_FROM_MM = 35_000
_CORNER_MM = 15_000
# For the one behind to turn, too.
_FOLLOWER_MS = 20_000
_BACKING_MPS = 2.0
_SHARP_RAD, _SHARP_MPS = 1.05, 3.0
_BEND_RAD, _BEND_MPS = 0.44, 6.0
_FREE_MPS = 99.0
_WAIT, _WAIT_MS, _PACE, _LIFT, _LIFT_AT, _LIFT_S, _BACK, _BACK_MM, _TURN_MS = range(9)


class Ways(NamedTuple):
    """Lanes as they are driven; rows behind those of the network lead from a node into a yard."""

    length_mm: NDArray[np.int32]
    offsets: NDArray[np.int64]
    at_mm: NDArray[np.int32]
    bend_mps: NDArray[np.float32]
    side_mm: NDArray[np.int32]
    heading: NDArray[np.float32]
    arriving: NDArray[np.float32]
    is_crossing: NDArray[np.bool_]
    yards_from: int


@compiled
def lay_out(ways: Ways, crew: Record, route: NDArray[np.int32], stretches: Array) -> int:
    """Fill in the stretches of a route, which ends with a stop; how many."""
    count = 0
    for place in range(len(route)):
        lane = route[place] & (WORKED - 1)
        following = -1
        if place + 1 < len(route):
            following = route[place + 1] & (WORKED - 1)
        _mind_the_one_behind(crew, 0, bend_limit(ways.heading[lane] - ways.arriving[crew.last_lane]))
        count = _lane(ways, crew, (lane, following, route[place] >= WORKED), stretches, count)
        crew.last_lane = lane
        crew.driven += 1
    return count


@part
def bend_limit(turn_rad: float) -> float:
    """How fast one goes round a bend of such an angle."""
    straight = cos(turn_rad)
    if straight < cos(_SHARP_RAD):
        return _SHARP_MPS
    return _BEND_MPS if straight < cos(_BEND_RAD) else _FREE_MPS


@part
def _lane(ways: Ways, crew: Record, task: tuple[int, int, bool], stretches: Array, count: int) -> int:
    """One lane, and what comes at its end."""
    lane, following, works = task
    length_mm, in_yard = ways.length_mm[lane >> 1], (lane >> 1) >= ways.yards_from
    word = drawn(drawn(crew.word, crew.driven), lane)
    if lane == crew.last_lane ^ 1 and not in_yard:
        count = _turn_round(ways, crew, evenly(drawn(word, _TURN_MS)), stretches, count)
    stop_mm, lift_mm, down_mm = _events(ways, crew, task, word)
    vertex, at_mm = ways.offsets[lane >> 1], 0
    if lane & 1:
        vertex = ways.offsets[(lane >> 1) + 1] - 1
    while at_mm < length_mm:
        vertex = _bend(ways, lane, vertex, at_mm)
        bend_mm = _along(ways, lane, vertex)
        one = stretches[count]
        count += 1
        one.lane, one.from_mm, one.end_mps, one.pause_ms = lane, at_mm, _FREE_MPS, 0
        one.blade = works and crew.ploughs == 1 and not lift_mm <= at_mm < down_mm
        one.spreader = works and crew.spreads == 1
        one.activity = WORK if works else TRAVEL
        corner_mm = _corner(ways, lane, following, bend_mm)
        one.cap_mps, one.side_mm = _manner(ways, crew, task, evenly(drawn(word, _PACE)), at_mm >= corner_mm)
        stop_behind_mm = at_mm + crew.until_stop_mm
        to_mm = length_mm
        for mark_mm in (bend_mm, stop_mm, lift_mm, down_mm, corner_mm, stop_behind_mm, at_mm + crew.slow_mm):
            if at_mm < mark_mm < to_mm:
                to_mm = mark_mm
        if to_mm == bend_mm:
            one.end_mps = ways.bend_mps[vertex]
        if to_mm == length_mm:
            one.end_mps = _end_limit(ways, lane, following)
        if to_mm == stop_mm:
            one.end_mps, one.pause_ms = 0.0, 3_000 + int(22_000 * evenly(drawn(word, _WAIT_MS)))
        if to_mm == stop_behind_mm:
            one.end_mps, one.pause_ms = 0.0, _FOLLOWER_MS
        crew.until_stop_mm = NEVER_MM if to_mm == stop_behind_mm else crew.until_stop_mm - (to_mm - at_mm)
        _mind_the_one_behind(crew, to_mm - at_mm, one.end_mps)
        one.to_mm = at_mm = to_mm
    if crew.gap_mm == 0 and works and length_mm > _BACKING_FROM_MM and evenly(drawn(word, _BACK)) < crew.backing:
        limit_mps = stretches[count - 1].end_mps
        count = _back_off(10_000 + int(20_000 * evenly(drawn(word, _BACK_MM))), stretches, count)
        stretches[count - 1].end_mps = min(_BACKING_MPS, limit_mps)
    return count


@part
def _manner(
    ways: Ways, crew: Record, task: tuple[int, int, bool], share: float, at_corner: bool
) -> tuple[float, float]:
    """How fast it drives, and how far to the left."""
    lane, _, works = task
    if (lane >> 1) >= ways.yards_from:
        return _GATE_MPS, 0.0 if lane & 1 else float(crew.yard_side_mm)
    speed_mps = crew.work_mps * (0.92 + 0.16 * share) if works else crew.travel_mps
    if crew.slow_mm > 0:
        speed_mps = min(speed_mps, float(crew.slow_mps))
    return speed_mps, 0.0 if at_corner else float(ways.side_mm[lane >> 1])


@part
def _corner(ways: Ways, lane: int, following: int, bend_mm: int) -> int:
    """From where on it takes the middle of the road, so as not to leap from one side of a corner to the other."""
    length_mm = int(ways.length_mm[lane >> 1])
    if bend_mm < length_mm or 0.0 < _end_limit(ways, lane, following) < _FREE_MPS:
        return min(bend_mm, length_mm) - _CORNER_MM
    return NEVER_MM


@part
def _mind_the_one_behind(crew: Record, driven_mm: int, end_mps: float) -> None:
    crew.slow_mm = max(crew.slow_mm - driven_mm, 0)
    if crew.gap_mm > 0 and 0.0 < end_mps < _FREE_MPS:
        if crew.slow_mm == 0 or end_mps < crew.slow_mps:
            crew.slow_mps = end_mps
        crew.slow_mm = crew.gap_mm


@part
def _bend(ways: Ways, lane: int, vertex: int, at_mm: int) -> int:
    """The next vertex behind this place that is to be passed slowly, or the last one."""
    last, step = ways.offsets[(lane >> 1) + 1] - 1, 1
    if lane & 1:
        last, step = ways.offsets[lane >> 1], -1
    while vertex != last and (_along(ways, lane, vertex) <= at_mm or ways.bend_mps[vertex] >= _FREE_MPS):
        vertex += step
    return vertex


@part
def _events(ways: Ways, crew: Record, task: tuple[int, int, bool], word: np.uint64) -> tuple[int, int, int]:
    """Where on a lane it stops before the crossing, and from where to where the blade is up; NEVER_MM for neither."""
    lane, following, works = task
    length_mm = ways.length_mm[lane >> 1]
    stop_mm = lift_mm = down_mm = NEVER_MM
    if following >= 0 and ways.is_crossing[lane] and length_mm > 30_000 and evenly(drawn(word, _WAIT)) < crew.waits:
        stop_mm = length_mm - 5_000
    if works and crew.ploughs == 1 and evenly(drawn(word, _LIFT)) < crew.lifts:
        lift_mm = 1 + int(0.8 * length_mm * evenly(drawn(word, _LIFT_AT)))
        down_mm = lift_mm + int(1000 * crew.work_mps * (5.0 + 5.0 * evenly(drawn(word, _LIFT_S))))
    return stop_mm, lift_mm, down_mm


@part
def _end_limit(ways: Ways, lane: int, following: int) -> float:
    """How fast it may be where a lane ends."""
    if following < 0 or following == lane ^ 1:
        return 0.0
    return bend_limit(ways.heading[following] - ways.arriving[lane])


@part
def _turn_round(ways: Ways, crew: Record, share: float, stretches: Array, count: int) -> int:
    """Across the road to the other lane, at the end of the last one."""
    lane = crew.last_lane
    one = stretches[count]
    one.lane, one.from_mm, one.to_mm = lane, ways.length_mm[lane >> 1], ways.length_mm[lane >> 1]
    one.cap_mps, one.end_mps, one.pause_ms = _BACKING_MPS, 0.0, 14_000 + int(12_000 * share)
    one.side_mm = -float(ways.side_mm[lane >> 1])
    one.activity, one.blade, one.spreader = TURN, 0, 0
    if crew.gap_mm > 0:
        crew.until_stop_mm = crew.gap_mm
    return count + 1


@part
def _back_off(back_mm: int, stretches: Array, count: int) -> int:
    """Back from the end of the lane, and forwards again."""
    there = stretches[count - 1]
    there.end_mps = 0.0
    end_mm, lane, side_mm = there.to_mm, there.lane, there.side_mm
    for way in range(2):
        one = stretches[count + way]
        one.lane, one.side_mm = lane, side_mm
        one.from_mm, one.to_mm = end_mm if way == 0 else end_mm - back_mm, end_mm - back_mm if way == 0 else end_mm
        one.cap_mps, one.end_mps, one.pause_ms = _BACKING_MPS, 0.0, 2_500 if way == 0 else 0
        one.activity, one.blade, one.spreader = TURN, 0, 0
    return count + 2


@part
def _along(ways: Ways, lane: int, vertex: int) -> int:
    """How far along the lane a point of its shape is."""
    at_mm = int(ways.at_mm[vertex])
    return int(ways.length_mm[lane >> 1]) - at_mm if lane & 1 else at_mm
