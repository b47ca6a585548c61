"""OpenStreetMap files to lines: which ways, with which nodes, and what meets."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from snowtrack.model.errors import NetworkDataError
from snowtrack.network.arrays import Kind, Manager, Network, RoadClass, Structure
from snowtrack.roads.build import network_of
from snowtrack.roads.osm import read_osm
from tests.oracles.towns import Metres, point, shape
from tests.roads.osm_files import STREET, Way, write_osm

CROSS: Mapping[int, Metres] = {1: (-60, 0), 2: (0, 0), 3: (60, 0), 4: (0, -60), 5: (0, 0), 6: (0, 60)}


def network(
    tmp_path: Path, nodes: Mapping[int, Metres], ways: Mapping[int, Way], name: str = "town.osm.pbf"
) -> Network:
    lines = read_osm(write_osm(tmp_path / name, nodes, ways))
    return network_of(lines, name="test", attribution="test")


def rows_of_way(network: Network, way: int) -> list[int]:
    rows = [row for row in range(len(network)) if network.source_id[row] == way]
    return sorted(rows, key=lambda row: int(network.source_from_mm[row]))


def test_ways_meet_where_they_share_a_node_and_not_where_they_share_a_position(tmp_path: Path) -> None:
    apart = network(tmp_path, CROSS, {10: Way([1, 2, 3]), 11: Way([4, 5, 6])})
    assert (len(apart), len(apart.node_lat_e7)) == (2, 4)
    joined = network(tmp_path, CROSS, {10: Way([1, 2, 3]), 11: Way([4, 2, 6])}, "joined.osm.pbf")
    assert (len(joined), len(joined.node_lat_e7)) == (4, 5)


@pytest.mark.parametrize("name", ["town.osm.pbf", "town.osm", "town.osm.gz", "town.osm.bz2"])
def test_every_kind_of_file_gives_the_same_lines(tmp_path: Path, name: str) -> None:
    made = network(tmp_path, CROSS, {10: Way([1, 2, 3]), 11: Way([4, 2, 6])}, name)
    assert [shape(made, row)[0] for row in rows_of_way(made, 10)] == [point(-60, 0), point(0, 0)]


def test_a_road_runs_along_its_way_and_has_its_id_and_metres(tmp_path: Path) -> None:
    nodes = {1: (0.0, 0.0), 2: (100.0, 0.0), 3: (250.0, 0.0)}
    made = network(tmp_path, nodes, {77: Way([3, 2, 1], STREET | {"oneway": "-1"})})
    rows = rows_of_way(made, 77)
    assert [round(int(made.source_from_mm[row]) / 1000) for row in rows] == [0, 125]
    assert shape(made, rows[0])[0] == point(250, 0)
    assert {int(made.oneway[row]) for row in rows} == {-1}


def test_tags_become_attributes(tmp_path: Path) -> None:
    tags = {
        "highway": "trunk",
        "ref": "8",
        "name": "雪国街道",
        "name:ja-Hira": "ゆきぐにかいどう",
        "bridge": "yes",
        "layer": "1",
        "lanes": "4",
        "width": "14.5",
        "oneway": "yes",
    }
    made = network(tmp_path, CROSS, {10: Way([1, 2], tags), 11: Way([2, 3], {"highway": "footway"})})
    (row,), (foot,) = rows_of_way(made, 10), rows_of_way(made, 11)
    assert (made.road_class[row], made.manager[row], made.kind[row]) == (RoadClass.NATIONAL, Manager.NATION, 0)
    assert (made.structure[row], made.level[row], made.lanes[row], made.width_mm[row]) == (
        Structure.BRIDGE,
        1,
        4,
        14_500,
    )
    assert made.oneway[row] == 1
    assert [made.text(int(column[row])) for column in (made.name_text, made.reading_text, made.route_text)] == [
        "雪国街道",
        "ゆきぐにかいどう",
        "国道8号",
    ]
    assert made.kind[foot] == Kind.FOOTWAY
    assert made.text(int(made.name_text[foot])) is None


def test_what_is_no_road_is_left_out(tmp_path: Path) -> None:
    made = network(
        tmp_path,
        CROSS,
        {10: Way([1, 2]), 11: Way([2, 3], {"waterway": "river"}), 12: Way([2, 4], {"highway": "steps"}), 13: Way([6])},
    )
    assert set(made.source_id.tolist()) == {10}


def test_a_way_whose_nodes_are_partly_missing_is_not_drawn_over_the_hole(tmp_path: Path) -> None:
    nodes = {1: (0.0, 0.0), 2: (60.0, 0.0), 4: (500.0, 0.0), 5: (560.0, 0.0)}
    made = network(tmp_path, nodes, {10: Way([1, 2, 3, 4, 5]), 11: Way([98, 1]), 12: Way([99, 98])})
    assert made.length_mm.max() < 61_000
    first, second = rows_of_way(made, 10)
    assert (made.source_from_mm[first], made.source_from_mm[second]) == (0, made.length_mm[first])


def test_way_and_node_ids_may_be_small_and_large(tmp_path: Path) -> None:
    nodes = {1: (0.0, 0.0), 12_345_678_901: (60.0, 0.0), 2**40: (90.0, 0.0)}
    made = network(tmp_path, nodes, {1: Way([1, 12_345_678_901]), 2**40: Way([12_345_678_901, 2**40])})
    assert sorted(made.source_id.tolist()) == [1, 2**40]
    assert len(made.node_lat_e7) == 3


def test_ids_of_what_was_never_uploaded_are_negative(tmp_path: Path) -> None:
    nodes = {-1: (0.0, 0.0), -2: (60.0, 0.0), -3: (90.0, 0.0), -9: (500.0, 0.0)}
    made = network(tmp_path, nodes, {-5: Way([-1, -2]), -6: Way([-2, -3])})
    assert sorted(made.source_id.tolist()) == [-6, -5]
    assert len(made.node_lat_e7) == 3


def test_a_file_without_roads_gives_no_lines(tmp_path: Path) -> None:
    assert len(read_osm(write_osm(tmp_path / "empty.osm.pbf", {}, {}))) == 0
    assert len(read_osm(write_osm(tmp_path / "river.osm.pbf", CROSS, {1: Way([1, 2], {"waterway": "river"})}))) == 0
    assert len(read_osm(write_osm(tmp_path / "nowhere.osm.pbf", {}, {1: Way([1, 2])}))) == 0


def test_a_file_that_is_cut_off_or_none_is_refused_in_one_line(tmp_path: Path) -> None:
    nodes = {number: (float(number), float(number % 17)) for number in range(1, 3_000)}
    whole = write_osm(tmp_path / "whole.osm.pbf", nodes, {1: Way(list(nodes))}).read_bytes()
    for number, size in enumerate((0, 3, 40, len(whole) // 3, len(whole) // 2, len(whole) - 100, len(whole) - 1)):
        path = tmp_path / f"cut{number}.osm.pbf"
        path.write_bytes(whole[:size])
        with pytest.raises(NetworkDataError) as refused:
            read_osm(path)
        assert str(path) in str(refused.value)
        assert "\n" not in str(refused.value)
    (tmp_path / "none.osm.pbf").write_bytes(b"what is this" * 100)
    with pytest.raises(NetworkDataError, match="cannot be read as OpenStreetMap data"):
        read_osm(tmp_path / "none.osm.pbf")
