"""What a machine does through the night: from the order to the yard again, round after round, as far as is asked.

A machine knows only its own roads, orders and needs, so that its night does not depend on the others'.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ploughsim.chance import uniform
from ploughsim.world.detours import Detours
from ploughsim.world.fleet import Machine
from ploughsim.world.machines import KINDS
from ploughsim.world.movement import Movement
from ploughsim.world.routes import WORK
from ploughsim.world.settings import FleetSettings
from ploughsim.world.snow import Snowfall
from ploughsim.world.truth import Activity

_HOUR_MS, _MINUTE_MS = 3_600_000, 60_000
NEVER_MS = 1 << 61
_CHUNK_S, _CHUNK_LANES = 1_200.0, 400
_STANDBY_MS = 30 * _MINUTE_MS
_READY_S = 10
_MUSTER, _REFUEL, _START = 0x3057, 0x3058, 0x3059
_REFUEL_MIN = (6, 14)


class Order(NamedTuple):
    """Go out: the how-manieth order of a machine."""

    machine: int
    number: int
    time_ms: int


@dataclass(slots=True)
class _Duty:
    """How it stands with a machine: the time up to which all is planned, and what comes then."""

    planned_ms: int
    due_ms: int
    orders: int = 0
    awake: bool = False
    in_yard: bool = True
    at: int = 0
    node: int = 0
    shift_ends_ms: int = 0
    break_due_ms: int = NEVER_MS
    refuel_due_ms: int = NEVER_MS
    salt_left_mm: int = 0


class Shifts:
    """`switched` tells of engines: machine, time, on or off. Orders are known before they are due."""

    def __init__(
        self, machines: list[Machine], movement: Movement, snow: Snowfall, settings: FleetSettings, detours: Detours
    ) -> None:
        self.orders: list[Order] = []
        self.switched: list[tuple[int, int, bool]] = []
        self._machines = machines
        self._movement = movement
        self._snow = snow
        self._settings = settings
        self._detours = detours
        self._seed, self._start_ms = detours.seed, detours.start_ms
        self._duties: list[_Duty] = []

    def begin(self, places: list[tuple[float, float]]) -> NDArray[np.int64]:
        """The first orders, for machines whose roads lie at these places; when each plan ends."""
        self._places = places
        for machine in self._machines:
            duty = _Duty(planned_ms=self._start_ms, due_ms=NEVER_MS, node=machine.depot)
            self._duties.append(duty)
            if machine.parked:
                duty.due_ms = self._start_ms + int(_HOUR_MS * uniform(self._seed, _START, machine.number) / 2)
            elif len(machine.route):
                self._next_order(machine, duty, self._start_ms, first=True)
            duty.planned_ms = duty.due_ms
        return np.array([duty.planned_ms for duty in self._duties])

    def go_on(self, number: int) -> int:
        """Plan what comes next for a machine; up to when it is planned then."""
        machine, duty = self._machines[number], self._duties[number]
        if not duty.awake:
            self._wake(machine, duty)
        elif duty.in_yard:
            self._in_yard(machine, duty)
        elif duty.break_due_ms <= duty.planned_ms:
            self._rest(machine, duty)
        else:
            self._work(machine, duty)
        return duty.planned_ms

    def _wake(self, machine: Machine, duty: _Duty) -> None:
        """The engine warms up, and the crew comes."""
        settings, now = self._settings, duty.planned_ms
        muster_ms = settings.muster_min * _MINUTE_MS - 1000 * _READY_S
        until_ms = now + 1000 * _READY_S + int(muster_ms * uniform(self._seed, _MUSTER, machine.number, duty.orders))
        self.switched.append((machine.number, now, True))
        self._movement.park(machine, now, until_ms)
        duty.awake, duty.planned_ms = True, until_ms
        duty.shift_ends_ms = now + int(settings.shift_h * _HOUR_MS)
        duty.break_due_ms = _after(now, settings.break_every_h)
        duty.refuel_due_ms = _after(now, settings.refuel_every_h)
        duty.salt_left_mm = int(settings.salt_km * 1e6)

    def _in_yard(self, machine: Machine, duty: _Duty) -> None:
        now = duty.planned_ms
        if machine.parked and now < duty.shift_ends_ms:
            self._stand(machine, duty, min(now + _STANDBY_MS, duty.shift_ends_ms), Activity.PARKED)
        elif now >= duty.shift_ends_ms or (duty.due_ms == NEVER_MS and duty.at == 0):
            self._sleep(machine, duty)
        elif self._needs(machine, duty):
            low, high = _REFUEL_MIN
            minutes = low + (high - low) * uniform(self._seed, _REFUEL, machine.number, now)
            duty.refuel_due_ms = _after(now, self._settings.refuel_every_h)
            duty.salt_left_mm = int(self._settings.salt_km * 1e6)
            self._stand(machine, duty, now + int(minutes * _MINUTE_MS), Activity.REFUEL)
        elif duty.break_due_ms <= now:
            self._rest(machine, duty)
        elif duty.at > 0 or duty.due_ms <= now:
            self._work(machine, duty)
        else:
            until_ms = min(duty.due_ms, duty.shift_ends_ms, now + _STANDBY_MS)
            self._stand(machine, duty, until_ms, Activity.STANDBY)

    def _sleep(self, machine: Machine, duty: _Duty) -> None:
        """The engine stops, until the crew has rested and there is something to do."""
        self.switched.append((machine.number, duty.planned_ms, False))
        rested_ms = duty.planned_ms + int(self._settings.rest_min * _MINUTE_MS)
        if machine.parked:
            duty.due_ms = rested_ms
        duty.planned_ms = rested_ms if duty.at > 0 else max(rested_ms, duty.due_ms)
        duty.awake = False

    def _rest(self, machine: Machine, duty: _Duty) -> None:
        duty.break_due_ms = _after(duty.planned_ms, self._settings.break_every_h)
        until_ms = duty.planned_ms + int(self._settings.break_min * _MINUTE_MS)
        self._stand(machine, duty, until_ms, Activity.BREAK)

    def _stand(self, machine: Machine, duty: _Duty, until_ms: int, activity: Activity) -> None:
        self._movement.stand(machine, until_ms, activity)
        duty.planned_ms = until_ms

    def _work(self, machine: Machine, duty: _Duty) -> None:
        """The next lanes of the round, or back to the yard where it cannot go on or is through."""
        if duty.at == 0 and duty.in_yard:
            self._next_order(machine, duty, duty.planned_ms, first=False)
        lanes = self._chunk(machine, duty)
        through = duty.at + len(lanes) >= len(machine.route)
        returns = through or (not duty.in_yard and self._must_return(machine, duty))
        if returns and not through:
            lanes = lanes[:0]
        way = self._detours.joined(machine, duty.node, lanes, duty.planned_ms, home=returns)
        gate = 2 * self._movement.yard_row(machine)
        leaves = [gate + 1] if duty.in_yard else []
        enters = [gate] if returns else []
        route = np.concatenate([np.array(leaves, np.int32), way, np.array(enters, np.int32)])
        duty.planned_ms = self._movement.drive(machine, route)
        duty.salt_left_mm -= int(machine.lanes.length_mm[way[way >= WORK] - WORK].sum(dtype=np.int64))
        duty.at = 0 if through else duty.at + len(lanes)
        duty.in_yard = returns
        duty.node = int(machine.lanes.end[way[-1] & (WORK - 1)]) if len(way) else duty.node
        if returns:
            duty.planned_ms = self._movement.return_to_yard(machine)

    def _chunk(self, machine: Machine, duty: _Duty) -> NDArray[np.int32]:
        """As many lanes as take some twenty minutes."""
        lanes = machine.route[duty.at : duty.at + _CHUNK_LANES]
        low, high = KINDS[machine.kind].work_kmh
        speed_mps = np.where(lanes >= WORK, (low + high) / 2, KINDS[machine.kind].travel_kmh) / 3.6
        seconds = np.cumsum(machine.lanes.length_mm[lanes & (WORK - 1)] / 1000 / speed_mps)
        return lanes[: max(int(np.searchsorted(seconds, _CHUNK_S)), 1)]

    def _must_return(self, machine: Machine, duty: _Duty) -> bool:
        return duty.planned_ms >= duty.shift_ends_ms or self._needs(machine, duty)

    def _needs(self, machine: Machine, duty: _Duty) -> bool:
        """Fuel or salt."""
        return duty.refuel_due_ms <= duty.planned_ms or (KINDS[machine.kind].spreads and duty.salt_left_mm <= 0)

    def _next_order(self, machine: Machine, duty: _Duty, after_ms: int, *, first: bool) -> None:
        settings = self._settings
        if settings.order_at_cm > 0:
            due_ms = self._snow.reaches_ms(self._places[machine.number], 10 * settings.order_at_cm, after_ms)
        elif first:
            due_ms = self._start_ms + int(settings.order_after_min * _MINUTE_MS)
        else:
            due_ms = after_ms + int(settings.round_h * _HOUR_MS)
        duty.due_ms = NEVER_MS if due_ms is None else due_ms
        if due_ms is not None:
            self.orders.append(Order(machine.number, duty.orders + 1, due_ms))
            duty.orders += 1


def _after(now_ms: int, hours: float) -> int:
    """0 hours stand for never."""
    return now_ms + int(hours * _HOUR_MS) if hours > 0 else NEVER_MS
