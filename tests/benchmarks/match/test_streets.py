"""Streets: as they are read, written, cut and handed on."""

from pathlib import Path as File

import numpy as np
import osmium
import pytest

from benchmarks.match.streets import Street, arcs_of, as_lines, from_lines, read_streets, write_streets
from snowtrack.network.arrays import Kind, Manager, RoadClass
from snowtrack.roads.lines import Point, RoadLine


def street(source_id: int, nodes: tuple[int, ...], oneway: int = 0) -> Street:
    """A line to the east, 0.001 degrees (81.5 m at 43 degrees north) from node to node."""
    lon = 141.3 + 0.001 * np.array(nodes)
    return Street(source_id=source_id, nodes=nodes, lat_deg=np.full(len(nodes), 43.0), lon_deg=lon, oneway=oneway)


def test_what_is_written_is_read_again_in_order_of_id(tmp_path: File) -> None:
    given = [street(7, (3, 4)), street(5, (1, 2, 3), oneway=1), street(6, (4, 9), oneway=-1)]
    write_streets(given, tmp_path / "roads.osm.pbf")
    read = read_streets(tmp_path / "roads.osm.pbf")
    assert [(s.source_id, s.nodes, s.oneway) for s in read] == [(5, (1, 2, 3), 1), (6, (4, 9), -1), (7, (3, 4), 0)]
    assert read[0].lon_deg == pytest.approx(given[1].lon_deg, abs=1e-7)


def write_way(file: File, tags: dict[str, str]) -> None:
    with osmium.SimpleWriter(str(file), overwrite=True) as writer:
        for node in (1, 2):
            writer.add_node(osmium.osm.mutable.Node(id=node, location=(141.3 + node / 1000, 43.0), version=1))
        writer.add_way(osmium.osm.mutable.Way(id=1, nodes=[1, 2], tags=tags, version=1))


@pytest.mark.parametrize(
    ("tags", "oneway"),
    [
        ({"highway": "residential"}, 0),
        ({"highway": "residential", "oneway": "yes"}, 1),
        ({"highway": "residential", "oneway": "-1"}, -1),
        ({"highway": "tertiary", "junction": "roundabout"}, 1),
        ({"highway": "motorway"}, 1),
        ({"highway": "motorway", "oneway": "no"}, 0),
        ({"highway": "motorway_link"}, 0),
    ],
)
def test_oneway_is_as_tagged_or_implied(tmp_path: File, tags: dict[str, str], oneway: int) -> None:
    write_way(tmp_path / "way.osm.pbf", tags)
    assert [s.oneway for s in read_streets(tmp_path / "way.osm.pbf")] == [oneway]


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "footway"},
        {"waterway": "river"},
        {"highway": "proposed"},
        {"highway": "service", "service": "driveway"},
        {"highway": "residential", "area": "yes"},
    ],
)
def test_what_no_plough_drives_is_no_street(tmp_path: File, tags: dict[str, str]) -> None:
    write_way(tmp_path / "way.osm.pbf", tags)
    assert read_streets(tmp_path / "way.osm.pbf") == []


def test_a_street_is_cut_into_equal_pieces_without_gap() -> None:
    arcs = arcs_of([street(5, (1, 2, 3)), street(7, (3, 4))])
    for source_id, length_m in ((5, 163.1), (7, 81.55)):
        own = arcs.source_id == source_id
        assert arcs.from_mm[own][0] == 0
        assert arcs.to_mm[own][-1] == pytest.approx(1000 * length_m, abs=100)
        assert np.array_equal(arcs.from_mm[own][1:], arcs.to_mm[own][:-1])
        assert np.ptp(arcs.length_mm[own]) <= 1
        assert arcs.length_mm[own].mean() == pytest.approx(2_000, rel=0.05)


def line(source_id: int, points: list[Point], kind: Kind = Kind.CARRIAGEWAY, oneway: int = 0) -> RoadLine:
    return RoadLine(
        source_id=source_id,
        points=points,
        road_class=RoadClass.LOCAL,
        manager=Manager.MUNICIPALITY,
        kind=kind,
        oneway=oneway,
    )


def test_lines_become_streets_that_meet_where_they_share_a_point() -> None:
    a, b, c = (430_000_000, 1_413_000_000), (430_010_000, 1_413_000_000), (430_010_000, 1_413_010_000)
    streets = from_lines([line(1, [a, b, b]), line(2, [c, b], oneway=-1), line(3, [a, c], kind=Kind.FOOTWAY)])
    assert [(s.source_id, s.nodes, s.oneway) for s in streets] == [(1, (1, 2), 0), (2, (3, 2), -1)]


def test_streets_and_lines_say_the_same() -> None:
    given = [street(7, (3, 4)), street(5, (1, 2, 3), oneway=1)]
    again = from_lines(as_lines(given))
    for before, after in zip(given, again, strict=True):
        assert (before.source_id, before.oneway) == (after.source_id, after.oneway)
        assert before.lon_deg == pytest.approx(after.lon_deg, abs=1e-7)
