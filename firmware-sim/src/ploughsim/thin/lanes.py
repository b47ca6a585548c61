"""Where a plough may drive: lanes, which are carriageway segments with a direction of travel.

Lane `2 * row` runs along the segment's shape, lane `2 * row + 1` against it. Only lanes between nodes of the largest
part of the network from which one can get anywhere and back are used, so that no plough ever has nowhere to go.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ploughsim.errors import NetworkError
from ploughsim.thin.network import CARRIAGEWAY, RoadNetwork

METRES_PER_DEGREE = 111_320.0
_CORE_ATTEMPTS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneLine:
    """A lane's shape in the direction of travel; `course_deg[i]` is the course from point i to point i + 1."""

    at_m: list[float]
    lat_deg: list[float]
    lon_deg: list[float]
    course_deg: list[float]

    @property
    def length_m(self) -> float:
        return self.at_m[-1]

    def locate(self, at_m: float) -> tuple[float, float, float]:
        """Latitude, longitude and course."""
        piece = min(max(bisect_right(self.at_m, at_m) - 1, 0), len(self.course_deg) - 1)
        start, end = self.at_m[piece], self.at_m[piece + 1]
        share = (at_m - start) / (end - start)
        lat_deg = self.lat_deg[piece] + share * (self.lat_deg[piece + 1] - self.lat_deg[piece])
        lon_deg = self.lon_deg[piece] + share * (self.lon_deg[piece + 1] - self.lon_deg[piece])
        return lat_deg, lon_deg, self.course_deg[piece]


class Lanes:
    """The drivable graph over one network."""

    def __init__(self, network: RoadNetwork) -> None:
        self.network = network
        self.count = 2 * len(network.segment_id)
        lanes = _allowed_lanes(network)
        starts, ends = _lane_ends(network, lanes)
        core = _core(starts, ends, len(network.node_lat_e7))
        inside = core[starts] & core[ends]
        self._leaving = _group_by_node(lanes[inside], starts[inside])
        if not self._leaving:
            raise NetworkError(f"network {network.name}: no carriageway on which one can get anywhere and back")
        self.nodes = np.array(sorted(self._leaving), dtype=np.int64)
        self.line = lru_cache(maxsize=4096)(self._line)

    def leaving(self, node: int) -> Sequence[int]:
        """Lanes that start at the node, by segment."""
        return self._leaving[node]

    def end_node(self, lane: int) -> int:
        row, against = divmod(lane, 2)
        return int((self.network.from_node if against else self.network.to_node)[row])

    def _line(self, lane: int) -> LaneLine:
        row, against = divmod(lane, 2)
        network = self.network
        points = slice(int(network.shape_offsets[row]), int(network.shape_offsets[row + 1]))
        at_mm, lat_e7, lon_e7 = network.shape_at_mm[points], network.shape_lat_e7[points], network.shape_lon_e7[points]
        # Points that repeat a distance would make pieces without length.
        kept = np.concatenate(([True], np.diff(at_mm) > 0))
        at_m, lat_deg, lon_deg = at_mm[kept] / 1e3, lat_e7[kept] / 1e7, lon_e7[kept] / 1e7
        if against:
            at_m, lat_deg, lon_deg = at_m[-1] - at_m[::-1], lat_deg[::-1], lon_deg[::-1]
        east = np.diff(lon_deg) * math.cos(math.radians(float(lat_deg[0])))
        courses = np.degrees(np.arctan2(east, np.diff(lat_deg))) % 360
        return LaneLine(
            at_m=at_m.tolist(), lat_deg=lat_deg.tolist(), lon_deg=lon_deg.tolist(), course_deg=courses.tolist()
        )


def spread_nodes(lanes: Lanes, count: int) -> list[int]:
    """`count` nodes, each in the middle of an equal share of all nodes: a dense town gets more than a long road."""
    lat_deg = lanes.network.node_lat_e7[lanes.nodes] / 1e7
    north = lat_deg * METRES_PER_DEGREE
    east = lanes.network.node_lon_e7[lanes.nodes] / 1e7 * METRES_PER_DEGREE * math.cos(math.radians(lat_deg.mean()))
    middles = _middles(np.stack((east, north)), np.arange(len(lanes.nodes)), count)
    return [int(lanes.nodes[row]) for row in middles]


def _middles(places: NDArray[np.float64], rows: NDArray[np.int64], count: int) -> list[int]:
    """Halve the rows across their longer side until each part is one share; the row nearest to each part's centre."""
    own = places[:, rows]
    if count <= 1:
        centre = own.mean(axis=1, keepdims=True)
        return [int(rows[((own - centre) ** 2).sum(axis=0).argmin()])]
    order = rows[np.argsort(own[np.ptp(own, axis=1).argmax()], kind="stable")]
    cut = len(order) * (count // 2) // count
    return _middles(places, order[:cut], count // 2) + _middles(places, order[cut:], count - count // 2)


def _allowed_lanes(network: RoadNetwork) -> NDArray[np.int64]:
    carriageway = network.kind == CARRIAGEWAY
    along = np.flatnonzero(carriageway & (network.oneway >= 0))
    against = np.flatnonzero(carriageway & (network.oneway <= 0))
    return np.sort(np.concatenate((2 * along, 2 * against + 1))).astype(np.int64)


def _lane_ends(network: RoadNetwork, lanes: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    rows, against = lanes // 2, lanes % 2 == 1
    starts = np.where(against, network.to_node[rows], network.from_node[rows])
    ends = np.where(against, network.from_node[rows], network.to_node[rows])
    return starts, ends


def _group_by_node(values: NDArray[np.int64], nodes: NDArray[np.int32]) -> dict[int, list[int]]:
    grouped: dict[int, list[int]] = {}
    for value, node in zip(values.tolist(), nodes.tolist(), strict=True):
        grouped.setdefault(node, []).append(value)
    return grouped


def _core(starts: NDArray[np.int32], ends: NDArray[np.int32], nodes: int) -> NDArray[np.bool_]:
    """Nodes of the largest set that are all within reach of each other (tried from the busiest nodes)."""
    forward = _group_by_node(ends.astype(np.int64), starts)
    backward = _group_by_node(starts.astype(np.int64), ends)
    busiest = np.argsort(-np.bincount(starts, minlength=nodes), kind="stable")
    best: set[int] = set()
    for node in busiest[:_CORE_ATTEMPTS].tolist():
        if node in best:
            continue
        together = _reach(forward, node) & _reach(backward, node)
        best = max(best, together, key=len)
    core = np.zeros(nodes, dtype=np.bool_)
    core[list(best)] = True
    return core


def _reach(neighbours: dict[int, list[int]], start: int) -> set[int]:
    seen, waiting = {start}, [start]
    while waiting:
        fresh = set(neighbours.get(waiting.pop(), ())) - seen
        seen |= fresh
        waiting.extend(fresh)
    return seen
