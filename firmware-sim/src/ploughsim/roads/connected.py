"""What hangs together: the parts of a directed graph within which one can get anywhere and back (Tarjan's search)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ploughsim.compiled import compiled

_NOT_SEEN = -1


class Search(NamedTuple):
    """What a search keeps of each node: when it was seen, the first one it leads back to, where it goes on, and two
    stacks."""

    seen: NDArray[np.int32]
    low: NDArray[np.int32]
    next_edge: NDArray[np.int64]
    path: NDArray[np.int32]
    open: NDArray[np.int32]


def strong_parts(offsets: NDArray[np.int64], ends: NDArray[np.int32]) -> NDArray[np.int32]:
    """The number of each node's part; edges of node i lead to `ends[offsets[i] … offsets[i + 1] - 1]`."""
    nodes = len(offsets) - 1
    part = np.full(nodes, _NOT_SEEN, np.int32)
    search = Search(
        seen=np.full(nodes, _NOT_SEEN, np.int32),
        low=np.empty(nodes, np.int32),
        next_edge=offsets[:-1].astype(np.int64),
        path=np.empty(nodes, np.int32),
        open=np.empty(nodes, np.int32),
    )
    _number(offsets, ends, search, part)
    return part


@compiled
def _number(offsets: NDArray[np.int64], ends: NDArray[np.int32], search: Search, part: NDArray[np.int32]) -> None:
    """Depth first; a node that leads back to none before it closes a part: all that is open from it on."""
    seen, low, next_edge, path, open_nodes = search
    time = parts = waiting = 0
    for root in range(len(part)):
        if seen[root] != _NOT_SEEN:
            continue
        path[0], depth = root, 1
        while depth > 0:
            node = path[depth - 1]
            if seen[node] == _NOT_SEEN:
                seen[node] = low[node] = time
                time += 1
                open_nodes[waiting] = node
                waiting += 1
            if next_edge[node] < offsets[node + 1]:
                end = ends[next_edge[node]]
                next_edge[node] += 1
                if seen[end] == _NOT_SEEN:
                    path[depth] = end
                    depth += 1
                elif part[end] == _NOT_SEEN:
                    low[node] = min(low[node], seen[end])
                continue
            depth -= 1
            if depth > 0:
                low[path[depth - 1]] = min(low[path[depth - 1]], low[node])
            if low[node] == seen[node]:
                closed = False
                while not closed:
                    waiting -= 1
                    part[open_nodes[waiting]] = parts
                    closed = open_nodes[waiting] == node
                parts += 1
