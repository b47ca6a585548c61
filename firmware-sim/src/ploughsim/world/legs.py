"""Legs: stretches of constant acceleration, from which a machine's place at any instant is a formula.

A machine brings its speed up by 0.7 m/s² and down by 1.0 m/s², and moves sideways by half a metre a second at most.
"""

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from ploughsim.compiled import Array, Record, compiled, part

LEG = np.dtype(
    [
        ("start_ms", np.float64),
        ("end_ms", np.float64),
        # Along the lane, whose direction is that of travel; backwards, the speed is negative.
        ("from_mm", np.float64),
        ("speed_mps", np.float64),
        ("gain_mps2", np.float64),
        ("side_mm", np.float64),
        ("drift_mps", np.float64),
        ("lane", np.int32),
        ("activity", np.int8),
        ("blade", np.int8),
        ("spreader", np.int8),
    ],
    align=True,
)

LEGS_PER_STRETCH = 4
ACCELERATION, BRAKING = 0.7, 1.0
DRIFT_MPS = 0.5
TURN = 5
_SHORTEST_S = 1e-6
_CLOSE_MM = 1.0


@compiled
def time_out(stretches: Array, before: Record, ends_mps: NDArray[np.float64], legs: Array) -> int:
    """Fill in the legs of stretches that begin and end with a stop, behind another leg; how many.

    `ends_mps` is lent: the speed at the end of each stretch.
    """
    last = len(stretches) - 1
    ends_mps[last] = 0.0
    for at in range(last - 1, -1, -1):
        one, following = stretches[at], stretches[at + 1]
        brakes = sqrt(ends_mps[at + 1] ** 2 + 2 * BRAKING * _metres(following))
        ends_mps[at] = min(float(one.end_mps), brakes, float(one.cap_mps), float(following.cap_mps))
    count, begin_mps = 0, 0.0
    time_ms, side_mm, lane = before.end_ms, _side_after(before), before.lane
    for at in range(last + 1):
        one = stretches[at]
        ends_mps[at] = min(ends_mps[at], sqrt(begin_mps**2 + 2 * ACCELERATION * _metres(one)))
        if one.lane == lane ^ 1:
            side_mm = -side_mm
        lane = one.lane
        first = count
        count = _drive(one, (begin_mps, ends_mps[at]), legs, count)
        begin_mps = ends_mps[at]
        if one.pause_ms > 0:
            count = _stand(one, legs, count)
        time_ms, side_mm = _move_aside(legs, (first, count), time_ms, side_mm, float(one.side_mm))
    return count


@compiled
def follow(leader: Array, trail: Array, state: Array, legs: Array) -> tuple[int, int]:
    """Legs of a machine that keeps its distance behind another one, along where that one went.

    `trail` are those legs of the leader that lead on, from where the follower is; `state` is one record: how
    far into the first of them it is (`into_mm`), when it goes on, and how it stands. How many legs there are, and on
    which leg of the trail it is now.
    """
    now = state[0]
    count = at = 0
    for step in range(len(leader)):
        lead = leader[step]
        speed_mps, gain = abs(lead.speed_mps), lead.gain_mps2 if lead.speed_mps >= 0 else -lead.gain_mps2
        if lead.speed_mps == 0.0:
            speed_mps, gain = 0.0, abs(lead.gain_mps2)
        left_s = (lead.end_ms - lead.start_ms) / 1000
        if now.until_mm > _CLOSE_MM and left_s > 0.0:
            # It waits until the one before it is far enough away.
            now.until_mm -= 1000 * (speed_mps * left_s + gain * left_s * left_s / 2)
            speed_mps = gain = 0.0
        while left_s > _SHORTEST_S:
            ahead_m = (_metres_of(trail[at]) * 1000 - now.into_mm) / 1000
            moves = speed_mps > 0.0 or gain > 0.0
            if moves and ahead_m <= 1e-6 and at + 1 < len(trail):
                at += 1
                now.into_mm = 0.0
                continue
            seconds = left_s
            if moves and at + 1 < len(trail):
                seconds = min(left_s, _seconds_for(ahead_m, speed_mps, gain))
            count = _shadow(trail, (at, step), leader, (speed_mps, gain, seconds), (now, legs, count))
            now.into_mm += 1000 * (speed_mps * seconds + gain * seconds * seconds / 2)
            speed_mps = max(speed_mps + gain * seconds, 0.0)
            left_s -= seconds
        # The leader's clock, so that nothing adds up.
        now.time_ms = lead.end_ms
        if count > 0:
            legs[count - 1].end_ms = lead.end_ms
    return count, at


FOLLOWER = np.dtype(
    [
        ("time_ms", np.float64),
        ("into_mm", np.float64),
        ("until_mm", np.float64),
        ("side_mm", np.float64),
        ("aside_mm", np.float64),
        ("lane", np.int32),
    ],
    align=True,
)


