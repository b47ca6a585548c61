"""Lines to a network: where they are cut, how long the pieces are, what meets and what does not."""

import hashlib
import struct
from dataclasses import replace
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.errors import NetworkDataError
from snowtrack.network.arrays import Network
from snowtrack.roads.build import identified, network_of
from snowtrack.roads.cut import PIECE_MM, cut
from snowtrack.roads.files import array_names
from snowtrack.roads.lines import Lines, as_columns
from tests.oracles.towns import Metres, built, metres_between, point, road, sample_town, shape, town

PLACES = st.tuples(st.integers(-2_000, 2_000), st.integers(-2_000, 2_000)).map(lambda p: (float(p[0]), float(p[1])))
LINES = st.lists(st.lists(PLACES, min_size=2, max_size=6, unique=True), min_size=1, max_size=4)


def meets(network: Network) -> set[tuple[int, int]]:
    """Pairs of rows that share a node."""
    ends = [set(pair) for pair in zip(network.from_node.tolist(), network.to_node.tolist(), strict=True)]
    return {(a, b) for a in range(len(ends)) for b in range(a) if ends[a] & ends[b]}


def along_the_lines(network: Network) -> list[int]:
    """Rows by source and along it."""
    order: list[int] = np.lexsort((network.source_from_mm, network.source_id)).tolist()
    return order


def test_a_line_is_cut_where_another_shares_its_point() -> None:
    network = town(road((0, 0), (50, 0), (100, 0)), road((50, 0), (50, 60)))
    assert [shape(network, row)[0] for row in range(3)] == [point(0, 0), point(50, 0), point(50, 0)]
    assert meets(network) == {(1, 0), (2, 0), (2, 1)}


def test_lines_that_cross_without_a_shared_point_do_not_meet() -> None:
    network = town(road((-60, 0), (60, 0)), road((0, -60), (0, 60)))
    assert len(network) == 2
    assert not meets(network)


def test_a_bridge_that_is_cut_right_above_a_road_that_is_cut_there_too_does_not_meet_it() -> None:
    network = town(road((-100, 0), (100, 0)), road((0, -100), (0, 100)))
    assert [len(shape(network, row)) for row in range(4)] == [2, 2, 2, 2]
    assert shape(network, 0)[1] == shape(network, 2)[1] == point(0, 0)
    assert meets(network) == {(1, 0), (3, 2)}


def test_a_long_line_does_not_meet_a_road_that_has_a_point_where_it_is_cut() -> None:
    network = town(road((-100, 0), (100, 0)), road((0, 0), (0, 100)))
    assert meets(network) == {(1, 0)}


def test_a_line_that_touches_itself_is_cut_there() -> None:
    network = town(road((0, 0), (30, 0), (60, 0), (60, 30), (30, 0), (0, -50)))
    assert len(network) == 3
    assert meets(network) == {(1, 0), (2, 0), (2, 1)}


def test_a_road_that_is_drawn_twice_is_not_cut_at_each_of_its_points() -> None:
    for again in ([(0, 0), (30, 5), (60, 0), (90, 5)], [(90, 5), (60, 0), (30, 5), (0, 0)]):
        network = town(road((0, 0), (30, 5), (60, 0), (90, 5)), road(*again))
        assert [len(shape(network, row)) for row in range(len(network))] == [4, 4]
        assert meets(network) == {(1, 0)}


def test_roads_that_share_a_stretch_are_cut_where_they_part() -> None:
    network = town(road((0, 0), (30, 0), (60, 0), (90, 0)), road((0, 50), (30, 0), (60, 0), (90, 50)))
    assert [len(shape(network, row)) for row in range(len(network))] == [2] * 6
    assert len(network.node_lat_e7) == 6


def test_a_road_that_ends_on_one_along_which_it_ran_divides_it_there() -> None:
    network = town(road((0, 0), (50, 0), (100, 0)), road((100, 0), (50, 0)))
    assert meets(network) == {(1, 0), (2, 0), (2, 1)}


def test_a_vertex_that_stands_where_a_cut_falls_is_the_cut() -> None:
    exactly = 0
    for step_e7 in range(11_000, 11_200, 4):
        points = [(365_600_000, 1_366_500_000 + at * step_e7) for at in range(3)]
        network = town(replace(road((0, 0), (1, 1)), points=points))
        assert len(network) == 2
        lengths = [round(metres_between(points[0], points[at]) * 1000) for at in (1, 2)]
        if lengths[0] == lengths[1] // 2:
            exactly += 1
            assert [shape(network, row) for row in range(2)] == [points[:2], points[1:]]
    assert exactly > 5


