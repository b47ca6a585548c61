"""Places near points, against a scalar twin over all segments and against pyproj's own plane."""

from itertools import pairwise
from math import cos, pi, sin

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.columns import Int32s
from snowtrack.network import places
from snowtrack.network.arrays import Network
from snowtrack.network.places import Places, places_near, snap
from snowtrack.network.projection import PLACES_MAX
from snowtrack.roads.lines import Point
from tests.oracles.nearest import place_on, places_one, project_one
from tests.oracles.towns import Metres, point, road, sample_town, town

# The plane is ours and not pyproj's, and both are rounded.
PLANE_MM = 3
# About 300 m: no segment that begins further away comes within the radius.
CLOSE_E7 = 30_000
CROOKED = town(
    road((0, 0), (40, 5), (50, 40), (90, 50)),
    road((90, 50), (60, 80), (10, 70), (0, 0)),
    road((20, -30), (20, 30), oneway=1),
    road((20.02, -30), (20.02, 30)),
    road((-300, 0), (-200, 0)),
)
STAR = town(*(road((0, 0), (40 * sin(pi * n / 10), 40 * cos(pi * n / 10))) for n in range(20)))


def columns(*points: Point) -> tuple[Int32s, Int32s]:
    lats, lons = np.array(points, np.int32).reshape(-1, 2).T
    return lats.copy(), lons.copy()


Listed = tuple[int, ...]


def listed(found: Places) -> list[list[Listed]]:
    """Row, along, distance, east and north of the places of each point."""
    columns = (found.row, found.along_mm, found.distance_mm, found.east, found.north)
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    return [rows[start:to] for start, to in pairwise(found.offsets.tolist())]


def expected(network: Network, *points: Point) -> list[list[Listed]]:
    return [[place[:5] for place in places_one(network, point)] for point in points]


POINTS = st.lists(st.builds(point, st.floats(-150, 250), st.floats(-150, 150)), max_size=6)
CORNERS = st.sampled_from(list(zip(CROOKED.shape_lat_e7.tolist(), CROOKED.shape_lon_e7.tolist(), strict=True)))


@given(POINTS, st.lists(CORNERS, max_size=3))
def test_they_are_what_a_scalar_twin_finds_on_all_segments(points: list[Point], corners: list[Point]) -> None:
    assert listed(places_near(CROOKED, *columns(*points, *corners))) == expected(CROOKED, *points, *corners)


@given(st.integers(0, 2**32))
def test_in_the_sample_town_no_segment_within_the_radius_is_missed(seed: int) -> None:
    """Against another plane, so only away from the border of the radius."""
    network, random = sample_town(), np.random.default_rng(seed)
    at = random.integers(0, len(network.shape_lat_e7))
    place = tuple(
        int(axis[at] + random.integers(-6_000, 6_000)) for axis in (network.shape_lat_e7, network.shape_lon_e7)
    )
    (found,) = listed(places_near(network, *columns((place[0], place[1]))))
    first = network.shape_offsets[:-1]
    close = abs(network.shape_lat_e7[first] - place[0]) < CLOSE_E7
    close &= abs(network.shape_lon_e7[first] - place[1]) < CLOSE_E7
    nearest = {row: project_one(network, row, (place[0], place[1])) for row in np.flatnonzero(close).tolist()}
    radius_mm, of_row = network.candidate_radius_m * 1000, {one[0]: one[2] for one in found}
    assert len(found) < PLACES_MAX
    assert {row for row, near in nearest.items() if near.distance_m * 1000 < radius_mm - PLANE_MM} <= of_row.keys()
    for row, distance_mm in of_row.items():
        assert abs(distance_mm - nearest[row].distance_m * 1000) <= PLANE_MM
        assert distance_mm <= radius_mm


def test_places_come_by_distance_and_equals_by_segment_id() -> None:
    lines = [road((0, 0), (40, 0)), road((0, 0), (-40, 0)), road((0, 0), (0, 40)), road((-20, -5), (20, -5))]
    for order in (lines, lines[::-1]):
        network = town(*order)
        (found,) = listed(places_near(network, *columns(point(0, -1))))
        distances_mm = [one[2] for one in found]
        assert distances_mm[0] == distances_mm[1] == distances_mm[2] < distances_mm[3]
        ids = [int(network.segment_id[one[0]]) for one in found]
        assert ids[:3] == sorted(ids[:3])


