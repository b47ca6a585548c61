"""A night is one night, however it is asked for, and its tables agree with each other."""

import pickle
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from world.nights import HOUR_MS, START_MS, night, rows_of

from ploughsim.compiled import Array
from ploughsim.roads.read import RoadNetwork
from ploughsim.world.settings import SnowSettings
from ploughsim.world.snow import RESIDUE_MM
from ploughsim.world.truth import OFF_ROAD, UNKNOWN_INPUT, Activity

EVERYTHING: dict[str, Any] = {
    "machines": 14, "echelons": 0.3, "power_cuts_per_h": 12.0, "blade_sensors": 0.8, "lagging_sensors": 0.5,
    "stuck_sensors": 0.5, "twins": 3, "parked_engines": 2, "detours": 5, "detour_after_min": 5.0, "backing": 0.1,
    "blade_lifts": 0.2, "round_h": 0.3, "shift_h": 0.6, "rest_min": 3.0, "break_every_h": 0.3, "break_min": 4.0,
    "refuel_every_h": 0.5, "salt_km": 3.0, "agencies": ["kanazawa", "nation"],
}  # fmt: skip


def same(one: Array, other: Array) -> bool:
    return one.dtype == other.dtype and all((one[name] == other[name]).all() for name in one.dtype.names or ())


def test_one_call_is_many_calls(town: RoadNetwork) -> None:
    whole = night(town, **EVERYTHING).truth(START_MS, START_MS + 900_000, 1000)
    world, parts = night(town, **EVERYTHING), []
    for first in range(START_MS, START_MS + 900_000, 1000):
        parts.append(world.truth(first, first + 1000, 1000))
        if first % 7_000 == 0:
            world.cleared(first)
            world.orders(first)
            world.work(first)
    rows = np.concatenate(parts)
    assert same(whole, rows[np.lexsort((rows["time_ms"], rows["unit"]))])
    assert len(whole) > 5_000


def test_steps_of_a_tenth_contain_those_of_a_second(town: RoadNetwork) -> None:
    seconds = rows_of(night(town, **EVERYTHING), 0.1)
    tenths = rows_of(night(town, **EVERYTHING), 0.1, step_ms=100)
    assert same(seconds, tenths[tenths["time_ms"] % 1000 == 0])


def test_a_night_that_nobody_watched_goes_on_the_same(town: RoadNetwork) -> None:
    watched, unwatched = night(town, **EVERYTHING), night(town, **EVERYTHING)
    rows_of(watched, 3.0, step_ms=30_000)
    unwatched.run_to(START_MS + 3 * HOUR_MS)
    rows = [rows_of(world, 3.3, from_h=3.0) for world in (watched, unwatched)]
    assert same(*rows)
    assert len(rows[0]) > 5_000
    tables = [world.cleared(START_MS + 3 * HOUR_MS) for world in (watched, unwatched)]
    assert same(*tables)
    assert len(tables[0]) > 500
    works = [world.work(START_MS + 3 * HOUR_MS) for world in (watched, unwatched)]
    assert works[0].keys() == works[1].keys()
    assert all(np.allclose(works[0][day], works[1][day], rtol=1e-9) for day in works[0])


def test_another_seed_is_another_night(town: RoadNetwork) -> None:
    one, other = (rows_of(night(town, seed=seed), 0.2) for seed in (5, 6))
    assert not same(one[:1_000], other[:1_000])


def test_rows_come_by_unit_and_time_at_multiples_of_the_step(town: RoadNetwork) -> None:
    rows = night(town, **EVERYTHING).truth(START_MS + 1, START_MS + 120_001, 250)
    key = rows["unit"].astype(np.int64) << 45 | rows["time_ms"]
    assert (np.diff(key) > 0).all()
    assert (rows["time_ms"] % 250 == 0).all()
    assert rows["time_ms"].min() > START_MS
    assert rows["time_ms"].max() == START_MS + 120_000


@pytest.fixture(scope="module")
def watched(town: RoadNetwork) -> tuple[Array, Array, np.ndarray]:
    """An hour of rows, what was cleared in it, and the work of its days."""
    world = night(town, machines=10, echelons=0.2, blade_lifts=0.2, backing=0.1)
    rows = rows_of(world, 1.0)
    work = sum(world.work(START_MS + HOUR_MS).values())
    return rows, world.cleared(START_MS + HOUR_MS), np.asarray(work)


