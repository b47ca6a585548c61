"""What is odd about a network: roads drawn twice, ends that just miss a road, parts that hang together with nothing.

Nothing of it is mended here: what a road is, its source says. Each finding has a place where a person can look.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from snowtrack.model.columns import Bools, Int32s, Int64s
from snowtrack.network.arrays import Network
from snowtrack.network.cells import find_candidates
from snowtrack.network.places import snap
from snowtrack.roads.components import components
from snowtrack.roads.lines import levels

GAP_MM = 2_000
# For the sake of memory: where nothing meets, every end is a dead one.
NODES_AT_ONCE = 1 << 15


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Quality:
    """Findings by kind: positions, and what each is about, in millimetres.

    A duplicate has the length of the road that is there again, a gap its width, an island the length of its roads.
    """

    duplicates: "Findings"
    gaps: "Findings"
    islands: "Findings"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Findings:
    """Segment rows where something is, with what it measures; the longest first."""

    rows: Int64s
    lat_e7: Int32s
    lon_e7: Int32s
    measure_mm: Int64s

    def __len__(self) -> int:
        return len(self.rows)


def examine(network: Network) -> Quality:
    """All findings of a network."""
    return Quality(duplicates=_duplicates(network), gaps=_gaps(network), islands=_islands(network))


def _findings(network: Network, rows: Int64s, nodes: Int64s, measure_mm: Int64s) -> Findings:
    order = np.lexsort((rows, -measure_mm))
    return Findings(
        rows=rows[order],
        lat_e7=network.node_lat_e7[nodes[order]],
        lon_e7=network.node_lon_e7[nodes[order]],
        measure_mm=measure_mm[order],
    )


def _duplicates(network: Network) -> Findings:
    """Segments whose line another one with a smaller row has too, in whichever direction."""
    counts = np.diff(network.shape_offsets)
    ends = np.sort(_packed(network)[np.stack([network.shape_offsets[:-1], network.shape_offsets[1:] - 1])], axis=0)
    order = np.lexsort((counts, ends[1], ends[0]))
    columns = (counts[order], ends[0][order], ends[1][order])
    alike = np.logical_and.reduce([column[1:] == column[:-1] for column in columns])
    again = [row for group in _groups(order, alike) for row in _repeated(network, group)]
    rows = np.array(sorted(again), np.int64)
    return _findings(network, rows, network.from_node[rows].astype(np.int64), network.length_mm[rows].astype(np.int64))


def _packed(network: Network) -> Int64s:
    return network.shape_lat_e7.astype(np.int64) << 32 | (network.shape_lon_e7.astype(np.int64) & 0xFFFF_FFFF)


def _groups(order: Int64s, alike: Bools) -> Iterator[list[int]]:
    """Runs of rows that are alike, in the given order."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], alike.astype(np.int8), [0]])))
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        yield order[first : last + 1].tolist()


def _repeated(network: Network, rows: list[int]) -> Iterator[int]:
    seen: set[bytes] = set()
    for row in sorted(rows):
        part = slice(network.shape_offsets[row], network.shape_offsets[row + 1])
        line = np.stack([network.shape_lat_e7[part], network.shape_lon_e7[part]])
        forms = {line.tobytes(), line[:, ::-1].tobytes()}
        if forms & seen:
            yield row
        seen |= forms


def _gaps(network: Network) -> Findings:
    """Dead ends that come close to a road at their level which they do not touch."""
    nodes = np.flatnonzero(np.diff(network.node_offsets) == 1)
    own = network.node_ends[network.node_offsets[nodes]].astype(np.int64) // 2
    level = levels(network)
    lots = [
        _missed(network, level, nodes[first : first + NODES_AT_ONCE], own[first : first + NODES_AT_ONCE])
        for first in range(0, len(nodes), NODES_AT_ONCE)
    ]
    node, row, distance_mm = np.concatenate([np.empty((3, 0), np.int64), *lots], axis=1)
    return _findings(network, row, node, distance_mm)


def _missed(network: Network, level: Int64s, nodes: Int64s, own: Int64s) -> Int64s:
    """Dead ends that just miss a road, the segments that end there, and by how much."""
    pairs = find_candidates(network, network.node_lat_e7[nodes], network.node_lon_e7[nodes])
    node, row, from_row = nodes[pairs.point], pairs.row, own[pairs.point]
    ends = (network.from_node, network.to_node)
    touches = np.logical_or.reduce([one[row] == other[from_row] for one in ends for other in ends])
    kept = ~touches & (level[row] == level[from_row])
    node, row, from_row = node[kept], row[kept], from_row[kept]
    distance_mm = snap(network, row, network.node_lat_e7[node], network.node_lon_e7[node]).distance_mm
    near = np.flatnonzero(distance_mm <= GAP_MM)
    near = near[np.lexsort((distance_mm[near], node[near]))]
    near = near[np.diff(node[near], prepend=-1) != 0]  # the nearest road of each end
    return np.stack([node[near], from_row[near], distance_mm[near].astype(np.int64)])


def _islands(network: Network) -> Findings:
    """Parts that cannot be reached from the largest one, each by its first segment."""
    group = components(len(network.node_lat_e7), network.from_node.astype(np.int64), network.to_node.astype(np.int64))
    of_row = group[network.from_node]
    groups, first, at = np.unique(of_row, return_index=True, return_inverse=True)
    length_mm = np.bincount(at, weights=network.length_mm).astype(np.int64)
    others = np.flatnonzero(np.arange(len(groups)) != int(np.argmax(length_mm)))
    rows = first[others]
    return _findings(network, rows, network.from_node[rows].astype(np.int64), length_mm[others])
