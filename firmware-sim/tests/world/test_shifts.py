"""What machines do through a night follows the settings, each of which has its effect."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from world.nights import HOUR_MS, START_MS, night, rows_of

from ploughsim.compiled import Array
from ploughsim.roads.lanes import road_graph
from ploughsim.roads.read import FOOTWAY, MAIN, RAMP, RoadNetwork
from ploughsim.world.machines import KINDS
from ploughsim.world.settings import SnowSettings
from ploughsim.world.truth import OFF_ROAD, Activity

MINUTE_MS = 60_000


def spells(rows: Array, activity: Activity) -> list[float]:
    """Minutes of each unbroken spell of an activity of one unit, but for those at the ends."""
    does = rows["activity"] == activity
    edges = np.flatnonzero(np.diff(does.astype(int)))
    begins = [edge for edge in edges if does[edge + 1]]
    return [
        float(rows["time_ms"][end] - rows["time_ms"][begin]) / MINUTE_MS
        for begin in begins
        for end in [min((edge for edge in edges if edge > begin), default=None)]
        if end is not None
    ]


def shares(rows: Array) -> dict[Activity, float]:
    counts = np.bincount(rows["activity"], minlength=len(Activity))
    return {activity: float(counts[activity]) / len(rows) for activity in Activity}


def test_forty_machines_are_at_work_within_the_first_minutes(town: RoadNetwork) -> None:
    world = night(town, machines=40)
    assert len(world.units) == 40
    assert len(world.truth(START_MS, START_MS + 1000, 1000)) == 40
    first = world.truth(START_MS + 5 * MINUTE_MS, START_MS + 6 * MINUTE_MS, 1000)
    assert shares(first)[Activity.WORK] > 0.6


def test_everything_that_belongs_to_a_machine_is_cleared_in_a_round(town: RoadNetwork) -> None:
    world = night(town, machines=12, kinds={"grader": 1.0, "truck": 1.0}, echelons=0.0, round_h=48.0)
    cleared = world.cleared(START_MS + 6 * HOUR_MS)
    carriageway = np.flatnonzero(town.kind == 0)
    lanes = 2 * cleared["row"].astype(int) + (cleared["direction"] < 0)
    assert set(lanes.tolist()) == set(road_graph(town).leaving.tolist())
    whole = np.zeros(len(town), np.int64)
    np.add.at(whole, cleared["row"], np.abs(cleared["to_mm"] - cleared["from_mm"]))
    both_ways = np.where(town.oneway[carriageway] == 0, 2, 1) * town.length_mm[carriageway].astype(np.int64)
    # Blades are lifted now and then.
    assert whole[carriageway].sum() > 0.95 * both_ways.sum()
    assert (whole[carriageway] <= both_ways).all()


def test_kinds_work_on_their_own_roads(town: RoadNetwork) -> None:
    world = night(town, machines=12, kinds={"small": 1.0, "spreader": 1.0, "grader": 1.0}, round_h=0.2)
    rows = rows_of(world, 1.0)
    works = rows[rows["activity"] == Activity.WORK]
    for unit in world.units:
        own = works[works["unit"] == unit.number]["row"]
        assert len(own)
        if unit.kind == "small":
            assert (town.kind[own] == FOOTWAY).all()
        elif unit.kind == "spreader":
            assert ((town.road_class[own] <= MAIN) | (town.road_class[own] == RAMP)).all()
        else:
            assert (town.kind[own] != FOOTWAY).all()
    assert {unit.kind for unit in world.units} == {"small", "spreader", "grader"}


def test_kinds_are_dealt_by_their_weights(town: RoadNetwork) -> None:
    kinds = [unit.kind for unit in night(town, machines=40, kinds={"grader": 3.0, "small": 1.0}).units]
    assert kinds.count("grader") == 30
    assert kinds.count("small") == 10


def test_ploughs_plough_and_spreaders_spread(town: RoadNetwork) -> None:
    world = night(town, machines=12, kinds={"rotary": 1.0, "spreader": 1.0, "dozer": 1.0})
    rows = rows_of(world, 0.5)
    for unit in world.units:
        own = rows[rows["unit"] == unit.number]
        works = own[own["activity"] == Activity.WORK]
        kind = KINDS[unit.kind]
        assert (works["spreader"] == kind.spreads).all()
        assert (works["blade"].mean() > 0.9) == (kind.blade_m > 0)
        assert (own["blade"][own["activity"] != Activity.WORK] == 0).all()
        speed_kmh = 3.6 * np.percentile(works["speed_mmps"], 99) / 1000
        assert kind.work_kmh[0] * 0.8 <= speed_kmh <= kind.work_kmh[1] * 1.1
        density = own["density_tenths"][own["spreader"] == 1]
        assert (density == kind.density_tenths).all()
        assert ((own["pto_input"] == own["blade"]) if kind.has_pto else (own["pto_input"] == -1)).all()
        assert (own["angle_tenths"][own["blade_input"] == 1] == kind.angle_tenths).all()


def test_agencies_share_the_machines_and_number_their_own(town: RoadNetwork) -> None:
    units = night(town, machines=9, agencies=["nation", "city"]).units
    assert [unit.device for unit in units if unit.agency == "nation"] == [f"plough-0{n}" for n in range(1, 6)]
    assert [unit.device for unit in units if unit.agency == "city"] == [f"plough-0{n}" for n in range(1, 5)]


def test_orders_come_at_the_minute_and_each_round(town: RoadNetwork) -> None:
    world = night(town, machines=6, order_after_min=10.0, round_h=1.0, muster_min=3.0, echelons=0.0)
    assert len(world.truth(START_MS, START_MS + 599_000, 1000)) == 0
    rows = rows_of(world, 1.5, from_h=0.16)
    for unit in range(6):
        own = rows[rows["unit"] == unit]
        assert own["time_ms"][0] == START_MS + 10 * MINUTE_MS
        left_min = (own["time_ms"][own["row"] != OFF_ROAD][0] - own["time_ms"][0]) / MINUTE_MS
        assert 0 < left_min < 3.5
    orders = world.orders(START_MS + HOUR_MS)
    assert [order.number for order in orders] == [1] * 6
    assert all(order.time_ms == START_MS + 10 * MINUTE_MS for order in orders)
    later = world.orders(START_MS + 2 * HOUR_MS)
    assert [order.number for order in later] == [2] * 6
    assert all(70 * MINUTE_MS < order.time_ms - START_MS < 74 * MINUTE_MS for order in later)


def test_orders_come_when_enough_snow_has_fallen(town: RoadNetwork) -> None:
    snow = SnowSettings(mm_per_h=30, hours=8)
    world = night(town, machines=6, order_at_cm=5.0, snow=snow, shift_h=10.0, echelons=0.0)
    orders = world.orders(START_MS + 12 * HOUR_MS)
    for machine in range(6):
        times = [order.time_ms for order in orders if order.machine == machine]
        # It falls twice as fast at most.
        assert 2 <= len(times) <= 9
        assert times == sorted(times)
        assert START_MS + 50 * MINUTE_MS < times[0] < START_MS + 6 * HOUR_MS
        assert times[-1] < START_MS + 8 * HOUR_MS
    assert len(world.truth(START_MS + 30 * HOUR_MS, START_MS + 30 * HOUR_MS + 60_000, 1000)) == 0


def test_without_snow_nobody_is_sent_out_for_snow(town: RoadNetwork) -> None:
    world = night(town, order_at_cm=5.0, snow=SnowSettings(mm_per_h=0))
    assert world.orders(START_MS + 20 * HOUR_MS) == []
    assert len(world.truth(START_MS + 20 * HOUR_MS, START_MS + 20 * HOUR_MS + 60_000, 1000)) == 0


def test_who_is_through_stands_by_until_the_next_round(town: RoadNetwork) -> None:
    rows = rows_of(night(town, machines=40, round_h=6.0, shift_h=8.0), 4.0, step_ms=10_000)
    last = rows[rows["time_ms"] > START_MS + 3.9 * HOUR_MS]
    assert shares(last)[Activity.STANDBY] > 0.5
    standing = rows[rows["activity"] == Activity.STANDBY]
    assert (standing["row"] == OFF_ROAD).all()
    again = rows_of(night(town, machines=40, round_h=1.0), 4.0, step_ms=10_000)
    assert shares(again)[Activity.STANDBY] < 0.5 * shares(rows)[Activity.STANDBY]


def test_breaks_come_when_they_are_due_and_last_as_told(town: RoadNetwork) -> None:
    rows = rows_of(night(town, machines=6, break_every_h=1.0, break_min=12.0), 4.0, step_ms=5_000)
    for unit in range(6):
        breaks = spells(rows[rows["unit"] == unit], Activity.BREAK)
        assert 1 <= len(breaks) <= 3
        assert all(abs(minutes - 12) < 0.2 for minutes in breaks)
    none = rows_of(night(town, machines=6, break_every_h=0.0), 4.0, step_ms=5_000)
    assert shares(none)[Activity.BREAK] == 0


def test_fuel_is_taken_in_the_yard(town: RoadNetwork) -> None:
    kinds = {"truck": 1.0}
    rows = rows_of(night(town, machines=2, kinds=kinds, refuel_every_h=0.7, echelons=0.0), 3.0, step_ms=5_000)
    refuels = rows[rows["activity"] == Activity.REFUEL]
    assert (refuels["row"] == OFF_ROAD).all()
    assert len(refuels)
    assert all(
        5.8 < minutes < 14.2 for unit in (0, 1) for minutes in spells(rows[rows["unit"] == unit], Activity.REFUEL)
    )
    never = rows_of(night(town, machines=2, kinds=kinds, refuel_every_h=0.0, echelons=0.0), 3.0, step_ms=5_000)
    assert shares(never)[Activity.REFUEL] == 0


def test_who_runs_out_of_salt_goes_home_for_more(town: RoadNetwork) -> None:
    kinds = {"spreader": 1.0}
    asked: dict[str, Any] = {"machines": 2, "kinds": kinds, "refuel_every_h": 0.0, "round_h": 0.1}
    short = rows_of(night(town, salt_km=4.0, **asked), 3.0, step_ms=5_000)
    plenty = rows_of(night(town, salt_km=900.0, **asked), 3.0, step_ms=5_000)
    assert shares(short)[Activity.REFUEL] > 0.03
    assert shares(plenty)[Activity.REFUEL] == 0


def test_a_shift_ends_in_the_yard_and_the_next_one_boots_the_tracker(town: RoadNetwork) -> None:
    rows = rows_of(night(town, machines=4, shift_h=1.0, rest_min=20.0, round_h=0.5), 4.0, step_ms=5_000)
    for unit in range(4):
        own = rows[rows["unit"] == unit]
        gaps = np.flatnonzero(np.diff(own["time_ms"]) > 10_000)
        assert len(gaps) >= 1
        assert (np.diff(own["time_ms"])[gaps] >= 20 * MINUTE_MS).all()
        assert (own["row"][gaps] == OFF_ROAD).all()
        assert (np.diff(own["boot"])[gaps] == 1).all()
        first_h = (own["time_ms"][gaps[0]] - START_MS) / HOUR_MS
        assert 1.0 <= first_h < 1.8


@pytest.mark.parametrize(("key", "value"), [("waits", 0.9), ("backing", 0.3), ("blade_lifts", 0.5)])
def test_habits_show(town: RoadNetwork, key: str, value: float) -> None:
    def figures(share: float) -> dict[str, float]:
        quiet: dict[str, Any] = {
            "waits": 0.0,
            "backing": 0.0,
            "blade_lifts": 0.0,
            "echelons": 0.0,
            "machines": 6,
            key: share,
        }
        rows = rows_of(night(town, kinds={"truck": 1.0}, **quiet), 0.5)
        on_road = rows[rows["row"] != OFF_ROAD]
        works = on_road[on_road["activity"] == Activity.WORK]
        back = (np.diff(rows["at_mm"]) * rows["direction"][1:].astype(int) < -200) & (np.diff(rows["row"]) == 0)
        back &= (np.diff(rows["unit"]) == 0) & (np.diff(rows["direction"]) == 0) & (rows["row"][1:] >= 0)
        return {
            "waits": float((works["speed_mmps"] == 0).mean()),
            "backing": float(back.mean()),
            "blade_lifts": float((works["blade"] == 0).mean()),
        }

    without, with_it = figures(0.0), figures(value)
    # It stands for an instant where it turns.
    assert without[key] < 0.001
    assert with_it[key] > 0.01
    assert all(with_it[other] < 0.001 for other in with_it if other != key)


def test_a_lifted_blade_is_down_again_within_seconds(town: RoadNetwork) -> None:
    rows = rows_of(night(town, machines=6, waits=0.0, backing=0.0, blade_lifts=0.5, kinds={"grader": 1.0}), 0.5)
    lengths = []
    for unit in range(6):
        own = rows[rows["unit"] == unit]
        up = (own["activity"] == Activity.WORK) & (own["blade"] == 0)
        edges = np.flatnonzero(np.diff(up.astype(int)))
        lengths += [b - a for a, b in pairwise(edges) if up[a + 1]]
    assert len(lengths) > 50
    assert 4 <= np.median(lengths) <= 11


def test_it_turns_round_standing_and_comes_back_on_the_other_side(town: RoadNetwork) -> None:
    rows = rows_of(night(town, machines=8, echelons=0.0, backing=0.0), 0.5)
    turned = (np.diff(rows["unit"]) == 0) & (rows["row"][:-1] == rows["row"][1:]) & (rows["row"][1:] >= 0)
    turned &= np.diff(rows["direction"].astype(int)) != 0
    assert turned.sum() > 20
    before = rows[:-1][turned]
    assert (before["activity"] == Activity.TURN).all()
    assert (before["speed_mmps"] < 600).all()
    assert (before["side_mm"] <= 0).mean() > 0.9


def test_closed_roads_are_driven_around(town: RoadNetwork) -> None:
    world = night(town, machines=10, detours=30, detour_after_min=50.0, round_h=0.5, echelons=0.0)
    assert len(world.closings) == 30
    rows = rows_of(world, 6.0, step_ms=2_000)
    driven = before = 0
    for row, from_ms in world.closings:
        assert from_ms >= START_MS + 50 * MINUTE_MS
        driven += int(((rows["row"] == row) & (rows["time_ms"] >= from_ms)).sum())
        before += int(((rows["row"] == row) & (rows["time_ms"] < from_ms)).sum())
    assert before > 50
    assert driven == 0
    others = rows_of(night(town, machines=10, detours=0, round_h=0.5, echelons=0.0), 6.0, step_ms=2_000)
    assert (
        sum(int(((others["row"] == row) & (others["time_ms"] >= from_ms)).sum()) for row, from_ms in world.closings)
        > 50
    )
    after = rows[rows["time_ms"] > START_MS + 4 * HOUR_MS]
    assert shares(after)[Activity.WORK] > 0.3


def test_a_parked_engine_says_that_its_blade_is_down(town: RoadNetwork) -> None:
    world = night(town, machines=8, parked_engines=2, kinds={"grader": 1.0})
    rows = rows_of(world, 8.0, step_ms=30_000)
    parked = [machine.number for machine in world.machines if machine.parked]
    assert len(parked) == 2
    own = rows[np.isin(rows["unit"], parked)]
    assert len(own) > 1_000
    assert (own["activity"] == Activity.PARKED).all()
    assert (own["row"] == OFF_ROAD).all()
    assert (own["blade_input"] == 1).all()
    assert (own["blade"] == 0).all()
    assert (own["speed_mmps"] == 0).all()
    assert not np.isin(world.cleared(START_MS + 8 * HOUR_MS)["machine"], parked).any()
    assert not {order.machine for order in world.orders(START_MS + 8 * HOUR_MS)} & set(parked)


def test_twins_are_in_one_place_at_one_time(town: RoadNetwork) -> None:
    world = night(town, machines=8, twins=3)
    twins = [unit for unit in world.units if unit.twin_of is not None]
    assert len(twins) == 3
    assert len({(unit.agency, unit.device) for unit in world.units}) == 11
    rows = rows_of(world, 0.3)
    for twin in twins:
        one, other = (rows[rows["unit"] == number] for number in (twin.number, twin.twin_of))
        assert world.units[twin.twin_of or 0].machine == twin.machine
        for name in ("time_ms", "lat_deg", "lon_deg", "speed_mmps", "activity"):
            assert (one[name] == other[name]).all()


def test_sensors_lag(town: RoadNetwork) -> None:
    world = night(town, machines=6, lagging_sensors=1.0, kinds={"grader": 1.0}, blade_lifts=0.3)
    rows = rows_of(world, 0.3, step_ms=100)
    for unit in range(6):
        own = rows[rows["unit"] == unit]
        assert (own["blade"] != own["blade_input"]).any()
        moved, seen = (own["time_ms"][1:][np.diff(own[name]) != 0] for name in ("blade", "blade_input"))
        late = seen - moved[: len(seen)]
        assert len(moved) - len(seen) <= 1 < len(seen)
        assert late.min() >= 900
        assert late.max() <= 2_100
        assert np.ptp(late) <= 100
    prompt = rows_of(night(town, machines=6, kinds={"grader": 1.0}, blade_lifts=0.3), 0.3)
    assert (prompt["blade"] == prompt["blade_input"]).all()


def test_sensors_stick_for_hours(town: RoadNetwork) -> None:
    world = night(town, machines=10, stuck_sensors=1.0, kinds={"grader": 1.0}, shift_h=30.0, round_h=0.2)
    rows = rows_of(world, 24.0, step_ms=60_000)
    for unit in range(10):
        own = rows[rows["unit"] == unit]
        wrong = own["time_ms"][own["blade"] != own["blade_input"]]
        if len(wrong):
            hours = np.sort((wrong - wrong[0]) % (24 * HOUR_MS)) / HOUR_MS
            span = 24 - np.diff(np.append(hours, hours[0] + 24)).max()
            assert span < 6.1
    assert (rows["blade"] != rows["blade_input"]).mean() > 0.02


def test_a_network_that_says_little_of_its_roads_is_worked_as_well(town: RoadNetwork) -> None:
    nothing = {
        name: np.zeros_like(getattr(town, name)) for name in ("road_class", "width_mm", "lanes", "priority", "kind")
    }
    world = night(replace(town, **nothing), machines=12)
    rows = rows_of(world, 0.5)
    works = rows[rows["activity"] == Activity.WORK]
    assert {unit.kind for unit in world.units} >= {"spreader", "grader", "truck"}
    assert set(works["unit"].tolist()) == set(range(12))


def test_there_may_be_more_machines_than_roads(town: RoadNetwork) -> None:
    world = night(town, machines=3_000, kinds={"spreader": 1.0}, echelons=0.0)
    rows = world.truth(START_MS + 5 * MINUTE_MS, START_MS + 5 * MINUTE_MS + 1000, 1000)
    assert len(rows) == 3_000
    assert shares(rows)[Activity.PARKED] == 0
