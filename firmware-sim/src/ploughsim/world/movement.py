"""Machines put on their way: plans become legs in the timetable of all."""

import numpy as np
from numpy.typing import NDArray

from ploughsim.chance import draw, uniform
from ploughsim.compiled import Array
from ploughsim.world.fleet import NOBODY, Machine
from ploughsim.world.ground import YARD_MM, Ground
from ploughsim.world.legs import FOLLOWER, LEG, LEGS_PER_STRETCH, follow, time_out
from ploughsim.world.machines import KINDS
from ploughsim.world.routes import WORK
from ploughsim.world.settings import FleetSettings
from ploughsim.world.stretches import CREW, NEVER_MM, STRETCH, STRETCHES_PER_LANE, lay_out
from ploughsim.world.timetable import Timetable
from ploughsim.world.truth import Activity

_KMH = 1 / 3.6
_YARD_MPS = 3.0
_PLACES, _PLACE_MM = 5, 3_000
_GAPS_MM = (22_000, 38_000)
_WORD, _SPEED, _GAP = 0xC4E3, 0xC4E4, 0xC4E5


class Movement:
    """Each machine's crew, and how it drives, stands, and follows. `moved` are legs that nobody has seen yet."""

    def __init__(self, ground: Ground, machines: list[Machine], settings: FleetSettings, seed: int) -> None:
        self.timetable = Timetable(LEG, len(machines))
        self.moved: list[tuple[int, Array]] = []
        self._ground = ground
        self._machines = machines
        self._crews = _crews(machines, settings, seed)
        self._followers = np.zeros(len(machines), FOLLOWER)
        self._trails: dict[int, Array] = {}
        self._lend(1_000)

    def park(self, machine: Machine, time_ms: int, until_ms: int) -> None:
        """It stands in its yard with its engine on, facing the wall."""
        for number in _both(machine):
            leg = np.zeros(1, LEG)
            leg["start_ms"], leg["end_ms"], leg["activity"] = time_ms, until_ms, Activity.PARKED
            leg["lane"], leg["from_mm"] = 2 * self.yard_row(machine), YARD_MM
            leg["side_mm"] = self._crews["yard_side_mm"][number]
            self._crews["last_lane"][number] = leg["lane"][0]
            self._add(number, leg)

    def stand(self, machine: Machine, until_ms: int, activity: Activity) -> None:
        """It goes on standing where it is."""
        for number in _both(machine):
            leg = _at_rest(self.timetable.of(number)[-1:], float(until_ms), activity)
            self._add(number, leg)
        if machine.follower != NOBODY:
            self._followers["time_ms"][machine.follower] = until_ms

    def drive(self, machine: Machine, route: NDArray[np.int32]) -> int:
        """Along these lanes, to a stop; the millisecond at which it stands."""
        rows, offsets = (route & (WORK - 1)) >> 1, self._ground.ways.offsets
        vertices = int((offsets[rows + 1] - offsets[rows]).sum())
        self._room(STRETCHES_PER_LANE * (len(route) + 1) + vertices)
        crew = self._crews[machine.number : machine.number + 1]
        if machine.follower != NOBODY and len(route) and route[0] == 2 * self.yard_row(machine) + 1:
            self._set_off(machine)
        count = lay_out(self._ground.ways, crew[0], route, self._stretches)
        return self._go(machine, self._stretches[:count])

    def return_to_yard(self, machine: Machine) -> int:
        """What is between the follower and the yard, when the leader has arrived; the millisecond at which both are."""
        if machine.follower == NOBODY:
            return self._ends_ms(machine.number)
        last = self.timetable.of(machine.follower)[-1:]
        here = _at_rest(last, last["end_ms"], Activity.TRAVEL)
        one = np.zeros(1, STRETCH)
        one["lane"], one["from_mm"], one["to_mm"] = here["lane"], here["from_mm"], YARD_MM
        one["activity"], one["cap_mps"] = Activity.TRAVEL, _YARD_MPS
        one["side_mm"] = self._crews["yard_side_mm"][machine.follower]
        count = time_out(one, last[0], self._ends_mps, self._legs)
        self._add(machine.follower, self._legs[:count].copy())
        ends_ms = max(self._ends_ms(number) for number in _both(machine))
        self.stand(machine, ends_ms, Activity.STANDBY)
        return ends_ms

    def _set_off(self, machine: Machine) -> None:
        """One follows when the other is some way off."""
        gap_mm = self._crews["gap_mm"][machine.number]
        self._crews["until_stop_mm"][machine.number] = gap_mm
        last = self.timetable.of(machine.follower)[-1]
        state = self._followers[machine.follower : machine.follower + 1]
        state["time_ms"], state["into_mm"], state["until_mm"] = last["end_ms"], 0.0, gap_mm
        state["side_mm"], state["lane"] = last["side_mm"], last["lane"]
        self._trails[machine.number] = np.zeros(0, LEG)

    def _go(self, machine: Machine, stretches: Array) -> int:
        number = machine.number
        legs = self._legs[: time_out(stretches, self.timetable.of(number)[-1], self._ends_mps, self._legs)].copy()
        self._add(number, legs)
        if machine.follower != NOBODY:
            self._follow(machine, legs)
        return self._ends_ms(number)

    def _follow(self, machine: Machine, legs: Array) -> None:
        moving = legs[(legs["speed_mps"] != 0) | (legs["gain_mps2"] != 0)]
        trail = np.concatenate([self._trails[machine.number], moving])
        state = self._followers[machine.follower : machine.follower + 1]
        state["aside_mm"] = 1000 * KINDS[self._machines[machine.follower].kind].blade_m
        out = np.zeros(2 * len(legs) + 2 * len(trail) + 8, LEG)
        count, at = follow(legs, trail, state, out)
        self._trails[machine.number] = trail[at:].copy()
        self._add(machine.follower, out[:count])

    def _add(self, number: int, legs: Array) -> None:
        self.timetable.add(number, legs)
        self.moved.append((number, legs))

    def _ends_ms(self, number: int) -> int:
        return int(np.ceil(self.timetable.of(number)["end_ms"][-1]))

    def yard_row(self, machine: Machine) -> int:
        return self._ground.yards_from + machine.yard

    def _room(self, stretches: int) -> None:
        """Arrays to be lent, large enough."""
        if len(self._stretches) < stretches:
            self._lend(2 * stretches)

    def _lend(self, stretches: int) -> None:
        self._stretches = np.zeros(stretches, STRETCH)
        self._ends_mps = np.zeros(stretches)
        self._legs = np.zeros(stretches * LEGS_PER_STRETCH, LEG)


