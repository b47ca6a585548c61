"""Routes: those that are registered, and those that the network itself comes to."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.clearance.routes import (
    ID_SIGNS_MAX,
    NOBODYS,
    Places,
    Route,
    Routes,
    missing_lines,
    places_of,
    road_classes,
    with_derived,
)
from snowtrack.model.policy import ROAD_CLASSES
from snowtrack.network.arrays import Network
from tests.clearance.worlds import FOOTWAY, LOCAL, MAIN, NETWORK, ONE_WAY, SEGMENTS
from tests.oracles.towns import road, sample_town, town

Line = tuple[int, int]
NOWHERE = 999


def routes_of(**lines: list[Line]) -> Routes:
    """Each with its lines, as segment and direction."""
    return Routes.of(
        [
            (
                Route(agency="a", id=name, name=name),
                np.array([segment for segment, _ in own], np.int64),
                np.array([way for _, way in own], np.int8),
            )
            for name, own in lines.items()
        ]
    )


def places(**lines: list[Line]) -> list[tuple[int, ...]]:
    """Route, segment and way of each place."""
    found = places_of(routes_of(**lines), SEGMENTS)
    return [(route, row + 1, way) for route, row, way in found.rows()]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ((LOCAL, 0), [(LOCAL, 0)]),
        ((LOCAL, 1), [(LOCAL, 0)]),
        ((LOCAL, -1), [(LOCAL, 0)]),
        ((FOOTWAY, -1), [(FOOTWAY, 0)]),
        ((ONE_WAY, 0), [(ONE_WAY, 0)]),
        ((MAIN, 1), [(MAIN, 0)]),
        ((MAIN, -1), [(MAIN, 1)]),
        ((MAIN, 0), [(MAIN, 0), (MAIN, 1)]),
        ((NOWHERE, 0), []),
    ],
)
def test_a_line_comes_to_the_directions_that_have_to_be_worked(line: Line, expected: list[Line]) -> None:
    assert [(segment, way) for _, segment, way in places(r=[line])] == expected


def test_places_stand_in_planned_order_and_once_in_a_route_but_on_as_many_routes_as_have_them() -> None:
    found = places(b=[(MAIN, -1), (LOCAL, 0), (MAIN, 0), (LOCAL, 1)], a=[(LOCAL, 0)])
    assert found == [(0, LOCAL, 0), (1, MAIN, 1), (1, LOCAL, 0), (1, MAIN, 0)]


@given(st.lists(st.tuples(st.sampled_from([LOCAL, MAIN, ONE_WAY, NOWHERE]), st.integers(-1, 1)), max_size=12))
def test_each_line_with_a_place_is_found_and_no_other(lines: list[Line]) -> None:
    found = {(segment, way) for _, segment, way in places(r=lines)}
    expected = set()
    for segment, direction in lines:
        if segment == MAIN:
            expected |= {(MAIN, way) for way in (0, 1) if direction == 0 or way == (direction < 0)}
        elif segment != NOWHERE:
            expected.add((segment, 0))
    assert found == expected
    assert len(places(r=lines)) == len(found)


def test_lines_on_segments_that_the_network_does_not_have_are_counted() -> None:
    routes = routes_of(a=[(NOWHERE, 0), (LOCAL, 0), (NOWHERE, 1)], b=[(MAIN, 0)], c=[])
    assert missing_lines(routes, SEGMENTS).tolist() == [2, 0, 0]


def test_without_routes_there_are_no_places() -> None:
    assert len(places_of(Routes.of([]), SEGMENTS)) == 0
    assert len(Places.empty()) == 0


def test_a_footway_is_a_class_of_its_own() -> None:
    classes = [ROAD_CLASSES[number] for number in road_classes(NETWORK).tolist()]
    assert classes == ["local", "main", "national", "footway", "prefectural"]


def derived(network: Network, managers: list[int], *registered: Route) -> Routes:
    own = Routes.of([(one, np.empty(0, np.int64), np.empty(0, np.int8)) for one in registered])
    return with_derived(own, network, ["a", "b"], np.array(managers, np.int16))


def test_roads_of_agencies_without_routes_are_routes_by_name() -> None:
    network = town(
        road((0, 0), (100, 0), name="南通り"),
        road((0, 50), (100, 50), name="北通り"),
        road((100, 0), (200, 0), name="南通り"),
        road((0, 90), (100, 90)),
        road((0, 120), (100, 120), name="バイパス", route="国道8号"),
    )
    routes = derived(network, [0, 0, 0, 1, -1])
    found = {route.key: (route.name, segments.tolist()) for route, segments, _ in routes.lined()}
    assert found == {
        ("a", "北通り"): ("北通り", [2]),
        ("a", "南通り"): ("南通り", [1, 3]),
        ("b", "名称なし"): ("名称なし", [4]),
        (NOBODYS, "国道8号"): ("国道8号", [5]),
    }
    assert not any(route.registered for route in routes.routes)


def test_an_agency_that_registered_one_has_only_those() -> None:
    own = Route(agency="a", id="r1", name="第一")
    routes = derived(NETWORK, [0, 0, 1, 1, 1], own)
    assert [route.key for route in routes.routes if route.agency == "a"] == [("a", "r1")]
    assert {route.agency for route in routes.routes} == {"a", "b"}
    assert [route.key for route in derived(NETWORK, [0] * 5, own).routes] == [("a", "r1")]


def test_a_route_goes_from_one_end_to_the_other_whichever_way_it_is_longer() -> None:
    north = [((0, at), (0, at + 40)) for at in (80, 0, 120, 40)]
    network = town(*(road(*ends, name="縦") for ends in north))
    ((_, segments, _),) = derived(network, [0] * 4).lined()
    assert segments.tolist() == [2, 4, 1, 3]


def test_districts_and_priorities_tell_roads_of_one_name_apart_and_ids_stay_different() -> None:
    drawn = town(*(road((0, at), (100, at), name="雪/通り") for at in (0, 50, 90)))
    network = replace(drawn, priority=np.array([0, 2, 1], np.uint8))
    routes = derived(network, [0, 0, 0])
    assert [(route.id, route.priority) for route in routes.routes] == [
        ("1次-雪／通り", 1),
        ("2次-雪／通り", 2),
        ("雪／通り", 0),
    ]
    long = town(*(road((0, at), (100, at), name="雪" * 70 + str(at)) for at in (0, 50)))
    ids = [route.id for route in derived(long, [0, 0]).routes]
    assert len(set(ids)) == 2
    assert all(len(id_) <= ID_SIGNS_MAX for id_ in ids)


def test_every_road_of_the_sample_town_is_on_one_route_and_in_the_same_order_each_time() -> None:
    network = sample_town()
    managers = [0 if manager == 3 else -1 for manager in network.manager.tolist()]
    routes = derived(network, managers)
    assert sorted(routes.segment_id.tolist()) == sorted(network.segment_id.tolist())
    assert [route.key for route in routes.routes] == sorted({route.key for route in routes.routes})
    again = derived(network, managers)
    assert (again.routes, again.segment_id.tolist()) == (routes.routes, routes.segment_id.tolist())