def test_where_all_roads_are_parts_of_one_feature_each_begins_at_its_own_start() -> None:
    parts = [road((0, 0), (100, 0)), road((0, 50), (0, 90)), road((7, 7), (9, 9))]
    far = replace(parts[2], points=[(365_600_000, 1_366_500_000), (545_600_000, 1_366_500_000)])
    for others, begins in ((parts[1:], 100), ([far, far], 0)):
        pieces = cut(replace(as_columns([parts[0], *others]), continues=np.array([False, True, True])))
        assert round(int(pieces.source_from_mm[1]) / 1000) == begins


def test_a_line_that_turns_back_on_itself_is_cut_where_it_turns() -> None:
    network = town(road((0, 0), (50, 0), (100, 0), (50, 0), (0, 0)))
    assert [len(shape(network, row)) for row in range(len(network))] == [3, 3]


def test_a_point_that_is_written_twice_cuts_nothing() -> None:
    network = town(road((0, 0), (50, 0), (50, 0), (100, 0)))
    assert len(network) == 1
    assert len(shape(network, 0)) == 3


def test_a_ring_is_one_segment_from_a_node_to_itself() -> None:
    network = town(road((0, 0), (30, 0), (30, 30), (0, 0)))
    assert (len(network), network.from_node[0]) == (1, network.to_node[0])


@pytest.mark.parametrize(("metres", "pieces"), [(10, 1), (149, 1), (151, 2), (240, 2), (260, 3), (1_000, 10)])
def test_a_long_line_is_cut_into_equal_parts_of_about_100_m(metres: int, pieces: int) -> None:
    network = town(road((0, 0), (metres, 0)))
    assert len(network) == pieces
    assert network.length_mm.max() - network.length_mm.min() <= 1
    assert abs(int(network.length_mm.sum()) - metres * 1000) <= 20
    rows = along_the_lines(network)
    lengths = network.length_mm[rows].tolist()
    assert network.source_from_mm[rows].tolist() == np.cumsum([0, *lengths[:-1]]).tolist()


@given(LINES)
def test_pieces_are_as_long_as_on_the_ellipsoid_(lines: list[list[Metres]]) -> None:
    network = town(*(road(*line, source_id=number) for number, line in enumerate(lines)))
    keys = set(zip(network.source_id.tolist(), network.source_from_mm.tolist(), strict=True))
    assert len(keys) == len(network)
    for row in range(len(network)):
        points = shape(network, row)
        at_mm = network.shape_at_mm[network.shape_offsets[row] : network.shape_offsets[row + 1]].tolist()
        steps = [metres_between(one, other) * 1000 for one, other in pairwise(points)]
        # Cuts are rounded to 1e-7 degrees, which is a centimetre.
        assert all(abs(b - a - step) <= 20 for (a, b), step in zip(pairwise(at_mm), steps, strict=True))
        assert (at_mm[0], at_mm[-1]) == (0, network.length_mm[row])
        assert 0 < network.length_mm[row] <= PIECE_MM * 3 // 2
        assert points[0] == node(network, int(network.from_node[row]))
        assert points[-1] == node(network, int(network.to_node[row]))


@given(LINES)
def test_lines_meet_exactly_where_they_share_a_point(lines: list[list[Metres]]) -> None:
    network = town(*(road(*line, source_id=number) for number, line in enumerate(lines)))
    owners = network.source_id.tolist()
    pairs = ((owners[a], owners[b]) for a, b in meets(network) if owners[a] != owners[b])
    found = {(max(pair), min(pair)) for pair in pairs}
    points = [{point(*place) for place in line} for line in lines]
    assert found == {(a, b) for a in range(len(lines)) for b in range(a) if points[a] & points[b]}


def node(network: Network, number: int) -> tuple[int, int]:
    return int(network.node_lat_e7[number]), int(network.node_lon_e7[number])


@given(LINES)
def test_every_metre_of_a_line_is_on_exactly_one_segment(lines: list[list[Metres]]) -> None:
    network = town(*(road(*line, source_id=number) for number, line in enumerate(lines)))
    for number, line in enumerate(lines):
        rows = [row for row in along_the_lines(network) if network.source_id[row] == number]
        at_mm = 0
        points: list[tuple[int, int]] = []
        for row in rows:
            assert network.source_from_mm[row] == at_mm
            at_mm += int(network.length_mm[row])
            piece = list(shape(network, row))
            assert not points or points[-1] == piece[0]
            points += piece if not points else piece[1:]
        whole = sum(metres_between(point(*one), point(*other)) for one, other in pairwise(line)) * 1000
        assert abs(at_mm - whole) <= 0.51
        places = iter(points)
        assert all(point(*place) in places for place in line), "all vertices are there, in their order"


@given(LINES, st.randoms(use_true_random=False))
def test_the_order_of_the_lines_changes_nothing(lines: list[list[Metres]], random: Random) -> None:
    roads = [road(*line, source_id=number, name=f"{number}番通り") for number, line in enumerate(lines)]
    shuffled = list(roads)
    random.shuffle(shuffled)
    assert built(*roads).network_id == built(*shuffled).network_id


