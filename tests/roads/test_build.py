"""Lines to a network: where they are cut, how long the pieces are, what meets and what does not."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.errors import NetworkDataError
from snowtrack.network.arrays import Network
from snowtrack.roads.build import PIECE_MM_MAX, identified
from snowtrack.roads.files import array_names
from tests.oracles.towns import Metres, metres_between, point, road, sample_town, shape, town

PLACES = st.tuples(st.integers(-2_000, 2_000), st.integers(-2_000, 2_000)).map(lambda p: (float(p[0]), float(p[1])))
LINES = st.lists(st.lists(PLACES, min_size=2, max_size=6, unique=True), min_size=1, max_size=4)


def meets(network: Network) -> set[tuple[int, int]]:
    """Pairs of rows that share a node."""
    ends = [set(pair) for pair in zip(network.from_node.tolist(), network.to_node.tolist(), strict=True)]
    return {(a, b) for a in range(len(ends)) for b in range(a) if ends[a] & ends[b]}


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
    assert network.source_from_mm.tolist() == np.cumsum([0, *network.length_mm[:-1].tolist()]).tolist()


@given(LINES)
def test_pieces_are_as_long_as_on_the_ellipsoid_and_numbered_in_order(lines: list[list[Metres]]) -> None:
    network = town(*(road(*line, source_id=number) for number, line in enumerate(lines)))
    assert network.segment_id.tolist() == list(range(1, len(network) + 1))
    keys = list(zip(network.source_id.tolist(), network.source_from_mm.tolist(), strict=True))
    assert keys == sorted(set(keys))
    for row in range(len(network)):
        points = shape(network, row)
        at_mm = network.shape_at_mm[network.shape_offsets[row] : network.shape_offsets[row + 1]].tolist()
        steps = [metres_between(one, other) * 1000 for one, other in pairwise(points)]
        # Cuts are rounded to 1e-7 degrees, which is a centimetre.
        assert all(abs(b - a - step) <= 20 for (a, b), step in zip(pairwise(at_mm), steps, strict=True))
        assert (at_mm[0], at_mm[-1]) == (0, network.length_mm[row])
        assert 0 < network.length_mm[row] <= PIECE_MM_MAX
        assert points[0] == node(network, int(network.from_node[row]))
        assert points[-1] == node(network, int(network.to_node[row]))


@given(LINES)
def test_lines_meet_exactly_where_they_share_a_point(lines: list[list[Metres]]) -> None:
    network = town(*(road(*line, source_id=number) for number, line in enumerate(lines)))
    owners = network.source_id.tolist()
    found = {(owners[a], owners[b]) for a, b in meets(network) if owners[a] != owners[b]}
    points = [{point(*place) for place in line} for line in lines]
    assert found == {(a, b) for a in range(len(lines)) for b in range(a) if points[a] & points[b]}


def node(network: Network, number: int) -> tuple[int, int]:
    return int(network.node_lat_e7[number]), int(network.node_lon_e7[number])


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
