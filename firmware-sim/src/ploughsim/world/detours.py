"""Segments that are closed from a stated time on, and the ways around them.

Only such are closed around which there is a way, all closings taken together: so nobody is ever shut in.
"""

import numpy as np
from numpy.typing import NDArray

from ploughsim.chance import draw, uniform
from ploughsim.roads.lanes import road_graph
from ploughsim.roads.read import RoadNetwork
from ploughsim.world.fleet import Machine
from ploughsim.world.ground import lanes_of
from ploughsim.world.routes import CLOSED, NONE, WORK, Lanes, find_way, scratch_for

# A closing is told that long before, so that nobody is on his way there when it begins.
_TOLD_MS = 45 * 60_000
_PICK, _WHEN = 0xDE70, 0xDE71
_SPREAD_MS = 2 * 3_600_000


class Detours:
    """`closings` are (segment row, time)."""

    def __init__(self, network: RoadNetwork, *, seed: int, start_ms: int, count: int, after_min: float) -> None:
        self.seed, self.start_ms = seed, start_ms
        self._ways = _Ways(network)
        first_ms = start_ms + int(after_min * 60_000)
        rows = self._ways.spared(network, seed, count) if count else []
        self.closings = [(row, first_ms + int(_SPREAD_MS * uniform(seed, _WHEN, row))) for row in rows]

    def joined(
        self, machine: Machine, node: int, lanes: NDArray[np.int32], time_ms: int, *, home: bool
    ) -> NDArray[np.int32]:
        """The way from a node along these lanes, and to the depot where it goes home, around what is closed."""
        rows = [row for row, from_ms in self.closings if from_ms <= time_ms + _TOLD_MS]
        plain = lanes & (WORK - 1)
        starts, ends = machine.lanes.start[plain], machine.lanes.end[plain]
        at_node = not len(lanes) or starts[0] == node
        gets_home = not home or (int(ends[-1]) if len(lanes) else node) == machine.depot
        if at_node and gets_home and not (rows and np.isin(plain >> 1, rows).any()):
            return lanes
        closed = self._ways.closed(rows)
        parts = [np.empty(0, np.int32)]
        for at, lane in enumerate(plain.tolist()):
            if lane >> 1 in rows or (lanes[at] < WORK and starts[at] != node):
                continue
            parts += [self._ways.way(machine.lanes, (node, int(starts[at])), closed), lanes[at : at + 1]]
            node = int(ends[at])
        if home:
            parts.append(self._ways.way(machine.lanes, (node, machine.depot), closed))
        return np.concatenate(parts)


class _Ways:
    """Searches, and what is lent to them."""

    def __init__(self, network: RoadNetwork) -> None:
        lanes = 2 * len(network)
        self._closed = np.full(lanes, NONE, np.int32)
        self._scratch = scratch_for(len(network.node_lat_e7), lanes)
        self._way = np.empty(lanes, np.int32)

    def spared(self, network: RoadNetwork, seed: int, count: int) -> list[int]:
        """So many segments, or fewer, that nobody needs."""
        lanes = lanes_of(network, road_graph(network))
        rows: list[int] = []
        for row in sorted(np.unique(lanes.leaving >> 1).tolist(), key=lambda row: draw(seed, _PICK, row)):
            ends = int(network.from_node[row]), int(network.to_node[row])
            needed = [way for way, against in ((ends, -1), (ends[::-1], 1)) if network.oneway[row] != against]
            closed = self.closed([*rows, row])
            if all(self._find(lanes, way, closed) != NONE for way in needed):
                rows.append(row)
            if len(rows) == count:
                break
        return rows

    def closed(self, rows: list[int]) -> NDArray[np.int32]:
        """What closes these segments, until the next call."""
        self._closed[:] = NONE
        self._closed[[2 * row + way for row in rows for way in (0, 1)]] = CLOSED
        return self._closed

    def way(self, lanes: Lanes, ends: tuple[int, int], closed: NDArray[np.int32]) -> NDArray[np.int32]:
        return self._way[: max(self._find(lanes, ends, closed), 0)].copy()

    def _find(self, lanes: Lanes, ends: tuple[int, int], closed: NDArray[np.int32]) -> int:
        return find_way(lanes, self._scratch, ends, closed, self._way)
