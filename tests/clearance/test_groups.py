"""Which segments are told of together."""

from dataclasses import replace

import h3
import numpy as np
import pytest

from snowtrack.clearance.groups import (
    CELL_RESOLUTIONS,
    Groups,
    by_agency,
    by_area,
    by_cell,
    by_class,
    by_district,
    by_route,
)
from snowtrack.clearance.routes import Route, Routes
from snowtrack.clearance.segments import NO_AGENCY
from snowtrack.model.fleet import Agency, Manages
from tests.clearance.worlds import ALL, FOOTWAY, LOCAL, MAIN, NETWORK, ONE_WAY, PREFECTURAL, SEGMENTS
from tests.oracles.towns import road, sample_town, town

NOWHERE = 999
CITY = Agency(id="city", name="市", manages=Manages.MUNICIPALITY)
PREFECTURE = Agency(id="pref", name="県", manages=Manages.PREFECTURE)


def told(groups: Groups) -> dict[str, set[int]]:
    """Segments, which are numbered from 1 by row here, by the id of their group."""
    ids = list(groups.names)
    found: dict[str, set[int]] = {id_: set() for id_ in ids}
    for member, row in zip(groups.member.tolist(), groups.row.tolist(), strict=True):
        assert row + 1 not in found[ids[member]]
        found[ids[member]].add(row + 1)
    assert ids == sorted(ids)
    return found


def test_by_agency_also_what_nobody_manages() -> None:
    managers = np.array([0, 1, NO_AGENCY, 1, 0], np.int16)
    groups = by_agency([PREFECTURE, CITY], managers)
    assert told(groups) == {"pref": {1, 5}, "city": {2, 4}, "-": {3}}
    assert groups.names["city"] == "市"


def test_an_agency_without_roads_is_not_told_of() -> None:
    assert told(by_agency([PREFECTURE, CITY], np.zeros(5, np.int16))) == {"pref": {1, 2, 3, 4, 5}}


def test_by_class_of_road() -> None:
    assert told(by_class(NETWORK)) == {
        "local": {LOCAL}, "main": {MAIN}, "national": {ONE_WAY}, "footway": {FOOTWAY}, "prefectural": {PREFECTURAL}
    }  # fmt: skip


def test_by_district_without_those_that_are_in_none() -> None:
    roads = [road((0, 100.0 * number), (90, 100.0 * number)) for number in range(3)]
    network = town(replace(roads[0], district="北区"), roads[1], replace(roads[2], district="北区"))
    assert told(by_district(network)) == {"北区": {1, 3}}
    assert told(by_district(NETWORK)) == {}


@pytest.mark.parametrize("resolution", CELL_RESOLUTIONS)
def test_by_cell_of_where_they_begin(resolution: int) -> None:
    network = sample_town()
    groups = by_cell(network, resolution)
    found = told(groups)
    assert sum(map(len, found.values())) == len(network)
    for row in range(0, len(network), 97):
        node = network.from_node[row]
        lat, lon = network.node_lat_e7[node] / 1e7, network.node_lon_e7[node] / 1e7
        assert row + 1 in found[h3.latlng_to_cell(lat, lon, resolution)]


def lined(id_: str, segments: list[int], district: str | None) -> tuple[Route, np.ndarray, np.ndarray]:
    return (
        Route(agency="a", id=id_, name=f"路線{id_}", district=district),
        np.array(segments, np.int64),
        np.zeros(len(segments), np.int8),
    )


def test_by_route_and_by_the_area_that_routes_name() -> None:
    routes = Routes.of(
        [
            lined("1", [LOCAL, MAIN, LOCAL], "1工区"),
            lined("2", [MAIN, NOWHERE], "1工区"),
            lined("3", [FOOTWAY], "2工区"),
            lined("4", [ONE_WAY], None),
            lined("5", [NOWHERE], "9工区"),
        ]
    )
    by = by_route(routes, SEGMENTS)
    assert told(by) == {"a/1": {LOCAL, MAIN}, "a/2": {MAIN}, "a/3": {FOOTWAY}, "a/4": {ONE_WAY}}
    assert by.names["a/3"] == "路線3"
    areas = by_area(routes, SEGMENTS)
    assert told(areas) == {"a/1工区": {LOCAL, MAIN}, "a/2工区": {FOOTWAY}}
    assert areas.names["a/2工区"] == "2工区"


def test_of_no_routes_there_is_no_group() -> None:
    assert told(by_route(Routes.of([]), SEGMENTS)) == {}


def test_rows_stand_for_segments_here() -> None:
    assert NETWORK.segment_id.tolist() == (ALL + 1).tolist()
