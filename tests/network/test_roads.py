"""Roads by name and by place."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from snowtrack.network.arrays import RoadClass
from snowtrack.network.roads import Roads
from tests.oracles.towns import point, road, sample_town, shape, town

WGS84 = Geod(ellps="WGS84")
LONG = replace(road((0, 0), (90, 0), name="長通り", route="県道1号"), reading="ながどおり", priority=3, district="北区")
ALSO = replace(road((0, 500), (100, 500), name="長通り"), district="北区", priority=2)
ELSEWHERE = replace(road((0, 900), (100, 900), name="長通り"), district="南区")
NUMBERED = road((0, 1_000), (100, 1_000), route="国道8号")
NAMELESS = road((0, 1_200), (100, 1_200))
ROADS = Roads.of(town(LONG, ALSO, ELSEWHERE, NUMBERED, NAMELESS))


def called(asked: str) -> list[tuple[str, str | None]]:
    return [(ROADS.roads[place].name, ROADS.roads[place].district) for place in ROADS.called(asked)]


def test_a_road_is_what_has_one_name_in_one_district() -> None:
    first, second, third = ROADS.roads
    assert (first.name, first.reading, first.routes, first.district) == ("長通り", "ながどおり", ("県道1号",), "北区")
    assert (first.id, first.priority) == (1, 2)
    assert (second.name, second.district, second.priority) == ("長通り", "南区", 0)
    assert (third.name, third.routes) == ("国道8号", ("国道8号",))
    assert [ROADS.rows_of(place).tolist() for place in range(3)] == [[0, 1], [2], [3]]
    assert ROADS.of_row.tolist() == [0, 0, 1, 2, -1]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("長通り", [("長通り", "北区"), ("長通り", "南区")]),
        ("nagadori", [("長通り", "北区")]),
        ("県道1", [("長通り", "北区")]),
        ("8号", [("国道8号", None)]),
        ("号", [("長通り", "北区"), ("国道8号", None)]),
        ("川", []),
        ("", []),
    ],
)
def test_found_by_name_reading_or_number(asked: str, expected: list[tuple[str, str | None]]) -> None:
    assert called(asked) == expected


def test_what_fits_best_comes_first() -> None:
    roads = Roads.of(
        town(
            *(
                road((0, 90.0 * at), (80, 90.0 * at), name=name)
                for at, name in enumerate(["東本町通り", "本町通り北", "本町", "本町通り"])
            )
        )
    )
    assert [roads.roads[place].name for place in roads.called("本町通り")] == ["本町通り", "本町通り北", "東本町通り"]


def test_near_where_no_point_of_its_line_is() -> None:
    ((place, distance_mm),) = ROADS.near(*point(45, 40), 41)
    assert place == 0
    assert distance_mm == pytest.approx(40_000, abs=20)
    assert ROADS.near(*point(45, 40), 39) == []


def test_a_road_without_a_name_is_none() -> None:
    assert ROADS.near(*point(50, 1_210), 100) == []


@given(row=st.integers(0, len(sample_town()) - 1), north=st.integers(-300, 300), east=st.integers(-300, 300))
def test_the_nearest_first_each_once(row: int, north: int, east: int) -> None:
    """Against the ends of all segments: a road is no further away than its nearest end."""
    network, roads = sample_town(), Roads.of(sample_town())
    lat, lon = shape(network, row)[0]
    lat, lon = lat + north * 90, lon + east * 110
    found = roads.near(lat, lon, 200)
    assert [mm for _, mm in found] == sorted(mm for _, mm in found)
    assert len({road for road, _ in found}) == len(found)
    distances = dict(found)
    for other in range(0, len(network), 41):
        named = int(roads.of_row[other])
        end_lat, end_lon = shape(network, other)[-1]
        *_, metres = WGS84.inv(lon / 1e7, lat / 1e7, end_lon / 1e7, end_lat / 1e7)
        if named >= 0 and metres < 199:
            assert distances[named] <= metres * 1_000 + 100


def test_of_a_network_without_names_there_are_none() -> None:
    roads = Roads.of(town(NAMELESS))
    assert (roads.roads, roads.called("a"), roads.near(*point(0, 1_200), 500)) == ((), [], [])


def test_what_is_cleared_first_comes_first_by_priority_then_class_then_length() -> None:
    streets = (
        road((0, 0), (500, 0), name="市道"),
        road((0, 100), (90, 100), name="短い国道", road_class=RoadClass.NATIONAL),
        road((0, 200), (99, 200), name="長い国道", road_class=RoadClass.NATIONAL),
        replace(road((0, 300), (90, 300), name="通学路"), priority=2),
        replace(road((0, 400), (90, 400), name="救急路"), priority=1),
    )
    roads = Roads.of(town(*streets))
    expected = ["救急路", "通学路", "長い国道", "短い国道", "市道"]
    assert [roads.roads[place].name for place in roads.urgent] == expected


def test_the_extent_of_a_road_holds_all_of_it() -> None:
    west, south, east, north = ROADS.bbox_e7(0)
    points = [one for row in ROADS.rows_of(0).tolist() for one in shape(ROADS.network, row)]
    assert (south, north) == (min(lat for lat, _ in points), max(lat for lat, _ in points))
    assert (west, east) == (min(lon for _, lon in points), max(lon for _, lon in points))