def _both(machine: Machine) -> list[int]:
    return [machine.number] if machine.follower == NOBODY else [machine.number, machine.follower]


def _at_rest(last: Array, until_ms: float | Array, activity: Activity) -> Array:
    """A leg that stands where another one ends."""
    leg = last.copy()
    seconds = (last["end_ms"] - last["start_ms"]) / 1000
    leg["from_mm"] += 1000 * (last["speed_mps"] * seconds + last["gain_mps2"] * seconds * seconds / 2)
    leg["side_mm"] += 1000 * last["drift_mps"] * seconds
    leg["start_ms"], leg["end_ms"], leg["activity"] = last["end_ms"], until_ms, activity
    for name in ("speed_mps", "gain_mps2", "drift_mps", "blade", "spreader"):
        leg[name] = 0
    return leg


def _crews(machines: list[Machine], settings: FleetSettings, seed: int) -> Array:
    crews = np.zeros(len(machines), CREW)
    in_yard: dict[int, int] = {}
    for one in machines:
        crew, kind = crews[one.number], KINDS[one.kind]
        low, high = kind.work_kmh
        crew["word"] = draw(seed, _WORD, one.number)
        crew["work_mps"] = _KMH * (low + (high - low) * uniform(seed, _SPEED, one.number))
        crew["travel_mps"] = _KMH * kind.travel_kmh
        crew["waits"], crew["lifts"], crew["backing"] = settings.waits, settings.blade_lifts, settings.backing
        if one.follower != NOBODY:
            crew["gap_mm"] = _GAPS_MM[0] + int((_GAPS_MM[1] - _GAPS_MM[0]) * uniform(seed, _GAP, one.number))
        crew["ploughs"], crew["spreads"] = kind.blade_m > 0, kind.spreads
        crew["until_stop_mm"] = NEVER_MM
        place = in_yard.get(one.yard, 0)
        in_yard[one.yard] = place + 1
        crew["yard_side_mm"] = _PLACE_MM * (place % _PLACES - _PLACES // 2)
    return crews