@part
def _shadow(
    trail: Array,
    where: tuple[int, int],
    leader: Array,
    motion: tuple[float, float, float],
    out: tuple[Record, Array, int],
) -> int:
    """One leg on a leg of the trail; standing, it does what the leader does."""
    now, legs, count = out
    speed_mps, gain, seconds = motion
    on, lead = trail[where[0]], leader[where[1]]
    if on.lane == now.lane ^ 1:
        now.side_mm = -now.side_mm
    now.lane = on.lane
    back = on.speed_mps < 0.0 or (on.speed_mps == 0.0 and on.gain_mps2 < 0.0)
    aside_mm = now.aside_mm if on.blade == 1 or on.spreader == 1 else 0.0
    target_mm = on.side_mm + on.drift_mps * (on.end_ms - on.start_ms) + aside_mm
    one = legs[count]
    one.start_ms, one.end_ms, one.lane = now.time_ms, now.time_ms + 1000 * seconds, on.lane
    one.from_mm = on.from_mm + (-now.into_mm if back else now.into_mm)
    one.speed_mps, one.gain_mps2 = (-speed_mps, -gain) if back else (speed_mps, gain)
    one.activity, one.blade, one.spreader = on.activity, on.blade, on.spreader
    if speed_mps == 0.0 and gain == 0.0:
        one.activity = lead.activity
        turns = _turns(trail, where[0], now.into_mm)
        if turns != 0:
            one.activity, one.blade, one.spreader = TURN, 0, 0
        if turns < 0:
            target_mm = -on.side_mm
    wish = (target_mm - now.side_mm) / max(1000 * seconds, 1e-3)
    one.side_mm, one.drift_mps = now.side_mm, min(max(wish, -DRIFT_MPS), DRIFT_MPS)
    now.side_mm += one.drift_mps * 1000 * seconds
    now.time_ms = one.end_ms
    return count + 1


@part
def _turns(trail: Array, at: int, into_mm: float) -> int:
    """-1 where the way turns back at the end of this leg, and that is here; 1 where it did at the beginning; else 0."""
    lane = trail[at].lane
    if trail[min(at + 1, len(trail) - 1)].lane == lane ^ 1 and _metres_of(trail[at]) * 1000 - into_mm < _CLOSE_MM:
        return -1
    if trail[max(at - 1, 0)].lane == lane ^ 1 and into_mm < _CLOSE_MM:
        return 1
    return 0


@part
def _seconds_for(metres: float, speed_mps: float, gain: float) -> float:
    """How long it takes to get so far; for ever where it comes to rest before."""
    square = speed_mps * speed_mps + 2 * gain * metres
    if square < 0.0 or (gain == 0.0 and speed_mps == 0.0):
        return 1e12
    return float(2 * metres / (speed_mps + sqrt(square)))


@part
def _metres(stretch: Record) -> float:
    return float(abs(stretch.to_mm - stretch.from_mm)) / 1000


@part
def _metres_of(leg: Record) -> float:
    seconds = (leg.end_ms - leg.start_ms) / 1000
    return float(abs(leg.speed_mps * seconds + leg.gain_mps2 * seconds * seconds / 2))


@part
def _side_after(leg: Record) -> float:
    return float(leg.side_mm + leg.drift_mps * (leg.end_ms - leg.start_ms))


@part
def _drive(stretch: Record, ends_mps: tuple[float, float], legs: Array, count: int) -> int:
    """Faster, steady, slower: what of the three there is. Times are filled in later: from 0 on."""
    begin_mps, end_mps = ends_mps
    metres = _metres(stretch)
    if metres == 0.0:
        return count
    way = 1.0 if stretch.to_mm > stretch.from_mm else -1.0
    square = 2 * ACCELERATION * BRAKING * metres + BRAKING * begin_mps**2 + ACCELERATION * end_mps**2
    top_mps = max(min(sqrt(square / (ACCELERATION + BRAKING)), float(stretch.cap_mps)), begin_mps, end_mps)
    up_s, down_s = (top_mps - begin_mps) / ACCELERATION, (top_mps - end_mps) / BRAKING
    up_m, down_m = up_s * (begin_mps + top_mps) / 2, down_s * (end_mps + top_mps) / 2
    steady_s = max(metres - up_m - down_m, 0.0) / top_mps
    at_mm = float(stretch.from_mm)
    for phase in range(3):
        seconds, speed_mps, gain = up_s, begin_mps, ACCELERATION
        if phase == 1:
            seconds, speed_mps, gain = steady_s, top_mps, 0.0
        elif phase == 2:
            seconds, speed_mps, gain = down_s, top_mps, -BRAKING
        if seconds > _SHORTEST_S:
            one = legs[count]
            one.lane, one.from_mm, one.speed_mps, one.gain_mps2 = stretch.lane, at_mm, way * speed_mps, way * gain
            one.activity, one.blade, one.spreader = stretch.activity, stretch.blade, stretch.spreader
            one.start_ms, one.end_ms = 0.0, 1000 * seconds
            at_mm += way * 1000 * (speed_mps * seconds + gain * seconds * seconds / 2)
            count += 1
    return count


@part
def _stand(stretch: Record, legs: Array, count: int) -> int:
    one = legs[count]
    one.lane, one.from_mm, one.speed_mps, one.gain_mps2 = stretch.lane, float(stretch.to_mm), 0.0, 0.0
    one.activity, one.blade, one.spreader = stretch.activity, stretch.blade, stretch.spreader
    one.start_ms, one.end_ms = 0.0, float(stretch.pause_ms)
    return count + 1


@part
def _move_aside(
    legs: Array, which: tuple[int, int], time_ms: float, side_mm: float, target_mm: float
) -> tuple[float, float]:
    """Set the clock of the legs of one stretch, and let them move sideways as evenly as can be; how both are then."""
    whole_ms = 0.0
    for at in range(which[0], which[1]):
        whole_ms += legs[at].end_ms
    drift = 0.0
    if whole_ms > 0.0:
        drift = min(max((target_mm - side_mm) / whole_ms, -DRIFT_MPS), DRIFT_MPS)
    for at in range(which[0], which[1]):
        one = legs[at]
        one.start_ms, one.end_ms = time_ms, time_ms + one.end_ms
        one.side_mm, one.drift_mps = side_mm, drift
        time_ms, side_mm = one.end_ms, side_mm + drift * (one.end_ms - one.start_ms)
    return time_ms, side_mm