@given(st.floats(0.1, 30), st.floats(0.1, 0.9))
def test_beside_a_bend_a_segment_points_to_where_its_first_piece_does(away_m: float, share: float) -> None:
    """The corner is the nearest place of both pieces."""
    network = town(road((-40, 0), (0, 0), (0, -60)))
    ((found,),) = listed(places_near(network, *columns(point(away_m * share, away_m * (1 - share)))))
    assert found[3:] == (1000, 0)
    assert abs(found[1] - 40_000) <= 20


def test_of_more_places_than_there_is_room_for_the_nearest_are_kept() -> None:
    assert len(STAR) > PLACES_MAX
    for near in ((0.0, 0.0), (3.0, 4.0), (-20.0, 11.0)):
        (found,) = listed(places_near(STAR, *columns(point(*near))))
        assert len(found) == PLACES_MAX
        assert [found] == expected(STAR, point(*near))


def test_the_radius_is_the_border() -> None:
    network = town(road((0, 0), (100, 0)))
    for metre in range(4_900, 5_100):
        place = point(50, metre / 100)
        assert bool(listed(places_near(network, *columns(place)))[0]) == (
            place_on(network, 0, place).distance_mm <= network.candidate_radius_m * 1000
        )


FAR_AWAY = [(0, 0), (900_000_000, 0), (-900_000_000, 1_800_000_000), (350_000_000, -1_800_000_000)]


@pytest.mark.parametrize("place", FAR_AWAY)
def test_far_from_all_roads_there_is_no_place(place: Point) -> None:
    assert listed(places_near(CROOKED, *columns(place))) == [[]]
    assert listed(places_near(CROOKED, *columns(place, point(20, 0), place))) == [
        [],
        *expected(CROOKED, point(20, 0)),
        [],
    ]


def test_no_points_have_no_places() -> None:
    assert listed(places_near(CROOKED, *columns())) == []


@given(POINTS, st.integers(1, 3))
def test_a_point_has_the_same_places_alone_and_in_any_batch(points: list[Point], size: int) -> None:
    together = listed(places_near(CROOKED, *columns(*points)))
    parts = [listed(places_near(CROOKED, *columns(*points[at : at + size]))) for at in range(0, len(points), size)]
    assert [one for part in parts for one in part] == together


def test_more_points_than_are_looked_up_at_once_are_all_found(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [point(metre, 3) for metre in range(-40, 90)]
    whole = places_near(CROOKED, *columns(*points))
    monkeypatch.setattr(places, "POINTS_AT_ONCE", 7)
    in_parts = places_near(CROOKED, *columns(*points))
    for name in Places.__slots__:
        assert getattr(in_parts, name).dtype == getattr(whole, name).dtype
        assert getattr(in_parts, name).tolist() == getattr(whole, name).tolist()


@given(POINTS, st.data())
def test_a_point_is_put_on_the_nearest_place_of_its_segment(points: list[Point], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(-1, len(CROOKED) - 1), min_size=len(points), max_size=len(points)))
    found = snap(CROOKED, np.array(rows, np.int32), *columns(*points))
    put = list(zip(found.distance_mm.tolist(), found.lat_e7.tolist(), found.lon_e7.tolist(), strict=True))
    for row, place, one in zip(rows, points, put, strict=True):
        if row < 0:
            assert one == (0, *place)
        else:
            on = place_on(CROOKED, row, place)
            assert one == (on.distance_mm, on.lat_e7, on.lon_e7)


@pytest.mark.parametrize(
    ("beside", "along_m", "distance_m", "heading"),
    [
        ((-210.0, 7.0), 90, 7, (1000, 0)),
        ((-210.0, -7.0), 90, 7, (1000, 0)),
        ((-190.0, 0.0), 100, 10, (1000, 0)),
        ((-303.0, -4.0), 0, 5, (1000, 0)),
    ],
)
def test_a_place_says_how_far_along_how_far_away_and_where_the_segment_points_to(
    beside: Metres, along_m: float, distance_m: float, heading: tuple[int, int]
) -> None:
    ((found,),) = listed(places_near(CROOKED, *columns(point(*beside))))
    assert abs(found[1] - along_m * 1000) <= 20
    assert abs(found[2] - distance_m * 1000) <= 20
    assert found[3:] == heading
