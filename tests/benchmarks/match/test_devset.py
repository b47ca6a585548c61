"""A case as it is read, and as an OSM file."""

import gzip
from pathlib import Path as File

import numpy as np
import osmium
import pytest

from benchmarks.match.devset import DEVSET, Case, cases, read_case, write_pbf
from benchmarks.match.tracks import Answers, Matched, Path

NODES = ["141.30\t43.00", "141.31\t43.00", "141.31\t43.01", "141.32\t43.01"]
# Two-way, its reverse first; the same arc twice; one-way.
ARCS = ["1\t0", "0\t1", "1\t2", "1\t2", "2\t3"]
ROUTE = ["1", "3", "4"]
TRACK = ["141.30\t43.00\t1.0", "141.31\t43.005\t2.0", "141.32\t43.02\t3.0"]


@pytest.fixture
def case(tmp_path: File) -> Case:
    folder = tmp_path / "00000001"
    folder.mkdir()
    for ending, lines in (("nodes", NODES), ("arcs", ARCS), ("route", ROUTE), ("track", TRACK)):
        (folder / f"00000001.{ending}.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    return read_case(folder)


def test_both_arcs_between_two_nodes_are_one_way_and_equal_arcs_one_arc(case: Case) -> None:
    assert case.way_from.tolist() == [1, 1, 2]
    assert case.way_to.tolist() == [0, 2, 3]
    assert case.oneway.tolist() == [False, True, True]
    assert case.route.tolist() == [1, 2, 4]


def test_ways_are_as_long_as_they_are_on_the_ellipsoid(case: Case) -> None:
    # One hundredth of a degree at 43 degrees north: 815.5 m along the parallel, 1110.9 m along the meridian.
    assert case.arcs.length_mm[0] == pytest.approx(815_500, abs=200)
    assert case.arcs.length_mm[1] == pytest.approx(1_110_900, abs=200)


def test_the_distance_is_that_to_the_nearest_place_of_the_route(case: Case) -> None:
    distance_m = case.distance_m(case.track)
    assert distance_m[:2] == pytest.approx([0, 0], abs=0.01)
    assert distance_m[2] == pytest.approx(1_110.9, abs=1)


def test_the_file_has_the_ways_with_shared_nodes_and_oneway_where_there_is_no_way_back(
    case: Case, tmp_path: File
) -> None:
    write_pbf(case, tmp_path / "roads.osm.pbf")
    ways, nodes = {}, {}
    for thing in osmium.FileProcessor(str(tmp_path / "roads.osm.pbf")):
        if isinstance(thing, osmium.osm.Way):
            ways[thing.id] = ([node.ref for node in thing.nodes], dict(thing.tags))
        elif isinstance(thing, osmium.osm.Node):
            nodes[thing.id] = (thing.lon, thing.lat)
    assert ways == {
        1: ([2, 1], {"highway": "tertiary"}),
        2: ([2, 3], {"highway": "tertiary", "oneway": "yes"}),
        3: ([3, 4], {"highway": "tertiary", "oneway": "yes"}),
    }
    assert nodes == {1: (141.30, 43.00), 2: (141.31, 43.00), 3: (141.31, 43.01), 4: (141.32, 43.01)}


def driven(case: Case) -> Matched:
    """The truth, said as a matcher would say it."""
    rows = [(int(arc >> 1) + 1, -1 if arc & 1 else 1, 0.0, case.arcs.length_mm[arc >> 1] / 1000) for arc in case.route]
    first = np.full(len(case.track), rows[0][0])
    answers = Answers(
        source_id=first,
        direction=np.full(len(first), rows[0][1], np.int8),
        along_m=np.zeros(len(first)),
        confidence=np.ones(len(first)),
    )
    return Matched(answers=answers, path=Path.of(rows))


def test_the_truth_itself_is_judged_perfect(case: Case) -> None:
    judged = case.judge(case.track, driven(case))
    assert (judged.rmf, judged.precision, judged.recall, judged.fix_acc) == (0.0, 1.0, 1.0, 1.0)
    assert judged.fixes_near == 2


@pytest.mark.skipif(not DEVSET.is_dir(), reason="the real tracks are not on this machine")
def test_every_real_route_is_connected_and_judged_perfect_against_itself() -> None:
    for case in cases():
        begin = np.where(case.route & 1, case.way_to[case.route >> 1], case.way_from[case.route >> 1])
        end = np.where(case.route & 1, case.way_from[case.route >> 1], case.way_to[case.route >> 1])
        assert np.array_equal(end[:-1], begin[1:])
        assert not np.any(case.oneway[case.route >> 1] & (case.route & 1 == 1))
        judged = case.judge(case.track, driven(case))
        assert (judged.rmf, judged.precision, judged.recall) == (0.0, 1.0, 1.0)