def test_what_is_cleared_is_where_the_blade_was_down(watched: tuple[Array, Array, np.ndarray]) -> None:
    rows, cleared, _ = watched
    assert len(cleared) > 300
    assert ((cleared["from_mm"] - cleared["to_mm"]) * cleared["direction"].astype(int) <= 0).all()
    for one in cleared[::5]:
        inside = (rows["unit"] == one["machine"]) & (rows["time_ms"] > one["start_ms"])
        inside &= rows["time_ms"] < one["end_ms"] - 1
        part = rows[inside]
        assert (part["row"] == one["row"]).all()
        assert (part["direction"] == one["direction"]).all()
        assert (part["blade"] == one["ploughed"]).all()
        assert (part["spreader"] == one["spread"]).all()
        low, high = sorted((int(one["from_mm"]), int(one["to_mm"])))
        assert ((part["at_mm"] >= low - 1) & (part["at_mm"] <= high + 1)).all()


def test_every_second_with_the_blade_down_is_within_something_cleared(
    watched: tuple[Array, Array, np.ndarray],
) -> None:
    rows, cleared, _ = watched
    last_ms = START_MS + HOUR_MS - 120_000
    down = rows[((rows["blade"] == 1) | (rows["spreader"] == 1)) & (rows["time_ms"] < last_ms)]
    for machine in np.unique(down["unit"]).tolist():
        own = np.sort(cleared[cleared["machine"] == machine], order="start_ms")
        times = down["time_ms"][down["unit"] == machine]
        at = np.searchsorted(own["start_ms"], times, side="right") - 1
        # A slow machine may be on its last segment for minutes.
        open_end = times > own["end_ms"].max()
        assert (times[~open_end] <= own["end_ms"][at[~open_end]]).all()


def test_cleared_rows_come_once_by_their_ends(town: RoadNetwork) -> None:
    whole = night(town).cleared(START_MS + HOUR_MS)
    world = night(town)
    parts = [world.cleared(START_MS + minute * 60_000) for minute in range(1, 61)]
    assert same(whole, np.concatenate(parts))
    for minute, part in enumerate(parts, 1):
        assert (part["end_ms"] <= START_MS + minute * 60_000).all()
        assert (part["end_ms"] > START_MS + (minute - 1) * 60_000).all()


def test_work_is_what_the_rows_add_up_to(watched: tuple[Array, Array, np.ndarray]) -> None:
    rows, _, work = watched
    for machine in range(10):
        own = rows[rows["unit"] == machine]
        for activity in Activity:
            seconds = (own["activity"] == activity).sum()
            assert abs(work[machine, activity, 0] - seconds) < 2 + 0.05 * seconds
        metres = own["speed_mmps"].sum() / 1000
        assert abs(work[machine, :, 1].sum() - metres) < 30 + 0.01 * metres
        assert abs(work[machine, :, 0].sum() - 3600) < 1e-3


def test_work_is_split_at_midnight_in_tokyo(town: RoadNetwork) -> None:
    world = night(town, machines=6, shift_h=20.0)
    days = world.work(START_MS + 8 * HOUR_MS)
    first = (START_MS + 9 * HOUR_MS) // (24 * HOUR_MS)
    assert sorted(days) == [first, first + 1]
    assert days[first][:, :, 0].sum(axis=1) == pytest.approx(6 * 3600)
    assert days[first + 1][:, :, 0].sum(axis=1) == pytest.approx(2 * 3600)


def test_snow_lies_where_no_plough_has_been(town: RoadNetwork) -> None:
    world = night(town, snow=SnowSettings(mm_per_h=10, lying_mm=100))
    now_ms = START_MS + HOUR_MS
    depth_mm = world.depth_mm(now_ms)
    cleared = world.cleared(now_ms)
    ploughed = cleared[cleared["ploughed"]]
    lanes = np.unique(2 * ploughed["row"].astype(int) + (ploughed["direction"] < 0))
    assert len(lanes) > 100
    untouched = np.setdiff1d(np.arange(len(depth_mm)), lanes)
    assert (depth_mm[untouched] >= 100).all()
    assert (depth_mm[lanes] < RESIDUE_MM + 25).all()


