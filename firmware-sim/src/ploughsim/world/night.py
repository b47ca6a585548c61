"""The whole night: roads, snow and machines, asked for ascending instants."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ploughsim.chance import uniform
from ploughsim.compiled import Array
from ploughsim.roads.read import RoadNetwork
from ploughsim.world.detours import Detours
from ploughsim.world.fleet import NOBODY, muster, units_of
from ploughsim.world.ground import METRES_PER_DEGREE, lay_ground
from ploughsim.world.machines import KINDS, Unit
from ploughsim.world.movement import Movement
from ploughsim.world.outcome import add_work, legs_over, note_cleared
from ploughsim.world.positions import FITTING, fill_truth
from ploughsim.world.power import Power
from ploughsim.world.settings import FleetSettings, SnowSettings
from ploughsim.world.shifts import NEVER_MS, Order, Shifts
from ploughsim.world.snow import Snowfall
from ploughsim.world.truth import CLEARED, TRUTH, Activity

_HOUR_MS, _DAY_MS = 3_600_000, 86_400_000
_JST_MS = 9 * _HOUR_MS
# Legs are kept so long behind the last instant that was asked for, for switches that lag.
_KEPT_MS = 5_000
# Plans reach beyond the minute of an instant: power cuts are known by the minute.
_AHEAD_MS = 61_000
_LAG, _LAG_MS, _STUCK, _STUCK_AT, _STUCK_FROM, _STUCK_FOR = range(0x5E00, 0x5E06)


class World:
    """A pure function of (network, settings, seed, start). Nothing depends on how the calls cut the time; each call
    begins where the one before of its kind ended, or later. What was cleared and ordered is kept for a day."""

    def __init__(
        self, network: RoadNetwork, fleet: FleetSettings, snow: SnowSettings, *, seed: int, start_ms: int
    ) -> None:
        self.network = network
        self.start_ms = start_ms
        self.machines, yard_nodes = muster(network, fleet, seed)
        self.units: Sequence[Unit] = units_of(self.machines, fleet, seed)
        self._ground = lay_ground(network, yard_nodes)
        self._snow = Snowfall(snow, seed=seed, start_ms=start_ms)
        self._movement = Movement(self._ground, self.machines, fleet, seed)
        self._power = Power(len(self.units), cuts_per_h=fleet.power_cuts_per_h, seed=seed)
        self._fittings = _fit(self.units, fleet, seed)
        for unit in self.units:
            self._fittings["parked"][unit.number] = self.machines[unit.machine].parked
        self._units_on: list[list[int]] = [[] for _ in self.machines]
        for unit in self.units:
            self._units_on[unit.machine].append(unit.number)
        closings = Detours(network, seed=seed, start_ms=start_ms, count=fleet.detours, after_min=fleet.detour_after_min)
        self.closings: Sequence[tuple[int, int]] = closings.closings
        self._shifts = Shifts(self.machines, self._movement, self._snow, fleet, closings)
        east_m, north_m = _metres(network, network.node_lat_e7, network.node_lon_e7)
        depots = [one.depot for one in self.machines]
        self._planned_ms = self._shifts.begin(list(zip(east_m[depots].tolist(), north_m[depots].tolist(), strict=True)))
        self._pending: list[Array] = []
        self._next_end_ms = NEVER_MS
        self._ended: list[Array] = []
        self._cleared_ms = np.zeros(2 * len(network), np.int64)
        self._work: dict[int, NDArray[np.float64]] = {}
        self._worked_ms = self._forgotten_ms = start_ms
        self._lane_places: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None

    def truth(self, first_ms: int, stop_ms: int, step_ms: int) -> Array:
        """TRUTH rows of all units with power at the multiples of a step, by unit and time."""
        if first_ms < self._forgotten_ms:
            raise ValueError(f"the night has gone on to {self._forgotten_ms}; {first_ms} is forgotten")
        self.run_to(first_ms)
        self._plan(stop_ms)
        steps = -(-stop_ms // step_ms) + (-first_ms // step_ms)
        rows = np.empty(len(self.units) * max(steps, 0), TRUTH)
        count = fill_truth(
            self._ground.shown,
            self._fittings,
            self._movement.timetable.pool,
            self._power.pool,
            (first_ms, stop_ms, step_ms),
            rows,
        )
        return rows[:count]

    def run_to(self, time_ms: int) -> None:
        """Let time pass without looking."""
        for until_ms in [*range(self._forgotten_ms + _HOUR_MS, time_ms, _HOUR_MS), time_ms]:
            self._plan(until_ms)
            self._forget(until_ms)

    def cleared(self, until_ms: int) -> Array:
        """CLEARED rows that ended by then and were not given before, by end, machine and beginning."""
        self._settle(until_ms)
        rows = np.concatenate([np.empty(0, CLEARED), *self._ended])
        self._ended = []
        return rows

    def under_way(self, until_ms: int) -> Array:
        """CLEARED rows that have begun by then and will end later."""
        self._settle(until_ms)
        rows = np.concatenate([np.empty(0, CLEARED), *self._pending])
        return rows[rows["start_ms"] < until_ms]

    def orders(self, until_ms: int) -> list[Order]:
        """Orders that were due by then and were not given before, by time and machine."""
        self._plan(until_ms)
        due = sorted((one for one in self._shifts.orders if one.time_ms <= until_ms), key=lambda one: one[::-1])
        self._shifts.orders = [one for one in self._shifts.orders if one.time_ms > until_ms]
        return due

    def depth_mm(self, time_ms: int) -> NDArray[np.float64]:
        """How deep the snow lies on each lane."""
        self._settle(time_ms)
        if self._lane_places is None:
            network = self.network
            middle = (network.shape_offsets[:-1] + network.shape_offsets[1:]) // 2
            metres = _metres(network, network.shape_lat_e7[middle], network.shape_lon_e7[middle])
            self._lane_places = np.repeat(metres[0], 2), np.repeat(metres[1], 2)
        return self._snow.depth_mm(self._lane_places, self._cleared_ms, time_ms)

    def work(self, until_ms: int) -> dict[int, NDArray[np.float64]]:
        """Seconds and metres by machine and activity, until then, of each day in Asia/Tokyo (days since 1970)."""
        self._plan(until_ms)
        self._account(until_ms)
        return self._work

    def _plan(self, until_ms: int) -> None:
        """Everybody's plan reaches beyond an instant. Machines that follow are planned by those before them."""
        for number in np.flatnonzero(self._planned_ms <= until_ms + _AHEAD_MS).tolist():
            while self._planned_ms[number] <= until_ms + _AHEAD_MS:
                self._planned_ms[number] = self._shifts.go_on(number)
                self._switch()
            for unit in self._units_of(number):
                self._power.know(unit, int(self._planned_ms[number]))
        self._collect()

    def _units_of(self, number: int) -> list[int]:
        """The units on a machine, and on the one that follows it."""
        follower = self.machines[number].follower
        return self._units_on[number] + (self._units_on[follower] if follower != NOBODY else [])

    def _switch(self) -> None:
        """Power comes and goes with the engine."""
        for number, time_ms, is_on in self._shifts.switched:
            for unit in self._units_of(number):
                if is_on:
                    self._power.switch_on(unit, time_ms)
                else:
                    self._power.know(unit, time_ms)
                    self._power.switch_off(unit, time_ms)
        self._shifts.switched.clear()

    def _collect(self) -> None:
        """What the legs planned last will have cleared."""
        for number, legs in self._movement.moved:
            rows = np.zeros(len(legs), CLEARED)
            rows = rows[: note_cleared(legs, number, self._ground.ways.length_mm, rows)]
            rows = rows[rows["from_mm"] != rows["to_mm"]]
            if len(rows):
                self._pending.append(rows)
                self._next_end_ms = min(self._next_end_ms, int(rows["end_ms"].min()))
        self._movement.moved.clear()

    def _settle(self, until_ms: int) -> None:
        """Move what has ended by then from what is pending to what has ended."""
        self._plan(until_ms)
        if self._next_end_ms > until_ms:
            return
        rows = np.concatenate(self._pending)
        over = rows["end_ms"] <= until_ms
        ended, rows = rows[over], rows[~over]
        ended = ended[np.lexsort((ended["start_ms"], ended["machine"], ended["end_ms"]))]
        self._pending = [rows] if len(rows) else []
        self._next_end_ms = int(rows["end_ms"].min()) if len(rows) else NEVER_MS
        self._ended.append(ended)
        ploughed = ended[ended["ploughed"]]
        np.maximum.at(
            self._cleared_ms, 2 * ploughed["row"].astype(np.int64) + (ploughed["direction"] < 0), ploughed["end_ms"]
        )

    def _forget(self, before_ms: int) -> None:
        """Legs and spans that nobody can ask for any more."""
        self._account(before_ms)
        self._forgotten_ms = max(before_ms, self._forgotten_ms)
        pool = self._movement.timetable.pool
        first = pool.first.copy()
        legs_over(pool.rows, pool.stop, before_ms - _KEPT_MS, first)
        self._movement.timetable.drop(first)
        self._power.forget(before_ms - _KEPT_MS)
        if self._next_end_ms < before_ms - _DAY_MS - _HOUR_MS:
            self._settle(before_ms - _DAY_MS)
            self._ended = []
        orders = self._shifts.orders
        if orders and orders[0].time_ms < before_ms - _DAY_MS - _HOUR_MS:
            self._shifts.orders = [one for one in orders if one.time_ms >= before_ms - _DAY_MS]

    def _account(self, until_ms: int) -> None:
        """Add up what the machines have done until then, day by day."""
        pool = self._movement.timetable.pool
        while self._worked_ms < until_ms:
            day = (self._worked_ms + _JST_MS) // _DAY_MS
            to_ms = min((day + 1) * _DAY_MS - _JST_MS, until_ms)
            if day not in self._work:
                self._work[day] = np.zeros((len(self.machines), len(Activity), 2))
            add_work(pool.rows, pool.first, pool.stop, (float(self._worked_ms), float(to_ms)), self._work[day])
            self._worked_ms = to_ms


