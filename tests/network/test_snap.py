"""Points put on segments, against a scalar twin on the ellipsoid."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.network.arrays import Network
from snowtrack.network.places import Snapped, snap
from tests.oracles.nearest import project_one
from tests.oracles.towns import WGS84, metres_between, point, road, sample_town, town

BEND = town(road((0, 0), (40, 0), (40, 30), (70, 30)))
LOOP = town(road((0, 0), (30, 0), (30, 30), (0, 30), (0, 0)))


def snap_at(network: Network, row: int, lat: int, lon: int) -> Snapped:
    return snap(network, np.array([row]), np.array([lat], np.int32), np.array([lon], np.int32))


@given(st.floats(-80, 110), st.floats(-80, 110), st.sampled_from([BEND, LOOP]))
def test_the_nearest_place_is_the_one_on_the_ellipsoid(east: float, north: float, network: Network) -> None:
    place = point(east, north)
    found, expected = snap_at(network, 0, *place), project_one(network, 0, place)
    assert abs(int(found.distance_mm[0]) - expected.distance_m * 1000) <= 10
    snapped = int(found.lat_e7[0]), int(found.lon_e7[0])
    assert abs(metres_between(place, snapped) * 1000 - int(found.distance_mm[0])) <= 25


@given(st.integers(0, 2**32))
def test_on_the_sample_town_both_agree_on_where_along(seed: int) -> None:
    network = sample_town()
    random = np.random.default_rng(seed)
    row = int(random.integers(0, len(network)))
    first = network.shape_offsets[row]
    lon, lat, _ = WGS84.fwd(
        network.shape_lon_e7[first] / 1e7,
        network.shape_lat_e7[first] / 1e7,
        random.uniform(0, 360),
        50 * random.random(),
    )
    place = round(lat * 1e7), round(lon * 1e7)
    found, expected = snap_at(network, row, *place), project_one(network, row, place)
    assert abs(int(found.distance_mm[0]) - expected.distance_m * 1000) <= 10
    same_place = abs(int(found.along_mm[0]) - expected.along_m * 1000) <= 25
    # At a bend two pieces are equally near: then either is right.
    assert (
        same_place
        or abs(metres_between(place, (int(found.lat_e7[0]), int(found.lon_e7[0]))) - expected.distance_m) < 0.01
    )


@given(st.lists(st.tuples(st.integers(0, 5_000), st.floats(-60, 60), st.floats(-60, 60)), max_size=8))
def test_row_one_of_many_is_what_a_batch_of_one_gives(asked: list[tuple[int, float, float]]) -> None:
    network = sample_town()
    rows = np.array([row % len(network) for row, _, _ in asked], np.int64)
    first = network.shape_offsets[rows]
    lat = (network.shape_lat_e7[first] + np.array([north * 90 for _, north, _ in asked])).astype(np.int32)
    lon = (network.shape_lon_e7[first] + np.array([east * 110 for _, _, east in asked])).astype(np.int32)
    together = snap(network, rows, lat, lon)
    for at in range(len(asked)):
        alone = snap(network, rows[at : at + 1], lat[at : at + 1], lon[at : at + 1])
        for name in Snapped.__slots__:
            assert getattr(alone, name).tolist() == getattr(together, name)[at : at + 1].tolist()


def test_no_points_snap_to_nothing() -> None:
    nothing = np.empty(0, np.int32)
    assert len(snap(BEND, np.empty(0, np.int64), nothing, nothing).along_mm) == 0


def test_the_first_of_equally_near_places_wins() -> None:
    corner = snap_at(LOOP, 0, *point(0, 0))
    assert corner.along_mm[0] == 0
    assert corner.distance_mm[0] == 0


def test_the_ends_of_a_segment_are_at_0_and_its_length() -> None:
    assert snap_at(BEND, 0, *point(-20, 0)).along_mm[0] == 0
    assert snap_at(BEND, 0, *point(90, 30)).along_mm[0] == BEND.length_mm[0]


def test_far_away_places_have_a_distance_too() -> None:
    assert snap_at(BEND, 0, -365_600_000, -433_500_000).distance_mm[0] > 10**9