@given(LINES)
def test_a_far_road_changes_no_id_and_no_segment(lines: list[list[Metres]]) -> None:
    roads = [road(*line, source_id=number) for number, line in enumerate(lines)]
    alone, among = built(*roads), built(road((8_000, 8_000), (8_090, 8_000), source_id=77), *roads)
    assert segments(alone).items() < segments(among).items()


def segments(network: Network) -> dict[int, tuple[object, ...]]:
    return {
        int(network.segment_id[row]): (
            tuple(shape(network, row)),
            int(network.length_mm[row]),
            int(network.source_id[row]),
            int(network.source_from_mm[row]),
        )
        for row in range(len(network))
    }


def test_an_id_follows_from_the_shape_alone() -> None:
    one = built(road((0, 0), (100, 0), source_id=5, name="一条通り"))
    other = built(road((0, 0), (100, 0), source_id=9, oneway=1))
    assert one.segment_id.tolist() == other.segment_id.tolist()
    back = built(road((100, 0), (0, 0), source_id=5))
    assert back.segment_id.tolist() != one.segment_id.tolist()
    assert 1 <= one.segment_id[0] < 2**53


def test_ids_are_those_that_the_format_describes() -> None:
    network = built(*(road((0, 0), (50, 5), (100, 0), source_id=number) for number in range(3)))
    points = b"".join(struct.pack("<ii", *place) for place in shape(network, 0))
    salts = [b"", *(number.to_bytes(8) for number in (1, 2))]
    digests = [hashlib.blake2b(points, digest_size=8, salt=salt).digest() for salt in salts]
    expected = [1 + (int.from_bytes(digest) >> 12) for digest in digests]
    assert network.segment_id[np.argsort(network.source_id)].tolist() == expected


def test_of_two_roads_with_one_shape_the_first_source_keeps_the_id_of_the_shape() -> None:
    first, second = road((0, 0), (100, 0), source_id=5), road((0, 0), (100, 0), source_id=9)
    (alone,) = built(first).segment_id.tolist()
    for roads in ((first, second), (second, first)):
        network = built(*roads)
        ids = dict(zip(network.source_id.tolist(), network.segment_id.tolist(), strict=True))
        assert ids[5] == alone != ids[9]


def test_near_segments_are_near_in_the_arrays() -> None:
    """Half of all neighbours in the town share a cache line; in the order of its lines a fifth do."""
    network = sample_town()
    ends = (network.node_ends[network.node_offsets[:-1]] // 2, network.node_ends[network.node_offsets[1:] - 1] // 2)
    assert np.median(np.abs(ends[0] - ends[1])) < 16


def test_a_place_that_two_nodes_share_is_one_for_a_line_that_goes_over_both() -> None:
    one, other = (
        as_columns([road((0, 0), (50, 0), (50, 0), (99, 0))]),
        as_columns([road((50, 0), (50, 70), source_id=2)]),
    )
    ways = Lines.concat([replace(one, place=np.array([1, 2, 3, 4])), replace(other, place=np.array([3, 5]))])
    network = network_of(ways, name="test", attribution="test")
    assert len(meets(network)) == 3


def test_a_line_round_half_the_world_is_refused() -> None:
    with pytest.raises(NetworkDataError, match=r"feature 3 is .* km long; that is no road"):
        built(replace(road((0, 0), (1, 1), source_id=3), points=[(0, 0), (0, 900_000_000)]))


def test_a_source_without_roads_is_refused() -> None:
    for lines in ([], [road((0, 0))], [road((0, 0), (0, 0))]):
        with pytest.raises(NetworkDataError, match="no road"):
            town(*lines)


def test_a_network_is_named_by_its_own_bytes() -> None:
    network, other = town(road((0, 0), (100, 0))), town(road((0, 0), (100, 1)))
    assert network.network_id == town(road((0, 0), (100, 0))).network_id == identified(network).network_id
    assert network.network_id != other.network_id
    assert len(network.network_id) == 16


def test_all_arrays_have_their_declared_types_and_lengths() -> None:
    network = sample_town()
    segments, points = len(network), len(network.shape_lat_e7)
    lengths = {name: len(getattr(network, name)) for name in array_names()}
    assert lengths["shape_offsets"] == segments + 1
    assert lengths["shape_lon_e7"] == lengths["shape_at_mm"] == points == network.shape_offsets[-1]
    assert lengths["cell_offsets"] == lengths["cell"] + 1
    assert lengths["cell_rows"] == network.cell_offsets[-1]
    assert lengths["text_utf8"] == network.text_offsets[-1]
    for name in ("from_node", "to_node", "length_mm", "road_class", "manager", "kind", "oneway", "structure"):
        assert lengths[name] == segments
