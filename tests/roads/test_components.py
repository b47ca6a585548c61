"""What hangs together, against a walk from node to node."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.roads.components import components

EDGES = st.integers(1, 40).flatmap(
    lambda nodes: st.tuples(
        st.just(nodes), st.lists(st.tuples(st.integers(0, nodes - 1), st.integers(0, nodes - 1)), max_size=60)
    )
)


@given(EDGES)
def test_nodes_have_the_smallest_node_that_can_be_reached(graph: tuple[int, list[tuple[int, int]]]) -> None:
    nodes, edges = graph
    both = np.array(edges, np.int64).reshape(-1, 2)
    expected = []
    for node in range(nodes):
        reached = {node}
        while more := {b for edge in edges for a, b in (edge, edge[::-1]) if a in reached} - reached:
            reached |= more
        expected.append(min(reached))
    assert components(nodes, both[:, 0], both[:, 1]).tolist() == expected


def test_a_long_chain_in_any_order_is_one() -> None:
    order = np.random.default_rng(3).permutation(100_000)
    assert not components(len(order), order[:-1], order[1:]).any()
