"""The truth: ploughs that clear a road network, one step at a time.

Deterministic: the same network, seed, number of ploughs and rate give the same night, and a restored world goes on as
if it had never stopped. At each node a plough takes the lane that was left alone longest, or where all are clear the
way to the nearest snow.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ploughsim.chance import draw, uniform
from ploughsim.thin.lanes import Lanes, spread_nodes

_PLOUGHS_PER_DEPOT = 5
_DEPARTURE_EVERY_S = 60
_LOOK_AHEAD_LANES = 500
_FRESH_FOR_S = 2 * 3600
_TRAVEL_MPS = 40 / 3.6
_WORK_MPS = (20 / 3.6, 30 / 3.6)
_CREEP_MPS = 0.5
_ACCELERATION_MPS2 = 0.7
_BRAKING_MPS2 = 1.0
# At a bend of more than so many degrees a plough is no faster than this.
_BEND_LIMITS_MPS = ((60.0, 3.0), (25.0, 6.0))
_STOP_CHANCE, _STOP_S = 0.25, (3, 15)
_PAUSE_CHANCE, _PAUSE_S = 0.004, (120, 600)

# What a draw decides.
_ORDER, _WORK_SPEED, _HALT, _HALT_LENGTH = range(4)
_NEVER = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """One plough at the end of a step; `at_m` is measured along the lane in the direction of travel."""

    tick: int
    lane: int
    segment_id: int
    at_m: float
    lat_deg: float
    lon_deg: float
    course_deg: float
    speed_mps: float
    blade_down: bool


@dataclass(slots=True, kw_only=True)
class Plough:
    """The state of one machine; `halt_ticks` is how long it will stand at the end of its lane."""

    lane: int
    next_lane: int
    at_m: float
    speed_mps: float
    cruise_mps: float
    exit_mps: float
    halt_ticks: int
    standing_ticks: int
    lanes_driven: int
    working: bool
    pausing: bool


class World:
    def __init__(self, lanes: Lanes, *, ploughs: int, seed: int, rate_hz: int) -> None:
        self._lanes = lanes
        self._seed = seed
        self._rate_hz = rate_hz
        self._fresh_ticks = _FRESH_FOR_S * rate_hz
        self.tick = 0
        # When a plough last chose the lane, and when one last cleared it.
        self._chosen_at = np.full(lanes.count, _NEVER, dtype=np.int64)
        self._cleared_at = np.full(lanes.count, _NEVER, dtype=np.int64)
        depots = spread_nodes(lanes, math.ceil(ploughs / _PLOUGHS_PER_DEPOT))
        self._ploughs = [self._parked(number, depots[number % len(depots)]) for number in range(ploughs)]
        for number, plough in enumerate(self._ploughs):
            plough.standing_ticks = number // len(depots) * _DEPARTURE_EVERY_S * rate_hz

    @property
    def ploughs(self) -> int:
        return len(self._ploughs)

    @property
    def identity(self) -> dict[str, Any]:
        """What must be equal for a state to belong to this world."""
        network_id = self._lanes.network.network_id
        return {"network_id": network_id, "ploughs": self.ploughs, "seed": self._seed, "rate_hz": self._rate_hz}

    def step(self) -> None:
        """One epoch of time passes."""
        self.tick += 1
        for number, plough in enumerate(self._ploughs):
            self._move(number, plough)

    def stand_still(self, ticks: int) -> None:
        """Time passes, and snow grows old, with nobody on the road."""
        self.tick += ticks

    def truth(self, number: int) -> Truth:
        plough = self._ploughs[number]
        lat_deg, lon_deg, course_deg = self._lanes.line(plough.lane).locate(plough.at_m)
        return Truth(
            tick=self.tick,
            lane=plough.lane,
            segment_id=int(self._lanes.network.segment_id[plough.lane // 2]),
            at_m=plough.at_m,
            lat_deg=lat_deg,
            lon_deg=lon_deg,
            course_deg=course_deg,
            speed_mps=plough.speed_mps,
            blade_down=plough.working and not plough.pausing,
        )

    def state(self) -> dict[str, Any]:
        return {
            "tick": self.tick,
            "chosen_at": self._chosen_at.tolist(),
            "cleared_at": self._cleared_at.tolist(),
            "ploughs": [asdict(plough) for plough in self._ploughs],
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.tick = state["tick"]
        self._chosen_at[:] = state["chosen_at"]
        self._cleared_at[:] = state["cleared_at"]
        self._ploughs = [Plough(**plough) for plough in state["ploughs"]]

    def _parked(self, number: int, node: int) -> Plough:
        lane = self._choose(self._lanes.leaving(node))
        plough = Plough(
            lane=lane,
            next_lane=lane,
            at_m=0.0,
            speed_mps=0.0,
            cruise_mps=_TRAVEL_MPS,
            exit_mps=_TRAVEL_MPS,
            halt_ticks=0,
            standing_ticks=0,
            lanes_driven=0,
            working=False,
            pausing=True,
        )
        self._enter(number, plough)
        return plough

    def _move(self, number: int, plough: Plough) -> None:
        if plough.standing_ticks > 0:
            plough.standing_ticks -= 1
            plough.speed_mps = 0.0
            return
        plough.pausing = False
        length_m = self._lanes.line(plough.lane).length_m
        plough.speed_mps = self._next_speed_mps(plough, length_m - plough.at_m)
        plough.at_m += plough.speed_mps / self._rate_hz
        while plough.at_m >= length_m and plough.standing_ticks == 0:
            plough.at_m -= length_m
            self._cross(number, plough)
            length_m = self._lanes.line(plough.lane).length_m

    def _next_speed_mps(self, plough: Plough, left_m: float) -> float:
        faster = plough.speed_mps + _ACCELERATION_MPS2 / self._rate_hz
        slower = plough.speed_mps - _BRAKING_MPS2 / self._rate_hz
        slow_enough = math.sqrt(plough.exit_mps**2 + 2 * _BRAKING_MPS2 * left_m)
        return max(_CREEP_MPS, min(faster, max(slower, plough.cruise_mps), slow_enough))

    def _cross(self, number: int, plough: Plough) -> None:
        """Past the node at the end of its lane, or to a halt there."""
        if plough.halt_ticks > 0:
            plough.at_m = 0.0
            plough.speed_mps = 0.0
            plough.standing_ticks = plough.halt_ticks
            plough.pausing = plough.halt_ticks >= _PAUSE_S[0] * self._rate_hz
        plough.lane = plough.next_lane
        self._enter(number, plough)

    def _enter(self, number: int, plough: Plough) -> None:
        plough.lanes_driven += 1
        plough.working = not self._is_fresh(plough.lane)
        if plough.working:
            self._cleared_at[plough.lane] = self.tick
        share = uniform(self._seed, _WORK_SPEED, number, plough.lanes_driven)
        slow, fast = _WORK_MPS
        plough.cruise_mps = slow + share * (fast - slow) if plough.working else _TRAVEL_MPS
        plough.next_lane = self._choose(self._onward(plough.lane))
        plough.halt_ticks = self._halt_ticks(number, plough.lanes_driven)
        plough.exit_mps = 0.0 if plough.halt_ticks else self._exit_mps(plough)

    def _choose(self, options: Sequence[int]) -> int:
        snowy = [lane for lane in options if not self._is_fresh(lane)]
        lane = min(snowy or self._towards_snow(options), key=self._order)
        self._chosen_at[lane] = self.tick
        return lane

    def _onward(self, lane: int) -> Sequence[int]:
        """The lanes after this one; the way back only when there is no other."""
        leaving = self._lanes.leaving(self._lanes.end_node(lane))
        return [onward for onward in leaving if onward != lane ^ 1] or leaving

    def _order(self, lane: int) -> tuple[int, int]:
        return int(self._chosen_at[lane]), draw(self._seed, _ORDER, lane)

    def _towards_snow(self, options: Sequence[int]) -> Sequence[int]:
        """The one that leads to snow over the fewest lanes, or all of them if there is none nearby."""
        first_of = {lane: lane for lane in options}
        waiting = deque(options)
        while waiting and len(first_of) < _LOOK_AHEAD_LANES:
            lane = waiting.popleft()
            for onward in self._onward(lane):
                if not self._is_fresh(onward):
                    return [first_of[lane]]
                if onward not in first_of:
                    first_of[onward] = first_of[lane]
                    waiting.append(onward)
        return options

    def _is_fresh(self, lane: int) -> bool:
        cleared_at = int(self._cleared_at[lane])
        return cleared_at != _NEVER and self.tick - cleared_at < self._fresh_ticks

    def _halt_ticks(self, number: int, lanes_driven: int) -> int:
        chance = uniform(self._seed, _HALT, number, lanes_driven)
        if chance >= _STOP_CHANCE:
            return 0
        shortest, longest = _PAUSE_S if chance < _PAUSE_CHANCE else _STOP_S
        share = uniform(self._seed, _HALT_LENGTH, number, lanes_driven)
        return round((shortest + share * (longest - shortest)) * self._rate_hz)

    def _exit_mps(self, plough: Plough) -> float:
        """Slow enough for the bend, and for the snow after it."""
        arriving = self._lanes.line(plough.lane).course_deg[-1]
        leaving = self._lanes.line(plough.next_lane).course_deg[0]
        bend_deg = abs((leaving - arriving + 180.0) % 360.0 - 180.0)
        straight_mps = _TRAVEL_MPS if self._is_fresh(plough.next_lane) else _WORK_MPS[1]
        return next((limit for angle_deg, limit in _BEND_LIMITS_MPS if bend_deg > angle_deg), straight_mps)
