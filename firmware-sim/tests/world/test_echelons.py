"""One machine follows another, a few metres behind and beside it."""

import numpy as np
import pytest
from world.nights import night, rows_of

from ploughsim.compiled import Array
from ploughsim.roads.read import RoadNetwork
from ploughsim.world.fleet import NOBODY
from ploughsim.world.machines import KINDS
from ploughsim.world.night import World
from ploughsim.world.truth import OFF_ROAD, Activity

Pair = tuple[Array, Array, World, int]


@pytest.fixture(scope="module")
def pairs(town: RoadNetwork) -> list[Pair]:
    """Rows of leader and follower at the same instants, an hour and a half of several pairs; short rounds."""
    world = night(town, machines=8, echelons=1.0, kinds={"grader": 1.0, "truck": 1.0}, round_h=0.5, break_every_h=0.4)
    rows = rows_of(world, 1.5)
    found = []
    for machine in world.machines:
        if machine.follower != NOBODY:
            one, other = (rows[rows["unit"] == number] for number in (machine.number, machine.follower))
            assert (one["time_ms"] == other["time_ms"]).all()
            found.append((one, other, world, machine.follower))
    assert len(found) == 4
    return found


def test_it_is_twenty_to_forty_metres_behind(pairs: list[Pair]) -> None:
    for leader, follower, _, _ in pairs:
        together = (leader["row"] == follower["row"]) & (leader["direction"] == follower["direction"])
        together &= (leader["row"] != OFF_ROAD) & (leader["activity"] != Activity.TURN)
        together &= (leader["course_cdeg"] == follower["course_cdeg"]) & (leader["speed_mmps"] > 2_000)
        ahead = ((leader["at_mm"] - follower["at_mm"]) * leader["direction"].astype(int))[together]
        # After it has turned round, the leader meets the one behind on the same segment but not in the same direction.
        assert len(ahead) > 500
        assert np.percentile(ahead, 1) > 20_000
        assert np.percentile(ahead, 99) < 40_000
        assert ahead.min() > -1_000


def test_it_is_never_far_away(pairs: list[Pair]) -> None:
    for leader, follower, _, _ in pairs:
        north = (leader["lat_deg"] - follower["lat_deg"]) * 111_000
        east = (leader["lon_deg"] - follower["lon_deg"]) * 89_500
        assert np.hypot(north, east).max() < 60


def test_it_is_offset_to_the_left_by_its_blade(pairs: list[Pair]) -> None:
    for leader, follower, world, number in pairs:
        works = (leader["activity"] == Activity.WORK) & (follower["activity"] == Activity.WORK)
        works &= (leader["row"] == follower["row"]) & (leader["direction"] == follower["direction"])
        blade_mm = 1000 * KINDS[world.machines[number].kind].blade_m
        aside = (follower["side_mm"] - leader["side_mm"])[works]
        assert abs(np.median(aside) - blade_mm) < 200


def test_it_does_what_a_machine_can_do(pairs: list[Pair]) -> None:
    for _, follower, _, _ in pairs:
        seconds = np.diff(follower["time_ms"]) / 1000
        change = np.abs(np.diff(follower["speed_mmps"].astype(float))) / seconds
        # At most what braking and moving aside make together.
        assert np.percentile(change, 99.9) < 1_100
        assert change.max() < 3_000
        moved = np.hypot(np.diff(follower["lat_deg"]) * 111_000, np.diff(follower["lon_deg"]) * 89_500)
        # But for the corners, which it takes on the outside or on the inside.
        assert np.percentile(moved - follower["speed_mmps"][1:] / 1000, 95) < 0.5


def test_both_come_back_to_the_yard_and_go_out_again(pairs: list[Pair]) -> None:
    for leader, follower, _, _ in pairs:
        for rows in (leader, follower):
            in_yard = (rows["row"] == OFF_ROAD) & (rows["speed_mmps"] == 0)
            left = (np.diff(in_yard.astype(int)) == -1).sum()
            assert left >= 1
        assert abs(int((leader["row"] == OFF_ROAD).sum()) - int((follower["row"] == OFF_ROAD).sum())) < 60


def test_what_it_clears_is_told_of_it(pairs: list[Pair]) -> None:
    _, follower, world, number = pairs[0]
    cleared = world.cleared(int(follower["time_ms"][-1]))
    own = cleared[cleared["machine"] == number]
    works = follower[(follower["blade"] == 1) & (follower["row"] >= 0)]
    assert set(own["row"].tolist()) <= set(works["row"].tolist())
    assert len(own) > 20


def test_it_turns_round_standing_as_the_leader_does(pairs: list[Pair]) -> None:
    turned = 0
    for _, follower, _, _ in pairs:
        flips = (follower["row"][1:] == follower["row"][:-1]) & (follower["row"][1:] != OFF_ROAD)
        flips &= np.diff(follower["direction"].astype(int)) != 0
        for at in np.flatnonzero(flips).tolist():
            around = follower[max(at - 6, 0) : at + 6]
            turned += 1
            assert around["speed_mmps"].min() <= 500
            assert Activity.TURN in around["activity"]
            assert (around["blade"][around["activity"] == Activity.TURN] == 0).all()
    assert turned >= 8