def test_snow_on_a_lane_grows_until_it_is_cleared(town: RoadNetwork) -> None:
    world = night(town)
    depths = [world.depth_mm(START_MS + quarter * HOUR_MS // 4) for quarter in range(5)]
    rows = np.concatenate([world.cleared(START_MS + HOUR_MS)])
    cleared = np.unique(2 * rows["row"].astype(int) + (rows["direction"] < 0))
    untouched = np.setdiff1d(np.arange(len(depths[0])), cleared)
    for before, after in pairwise(depths):
        assert (after[untouched] >= before[untouched]).all()
    assert (depths[-1][cleared] < depths[0][cleared]).mean() > 0.5


def test_units_without_power_say_nothing_and_boots_are_counted(town: RoadNetwork) -> None:
    rows = rows_of(night(town, machines=8, power_cuts_per_h=20.0), 1.0)
    for unit in range(8):
        own = rows[rows["unit"] == unit]
        assert len(own) < 3_600
        assert own["boot"][0] == 1
        steps = np.diff(own["boot"])
        assert set(steps.tolist()) <= {0, 1, 2}
        assert 8 <= own["boot"][-1] <= 36
        again = np.flatnonzero(steps > 0)
        gaps = np.diff(own["time_ms"])[again]
        assert (gaps > 1_000).all()
        assert (own["on_ms"] <= own["time_ms"]).all()
        assert (np.diff(own["on_ms"])[steps == 0] == 0).all()
        assert (own["on_ms"][again + 1] > own["time_ms"][again]).all()


def test_without_cuts_power_is_there_while_the_engine_runs(town: RoadNetwork) -> None:
    rows = rows_of(night(town, machines=4, shift_h=0.5, rest_min=5.0, round_h=0.1), 1.2)
    for unit in range(4):
        own = rows[rows["unit"] == unit]
        gaps = np.flatnonzero(np.diff(own["time_ms"]) > 1_000)
        assert len(gaps) == own["boot"][-1] - 1 >= 1
        assert (np.diff(own["time_ms"])[gaps] >= 299_000).all()
        assert (own["row"][gaps] == OFF_ROAD).all()


def test_no_input_is_said_where_there_is_none(town: RoadNetwork) -> None:
    world = night(town, machines=12, blade_sensors=0.5)
    rows = rows_of(world, 0.3)
    for unit in world.units:
        own = rows[rows["unit"] == unit.number]
        assert ((own["blade_input"] == UNKNOWN_INPUT) == (not unit.has_blade_input)).all()
        assert ((own["spreader_input"] == UNKNOWN_INPUT) == (not unit.has_spreader_input)).all()
    assert {unit.has_blade_input for unit in world.units} == {True, False}


def test_what_is_forgotten_cannot_be_asked_for(town: RoadNetwork) -> None:
    world = night(town, machines=3)
    world.truth(START_MS + 10_000, START_MS + 20_000, 1000)
    world.truth(START_MS + 10_000, START_MS + 20_000, 1000)
    with pytest.raises(ValueError, match="is forgotten"):
        world.truth(START_MS + 9_000, START_MS + 20_000, 1000)


def test_memory_does_not_grow_with_a_night_that_nobody_asks_about(town: RoadNetwork) -> None:
    """What is kept of a second day and night is no more than of the first one."""
    world, sizes = night(town, machines=6, round_h=0.5, power_cuts_per_h=10.0), []
    for hours in (26, 52, 78):
        world.run_to(START_MS + hours * HOUR_MS)
        sizes.append(len(pickle.dumps(world)))
    assert sizes[2] < 1.1 * sizes[1]
    early = world.cleared(START_MS + 78 * HOUR_MS)
    assert early["end_ms"].min() >= START_MS + (78 - 26) * HOUR_MS
    assert world.orders(START_MS + 78 * HOUR_MS)[0].time_ms >= START_MS + (78 - 26) * HOUR_MS
    # Snow knows of the blade that nobody asked about.
    assert np.median(world.depth_mm(START_MS + 78 * HOUR_MS)) < 400
