"""Itineraries hang together, and hold what they are said to hold."""

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from benchmarks.match.itinerary import STEADY, Habits, Step, Town, path_of
from benchmarks.match.streets import Street

WGS84 = Geod(ellps="WGS84")
BUSY = Habits(turn_round=2, back_up=4, yard=2, long_stop=2, short_stop=5, against_oneway=0.1)
seeds = st.integers(0, 10_000)


@given(seed=seeds)
def test_each_stretch_begins_where_the_last_one_ended(town: Town, seed: int) -> None:
    stretches = town.itinerary(length_m=1_000, habits=BUSY, seed=seed)
    for this, following in pairwise(stretches):
        assert following.start == pytest.approx(this.end, abs=1e-9)


@given(seed=seeds)
def test_a_stretch_on_a_road_is_as_long_as_its_metres_say_and_runs_in_its_direction(town: Town, seed: int) -> None:
    for stretch in town.itinerary(length_m=1_000, habits=BUSY, seed=seed):
        if stretch.on_road:
            (lat, lon), (to_lat, to_lon) = stretch.start, stretch.end
            length_m = WGS84.inv(lon, lat, to_lon, to_lat)[2]
            assert (stretch.to_m - stretch.from_m) * stretch.direction == pytest.approx(length_m, abs=0.01)


@given(seed=seeds)
def test_the_walk_is_as_long_as_wished_and_the_same_for_the_same_seed(town: Town, seed: int) -> None:
    stretches = town.itinerary(length_m=1_000, habits=BUSY, seed=seed)
    assert sum(abs(stretch.to_m - stretch.from_m) for stretch in stretches) >= 1_000
    assert stretches == town.itinerary(length_m=1_000, habits=BUSY, seed=seed)
    assert stretches != town.itinerary(length_m=1_000, habits=BUSY, seed=seed + 1)


@given(seed=seeds)
def test_the_path_is_the_stretches_on_roads_and_leaves_out_none(town: Town, seed: int) -> None:
    stretches = town.itinerary(length_m=1_000, habits=BUSY, seed=seed)
    path = path_of(town, stretches)
    driven_m = sum(abs(stretch.to_m - stretch.from_m) for stretch in stretches if stretch.on_road)
    assert np.abs(path.to_m - path.from_m).sum() == pytest.approx(driven_m)
    assert np.array_equal(np.sign(path.to_m - path.from_m), path.direction)


def test_every_habit_is_seen_on_a_long_walk_and_none_on_a_steady_one(town: Town) -> None:
    busy = town.itinerary(length_m=20_000, habits=BUSY, seed=1)
    backing_m = [abs(s.to_m - s.from_m) for s in busy if s.backing]
    assert min(backing_m) >= 10
    assert max(backing_m) <= 50
    assert sum(not s.on_road for s in busy) > 10
    assert max(s.pause_s for s in busy) > 60
    turns = [(a, b) for a, b in pairwise(busy) if a.end == b.start and a.start == b.end]
    assert len(turns) > 5
    steady = town.itinerary(length_m=20_000, habits=STEADY, seed=1)
    assert all(s.on_road and not s.backing and s.pause_s == 0 for s in steady)


def test_yards_lie_away_from_all_roads(town: Town) -> None:
    stretches = town.itinerary(length_m=20_000, habits=Habits(yard=5), seed=3)
    inside = [a.end for a, b in pairwise(stretches) if not a.on_road and not b.on_road]
    centres = [b.end for a, b in pairwise(stretches) if a.on_road and not b.on_road]
    # Degrees of longitude made as long as those of latitude.
    lines = shapely.STRtree([shapely.linestrings(s.lon_deg * 0.803, s.lat_deg) for s in town.streets])

    def clear_m(places: list[tuple[float, float]]) -> float:
        points = [shapely.Point(lon * 0.803, lat) for lat, lon in places]
        return 111_000 * float(lines.query_nearest(points, all_matches=False, return_distance=True)[1].min())

    assert clear_m(centres) > 29
    assert clear_m(inside) > 8


def test_stretches_that_do_not_meet_are_apart_in_the_path(town: Town) -> None:
    first = town.along([Step(0, 0, 1)])[0]
    again = path_of(town, [first, first])
    assert again.from_m.tolist() == [0.0, 0.0]
    assert again.to_m.tolist() == [first.to_m, first.to_m]


def crossing(oneway: int) -> Town:
    """A street to the east, and one that leads off its middle to the north."""
    lat, lon = np.full(3, 43.0), 141.3 + 0.001 * np.arange(3, dtype=np.float64)
    east = Street(source_id=1, nodes=(1, 2, 3), lat_deg=lat, lon_deg=lon)
    north = Street(
        source_id=2,
        nodes=(2, 4),
        lat_deg=np.array([43.0, 43.001]),
        lon_deg=np.array([141.301, 141.301]),
        oneway=oneway,
    )
    return Town([east, north])


def ways_driven(town: Town, habits: Habits) -> set[tuple[int, int]]:
    return {(s.way, s.direction) for seed in range(40) for s in town.itinerary(length_m=400, habits=habits, seed=seed)}


def test_a_dead_end_is_left_the_way_it_was_entered() -> None:
    assert ways_driven(crossing(0), STEADY) == {(0, 1), (0, -1), (1, 1), (1, -1)}


def test_nobody_turns_round_at_a_crossing_without_need() -> None:
    stretches = crossing(0).itinerary(length_m=5_000, habits=STEADY, seed=5)
    turns = {a.end for a, b in pairwise(stretches) if a.way == b.way and a.direction != b.direction}
    assert len(turns) == 3
    assert not any(place == pytest.approx((43.0, 141.301), abs=1e-9) for place in turns)


def test_a_oneway_street_is_not_entered_against_it_but_by_those_who_do() -> None:
    assert (1, 1) not in ways_driven(crossing(-1), STEADY)
    assert (1, 1) in ways_driven(crossing(-1), Habits(against_oneway=0.5))


def test_a_given_route_is_driven_as_it_is_given() -> None:
    town = crossing(0)
    path = path_of(town, town.along([Step(0, 0, 1), Step(1, 0, 1), Step(1, 1, -1), Step(0, 1, 1)]))
    assert path.source_id.tolist() == [1, 2, 2, 1]
    assert path.direction.tolist() == [1, 1, -1, 1]
    assert path.from_m[3] == pytest.approx(path.to_m[0])
