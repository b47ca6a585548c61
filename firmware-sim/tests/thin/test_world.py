"""The ploughs' night: on the roads, without jumps, the same each time, and it clears the town."""

import math

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ploughsim.thin.lanes import METRES_PER_DEGREE, Lanes
from ploughsim.thin.world import Truth, World

_HOUR_S = 3600


def _new(lanes: Lanes, seed: int = 7, ploughs: int = 3, rate_hz: int = 1) -> World:
    return World(lanes, ploughs=ploughs, seed=seed, rate_hz=rate_hz)


def _all(world: World) -> list[Truth]:
    return [world.truth(number) for number in range(world.ploughs)]


def _walk(world: World, steps: int) -> list[list[Truth]]:
    walked = []
    for _ in range(steps):
        world.step()
        walked.append(_all(world))
    return walked


def _apart_m(one: Truth, other: Truth) -> float:
    east = (one.lon_deg - other.lon_deg) * math.cos(math.radians(one.lat_deg))
    return math.hypot(one.lat_deg - other.lat_deg, east) * METRES_PER_DEGREE


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**63 - 1), ploughs=st.integers(1, 12), rate_hz=st.sampled_from([1, 2, 10]))
def test_ploughs_stay_on_their_lane_and_move_without_jumps(lanes: Lanes, seed: int, ploughs: int, rate_hz: int) -> None:
    world = _new(lanes, seed, ploughs, rate_hz)
    before = _all(world)
    for after in _walk(world, 400):
        for old, new in zip(before, after, strict=True):
            line = lanes.line(new.lane)
            assert 0 <= new.at_m < line.length_m
            assert line.locate(new.at_m) == (new.lat_deg, new.lon_deg, new.course_deg)
            assert new.segment_id == lanes.network.segment_id[new.lane // 2]
            assert _apart_m(old, new) <= max(old.speed_mps, new.speed_mps) / rate_hz + 1.0
            assert 0 <= new.speed_mps <= 40 / 3.6
        before = after


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**63 - 1))
def test_a_plough_goes_from_lane_to_lane_over_a_node(lanes: Lanes, seed: int) -> None:
    world = _new(lanes, seed)
    before = _all(world)
    for after in _walk(world, 900):
        for old, new in zip(before, after, strict=True):
            if old.lane != new.lane:
                assert new.lane in lanes.leaving(lanes.end_node(old.lane))
        before = after


def test_the_same_seed_is_the_same_night_and_another_is_not(lanes: Lanes) -> None:
    night = _walk(_new(lanes, seed=1), 600)
    assert _walk(_new(lanes, seed=1), 600) == night
    assert _walk(_new(lanes, seed=2), 600) != night


@pytest.mark.parametrize("steps", [0, 1, 599])
def test_a_restored_world_goes_on_as_if_it_had_never_stopped(lanes: Lanes, steps: int) -> None:
    world = _new(lanes)
    _walk(world, steps)
    saved = orjson.loads(orjson.dumps(world.state()))
    restored = _new(lanes)
    restored.restore(saved)
    assert _walk(restored, 600) == _walk(world, 600)


def test_both_directions_of_every_street_get_cleared(lanes: Lanes) -> None:
    drivable = {lane for node in lanes.nodes.tolist() for lane in lanes.leaving(node)}
    cleared = {truth.lane for step in _walk(_new(lanes), 2 * _HOUR_S) for truth in step if truth.blade_down}
    assert cleared == drivable


def test_the_blade_is_down_at_working_speed_and_up_on_fresh_lanes_and_pauses(lanes: Lanes) -> None:
    night = [truth for step in _walk(_new(lanes), 2 * _HOUR_S) for truth in step]
    assert max(truth.speed_mps for truth in night if truth.blade_down) <= 30 / 3.6 + 1
    assert max(truth.speed_mps for truth in night if not truth.blade_down) > 35 / 3.6
    assert any(truth.speed_mps == 0 and truth.blade_down for truth in night)
    assert any(truth.speed_mps == 0 and not truth.blade_down for truth in night)


def test_snow_falls_while_nobody_drives(lanes: Lanes) -> None:
    world = _new(lanes)
    before = [truth.blade_down for step in _walk(world, 7000)[-300:] for truth in step]
    world.stand_still(3 * _HOUR_S)
    after = [truth.blade_down for step in _walk(world, 300) for truth in step]
    assert sum(before) < 0.5 * len(before)
    assert sum(after) > 0.5 * len(after)


def test_ploughs_leave_their_depots_one_after_the_other(lanes: Lanes) -> None:
    world = _new(lanes, ploughs=10)
    _walk(world, 5)
    assert {truth.speed_mps > 0 for truth in _all(world)[:2]} == {True}
    assert {truth.speed_mps > 0 for truth in _all(world)[2:]} == {False}
