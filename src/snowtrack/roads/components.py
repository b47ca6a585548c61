"""What hangs together: a number for each node, the same for all that can be reached from each other."""

import numpy as np

from snowtrack.model.columns import Int64s


def components(nodes: int, one: Int64s, other: Int64s) -> Int64s:
    """The smallest node that each node is joined to, over edges from one to the other."""
    root = np.arange(nodes)
    while True:
        low, high = np.minimum(root[one], root[other]), np.maximum(root[one], root[other])
        if not (low < high).any():
            return root
        np.minimum.at(root, high, low)
        while (root != root[root]).any():
            root = root[root]
