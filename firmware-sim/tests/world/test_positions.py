"""Rows of the truth agree with the shapes of the roads, and with each other."""

import math
from collections.abc import Iterator

import numpy as np
import pytest
from pyproj import Geod
from world.nights import night, rows_of

from ploughsim.compiled import Array
from ploughsim.roads.read import RoadNetwork
from ploughsim.world.truth import OFF_ROAD, Activity

WGS84 = Geod(ellps="WGS84")


@pytest.fixture(scope="module", params=["town", "mountain"])
def network(request: pytest.FixtureRequest) -> RoadNetwork:
    found: RoadNetwork = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def rows(network: RoadNetwork) -> Array:
    """Ten minutes, ten times a second."""
    return rows_of(night(network, machines=16, echelons=0.25, backing=0.2), 1 / 6 + 0.05, step_ms=100)


def place(network: RoadNetwork, row: int, at_mm: int) -> tuple[float, float, float]:
    """A scalar twin: latitude and longitude on the line, and the course of its piece."""
    points = range(int(network.shape_offsets[row]), int(network.shape_offsets[row + 1]) - 1)
    at = network.shape_at_mm
    before = max(point for point in points if at[point] <= at_mm and at[point] < at[point + 1])
    share = (at_mm - at[before]) / (at[before + 1] - at[before])
    lats = [network.shape_lat_e7[point] / 1e7 for point in (before, before + 1)]
    lons = [network.shape_lon_e7[point] / 1e7 for point in (before, before + 1)]
    azimuth = WGS84.inv(lons[0], lats[0], lons[1], lats[1])[0]
    return lats[0] + share * (lats[1] - lats[0]), lons[0] + share * (lons[1] - lons[0]), azimuth


