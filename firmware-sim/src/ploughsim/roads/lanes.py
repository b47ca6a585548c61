"""Where a machine may drive: lanes, which are segments with a direction of travel.

Lane `2 * row` runs along the segment's shape, lane `2 * row + 1` against it. Only lanes within the largest part of the
network in which one can get anywhere and back are used, so that no machine ever has nowhere to go.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ploughsim.errors import NetworkError
from ploughsim.roads.connected import strong_parts
from ploughsim.roads.read import CARRIAGEWAY, RoadNetwork


class Graph(NamedTuple):
    """Lanes leaving node i are `leaving[offsets[i] … offsets[i + 1] - 1]`, in order; ends are known of every lane."""

    offsets: NDArray[np.int64]
    leaving: NDArray[np.int32]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    length_mm: NDArray[np.int32]


def road_graph(network: RoadNetwork, *, footways: bool = False) -> Graph:
    """The lanes that machines use; small ones also those of footways, both ways."""
    start, end = lane_ends(network)
    allowed = _allowed(network, footways=footways)
    offsets, leaving = _by_node(allowed, start, len(network.node_lat_e7))
    part = strong_parts(offsets, end[leaving])
    sizes = np.bincount(part[start[leaving]], minlength=1)
    largest = int(sizes.argmax()) if len(leaving) else -1
    used = leaving[(part[start[leaving]] == largest) & (part[end[leaving]] == largest)]
    if not len(used):
        raise NetworkError(f"network {network.name}: no carriageway on which one can get anywhere and back")
    offsets, leaving = _by_node(np.sort(used), start, len(network.node_lat_e7))
    length_mm = np.repeat(network.length_mm, 2)
    return Graph(offsets=offsets, leaving=leaving, start=start, end=end, length_mm=length_mm)


def lane_ends(network: RoadNetwork) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The nodes from which and to which each lane leads."""
    forward = np.stack([network.from_node, network.to_node], axis=1)
    return forward.reshape(-1), forward[:, ::-1].reshape(-1)


def _allowed(network: RoadNetwork, *, footways: bool) -> NDArray[np.int32]:
    carriageway = network.kind == CARRIAGEWAY
    along = (carriageway & (network.oneway >= 0)) | (footways & ~carriageway)
    against = (carriageway & (network.oneway <= 0)) | (footways & ~carriageway)
    return np.flatnonzero(np.stack([along, against], axis=1).reshape(-1)).astype(np.int32)


def _by_node(
    lanes: NDArray[np.int32], start: NDArray[np.int32], nodes: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    order = np.argsort(start[lanes], kind="stable")
    counts = np.bincount(start[lanes], minlength=nodes)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), lanes[order]