def _fit(units: Sequence[Unit], settings: FleetSettings, seed: int) -> Array:
    """Switches, and what is wrong with some of them."""
    fittings = np.zeros(len(units), FITTING)
    for unit in units:
        one, kind, number = fittings[unit.number], KINDS[unit.kind], unit.number
        one["machine"] = unit.machine
        one["has_blade_input"], one["has_spreader_input"] = unit.has_blade_input, unit.has_spreader_input
        one["has_pto_input"] = kind.has_pto and unit.has_blade_input
        one["angle_tenths"], one["density_tenths"] = kind.angle_tenths, kind.density_tenths
        one["width_tenths"] = round(10 * kind.spread_m)
        if uniform(seed, _LAG, number) < settings.lagging_sensors:
            one["lag_ms"] = 1_000 + int(1_000 * uniform(seed, _LAG_MS, number))
        if uniform(seed, _STUCK, number) < settings.stuck_sensors:
            one["stuck_at"] = uniform(seed, _STUCK_AT, number) < 0.5
            one["stuck_from_ms"] = int(_DAY_MS * uniform(seed, _STUCK_FROM, number))
            one["stuck_for_ms"] = int(_HOUR_MS * (2 + 4 * uniform(seed, _STUCK_FOR, number)))
    return fittings


def _metres(
    network: RoadNetwork, lat_e7: NDArray[np.int32], lon_e7: NDArray[np.int32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """On a plane, from the network's south-western corner."""
    south, west = network.node_lat_e7.min() / 1e7, network.node_lon_e7.min() / 1e7
    narrow = np.cos(np.radians(south))
    return (lon_e7 / 1e7 - west) * METRES_PER_DEGREE * narrow, (lat_e7 / 1e7 - south) * METRES_PER_DEGREE