def test_positions_are_on_the_shape_and_so_far_to_the_left(network: RoadNetwork, rows: Array) -> None:
    on_road = rows[rows["row"] != OFF_ROAD]
    for row in on_road[:: max(len(on_road) // 600, 1)]:
        lat, lon, azimuth = place(network, int(row["row"]), int(row["at_mm"]))
        ahead = azimuth + (180 if row["direction"] < 0 else 0)
        lon, lat, _ = WGS84.fwd(lon, lat, ahead - 90, row["side_mm"] / 1000)
        assert WGS84.inv(lon, lat, row["lon_deg"], row["lat_deg"])[2] < 0.01


def neighbours(rows: Array) -> Iterator[Array]:
    """Pairs of one unit, a tenth of a second apart."""
    follows = (np.diff(rows["unit"]) == 0) & (np.diff(rows["time_ms"]) == 100)
    first = np.flatnonzero(follows)
    return iter((rows[first], rows[first + 1]))


def test_the_speed_is_that_of_the_way_along_and_across(rows: Array) -> None:
    one, other = neighbours(rows)
    same = (one["row"] == other["row"]) & (one["direction"] == other["direction"]) & (one["row"] != OFF_ROAD)
    one, other = one[same], other[same]
    assert len(one) > 10_000
    along, across = other["at_mm"] - one["at_mm"], other["side_mm"] - one["side_mm"]
    measured = 10 * np.hypot(along.astype(float), across.astype(float))
    low, high = np.minimum(one["speed_mmps"], other["speed_mmps"]), np.maximum(one["speed_mmps"], other["speed_mmps"])
    # Both ends are whole millimetres.
    off = np.maximum(low - measured, measured - high)
    assert np.percentile(off, 99.9) <= 30
    # In the tenth of a second in which one stops and goes on, or moves aside for a moment only.
    assert off.max() < 500


def test_nobody_jumps(rows: Array) -> None:
    """But for who is aside at a corner, as the second of an echelon is."""
    one, other = neighbours(rows)
    moved = np.asarray(WGS84.inv(one["lon_deg"], one["lat_deg"], other["lon_deg"], other["lat_deg"])[2])
    sides = (np.abs(one["side_mm"].astype(float)) + np.abs(other["side_mm"])) / 1000
    assert (moved <= 0.11 * (one["speed_mmps"] + 1000) / 1000 + sides).all()


def test_speeds_change_as_fast_as_a_machine_can(rows: Array) -> None:
    one, other = neighbours(rows)
    ahead = (one["activity"] != Activity.TURN) & (other["activity"] != Activity.TURN)
    change = np.abs(other["speed_mmps"].astype(float) - one["speed_mmps"])[ahead]
    assert len(change) > 50_000
    # The sideways part comes and goes at once.
    assert np.percentile(change, 99.9) <= 110


def test_the_course_is_the_way_it_moves(rows: Array) -> None:
    one, other = neighbours(rows)
    steady = (one["row"] == other["row"]) & (one["course_cdeg"] == other["course_cdeg"]) & (one["speed_mmps"] > 1_000)
    one, other = one[steady], other[steady]
    assert len(one) > 5_000
    azimuth = np.asarray(WGS84.inv(one["lon_deg"], one["lat_deg"], other["lon_deg"], other["lat_deg"])[0])
    off = (azimuth - one["course_cdeg"] / 100 + 180) % 360 - 180
    # A millimetre in ten centimetres, and pieces that are hardly bent.
    assert np.percentile(np.abs(off), 99) < 2
    assert ((rows["course_cdeg"] >= 0) & (rows["course_cdeg"] < 36_000)).all()


def test_a_machine_that_backs_off_keeps_its_lane_and_its_course_points_back(network: RoadNetwork, rows: Array) -> None:
    one, other = neighbours(rows)
    way = (other["at_mm"] - one["at_mm"]) * one["direction"].astype(int)
    back = (one["row"] == other["row"]) & (way < -20) & (one["direction"] == other["direction"]) & (one["row"] >= 0)
    assert back.sum() > 20
    assert (one["activity"][back] == Activity.TURN).all()
    assert (one["blade"][back] == 0).all()
    for row in one[back][:: max(int(back.sum()) // 50, 1)]:
        azimuth = place(network, int(row["row"]), int(row["at_mm"]))[2] + (180 if row["direction"] < 0 else 0)
        assert math.cos(math.radians(row["course_cdeg"] / 100 - azimuth)) < -0.9


def test_traffic_keeps_left_on_roads_for_both_ways(network: RoadNetwork) -> None:
    rows = rows_of(night(network, echelons=0.0), 0.5)
    works = rows[(rows["activity"] == Activity.WORK) & (rows["row"] >= 0)]
    oneway = network.oneway[works["row"]] != 0
    assert np.median(works["side_mm"][~oneway]) >= 1_000
    if oneway.any():
        assert abs(np.median(works["side_mm"][oneway])) < 500


def test_tunnels_and_sheds_are_seen_above(network: RoadNetwork, rows: Array) -> None:
    on_road = rows[rows["row"] >= 0]
    assert ((on_road["sky"] == 3) == (network.structure[on_road["row"]] == 2)).all()
    assert (rows["sky"][rows["row"] == OFF_ROAD] == 0).all()


def test_bends_are_taken_slowly(rows: Array) -> None:
    one, other = neighbours(rows)
    # Sideways motion turns the course of one who creeps.
    moves = (one["speed_mmps"] > 1_500) & (other["speed_mmps"] > 1_500)
    moves &= (one["activity"] != Activity.TURN) & (other["activity"] != Activity.TURN)
    one, other = one[moves], other[moves]
    bend = np.abs((other["course_cdeg"] - one["course_cdeg"] + 18_000) % 36_000 - 18_000) / 100
    fastest = np.maximum(one["speed_mmps"], other["speed_mmps"])
    for least_deg, limit_mmps in ((75, 3_000), (35, 6_000)):
        bent = bend > least_deg
        assert bent.sum() > 10
        # Within a tenth of a second it is a little faster; and two gentle bends may lie within a metre.
        assert np.sort(fastest[bent])[-3] < limit_mmps + 150
    assert fastest.max() > 8_000


def test_corners_are_taken_in_the_middle_of_the_road(network: RoadNetwork) -> None:
    one, other = neighbours(rows_of(night(network, machines=16, echelons=0.0, backing=0.0), 0.2, step_ms=100))
    moved = np.asarray(WGS84.inv(one["lon_deg"], one["lat_deg"], other["lon_deg"], other["lat_deg"])[2])
    ahead = (one["activity"] != Activity.TURN) & (other["activity"] != Activity.TURN)
    leaps = moved - np.maximum(one["speed_mmps"], other["speed_mmps"]) / 10_000
    # Bends of less than 25 degrees are none.
    assert np.sort(leaps[ahead])[-20] < 0.7
    # But for one that comes right behind a node.
    assert np.sort(leaps[ahead])[-4] < 1.2
