"""Where machines may drive: everywhere within the largest part from which one gets back."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ploughsim.errors import NetworkError
from ploughsim.roads.connected import strong_parts
from ploughsim.roads.lanes import Graph, lane_ends, road_graph
from ploughsim.roads.made import NetworkSettings, make_network
from ploughsim.roads.read import CARRIAGEWAY, FOOTWAY, RoadNetwork, read_network

EDGES = st.integers(1, 9).flatmap(
    lambda nodes: st.tuples(
        st.just(nodes), st.lists(st.tuples(st.integers(0, nodes - 1), st.integers(0, nodes - 1)), max_size=24)
    )
)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> RoadNetwork:
    folder: Path = tmp_path_factory.mktemp("roads") / "town"
    make_network(NetworkSettings(kind="town", segments=1_000), folder)
    return read_network(folder)


def reached(edges: list[tuple[int, int]], start: int) -> set[int]:
    seen, waiting = {start}, [start]
    while waiting:
        node = waiting.pop()
        fresh = {end for begin, end in edges if begin == node} - seen
        seen |= fresh
        waiting.extend(fresh)
    return seen


@given(EDGES)
def test_nodes_are_of_one_part_where_each_can_be_reached_from_the_other(
    graph: tuple[int, list[tuple[int, int]]],
) -> None:
    nodes, edges = graph
    edges.sort()
    starts = np.array([start for start, _ in edges], np.int64)
    offsets = np.searchsorted(starts, np.arange(nodes + 1)).astype(np.int64)
    part = strong_parts(offsets, np.array([end for _, end in edges], np.int32))
    reach = [reached(edges, node) for node in range(nodes)]
    for one in range(nodes):
        for other in range(nodes):
            assert (part[one] == part[other]) == (other in reach[one] and one in reach[other])


def leaving(graph: Graph, node: int) -> list[int]:
    listed: list[int] = graph.leaving[graph.offsets[node] : graph.offsets[node + 1]].tolist()
    return listed


def test_every_lane_leads_to_a_node_that_can_be_left(network: RoadNetwork) -> None:
    graph = road_graph(network)
    assert all(leaving(graph, int(graph.end[lane])) for lane in graph.leaving.tolist())


def test_lanes_are_listed_under_the_node_where_they_start(network: RoadNetwork) -> None:
    graph = road_graph(network)
    for node in range(len(graph.offsets) - 1):
        assert all(graph.start[lane] == node for lane in leaving(graph, node))
        assert leaving(graph, node) == sorted(leaving(graph, node))


def test_one_way_streets_and_footways_are_respected(network: RoadNetwork) -> None:
    used = road_graph(network).leaving
    assert (network.kind[used >> 1] == CARRIAGEWAY).all()
    assert (network.oneway[used >> 1] != np.where(used & 1, 1, -1)).all()
    # The town is whole: of what is allowed nearly all is used.
    allowed = int((network.kind == CARRIAGEWAY).sum() * 2 - (network.oneway[network.kind == CARRIAGEWAY] != 0).sum())
    assert len(used) > 0.98 * allowed


def test_small_machines_also_use_footways_both_ways(network: RoadNetwork) -> None:
    used = set(road_graph(network, footways=True).leaving.tolist())
    footways = np.flatnonzero(network.kind == FOOTWAY).tolist()
    assert footways
    assert all({2 * row, 2 * row + 1} <= used for row in footways)


def test_an_island_is_not_driven_on(network: RoadNetwork) -> None:
    graph = road_graph(network)
    # One two-way road more, between two nodes that nothing else meets.
    nodes = len(network.node_lat_e7)
    more: dict[str, Any] = {
        name: np.append(getattr(network, name), value).astype(getattr(network, name).dtype)
        for name, value in (("from_node", nodes), ("to_node", nodes + 1), ("kind", 0), ("oneway", 0))
    }
    more |= {name: np.append(getattr(network, name), [0, 0]) for name in ("node_lat_e7", "node_lon_e7")}
    more["length_mm"] = np.append(network.length_mm, 1000).astype(np.int32)
    with_island = road_graph(replace(network, **more))
    assert with_island.leaving.tolist() == graph.leaving.tolist()


def test_lanes_lead_from_node_to_node(network: RoadNetwork) -> None:
    start, end = lane_ends(network)
    assert (start[0::2] == network.from_node).all()
    assert (start[1::2] == network.to_node).all()
    assert (end[0::2] == network.to_node).all()
    assert (end[1::2] == network.from_node).all()


def test_a_network_of_footways_is_refused(network: RoadNetwork) -> None:
    only = replace(network, kind=np.full_like(network.kind, FOOTWAY))
    with pytest.raises(NetworkError, match="no carriageway"):
        road_graph(only)
