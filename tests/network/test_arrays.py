"""The network's own look-ups."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles.towns import road, sample_town, town

SMALL = town(
    road((0, 0), (100, 0), (200, 0), name="一条通り", route="県道1号"),
    road((100, 0), (100, 80), name=""),
    road((500, 500), (600, 500)),
)


KNOWN = st.sampled_from(sample_town().segment_id.tolist())


@given(st.lists(st.one_of(KNOWN, KNOWN.map(lambda id_: id_ + 1), st.integers(-5, 2**60)), max_size=30))
def test_rows_of_ids_against_a_dictionary(ids: list[int]) -> None:
    network = sample_town()
    rows = {int(id_): row for row, id_ in enumerate(network.segment_id.tolist())}
    assert network.rows_of(ids).tolist() == [rows.get(id_, -1) for id_ in ids]


def test_texts_are_read_by_number() -> None:
    names = [SMALL.text(int(number)) for number in SMALL.name_text]
    assert names == ["一条通り", "一条通り", None, None]
    assert [SMALL.text(int(number)) for number in SMALL.route_text] == ["県道1号", "県道1号", None, None]


def test_the_box_holds_every_point() -> None:
    west, south, east, north = SMALL.bbox_e7
    assert (west, east) == (SMALL.shape_lon_e7.min(), SMALL.shape_lon_e7.max())
    assert (south, north) == (SMALL.shape_lat_e7.min(), SMALL.shape_lat_e7.max())


def test_each_node_knows_the_segments_that_begin_and_end_there() -> None:
    network = sample_town()
    for node in range(0, len(network.node_lat_e7), 37):
        ends = network.node_ends[network.node_offsets[node] : network.node_offsets[node + 1]].tolist()
        begins = [2 * row for row in np.flatnonzero(network.from_node == node).tolist()]
        stops = [2 * row + 1 for row in np.flatnonzero(network.to_node == node).tolist()]
        assert ends == sorted(begins + stops)


def test_a_loop_has_both_its_ends_at_its_node() -> None:
    network = town(road((0, 0), (30, 0), (30, 30), (0, 0)))
    assert (network.node_offsets.tolist(), network.node_ends.tolist()) == ([0, 2], [0, 1])


def test_rows_by_id_ascend_in_id() -> None:
    network = sample_town()
    assert np.all(np.diff(network.segment_id[network.rows_by_id]) > 0)
