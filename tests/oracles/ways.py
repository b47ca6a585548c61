"""Ways from directed segment to directed segment, by Dijkstra's method over dicts: the scalar twin of `network.reach`.

Directed segment 2r leads along segment r, 2r + 1 against it.
"""

from functools import lru_cache
from heapq import heappop, heappush
from typing import NamedTuple

from snowtrack.network.arrays import Network
from snowtrack.network.reach import AGAINST_MM, TURN_BACK_MM


class Way(NamedTuple):
    """From the end of one directed segment to the beginning of another, over these."""

    way_mm: int
    detour_mm: int
    over: tuple[int, ...]

    @property
    def cost_mm(self) -> int:
        return self.way_mm + self.detour_mm


def end_of(network: Network, edge: int) -> int:
    return int(network.from_node[edge >> 1] if edge & 1 else network.to_node[edge >> 1])


def length_of(network: Network, edge: int) -> int:
    return int(network.length_mm[edge >> 1])


def is_against(network: Network, edge: int) -> bool:
    """Whether the directed segment leads against a one-way street."""
    return int(network.oneway[edge >> 1]) == (1 if edge & 1 else -1)


@lru_cache(maxsize=1_000)
def from_nodes(network: Network) -> dict[int, list[int]]:
    """The directed segments that begin at each node."""
    begin: dict[int, list[int]] = {}
    for row in range(len(network)):
        begin.setdefault(int(network.from_node[row]), []).append(2 * row)
        begin.setdefault(int(network.to_node[row]), []).append(2 * row + 1)
    return begin


def after(network: Network, edge: int) -> list[int]:
    """Where a machine may go on: back only where the road ends."""
    onward = from_nodes(network)[end_of(network, edge)]
    return [other for other in onward if other != edge ^ 1 or len(onward) == 1]


def detour_mm(network: Network, edge: int, following: int) -> int:
    """What going on costs beside the length: turning, entering a one-way street the wrong way, going on in it."""
    if following == edge ^ 1:
        return TURN_BACK_MM
    if not is_against(network, following):
        return 0
    return length_of(network, following) // 2 if is_against(network, edge) else AGAINST_MM


@lru_cache(maxsize=100_000)
def ways_from(network: Network, source: int, limit_mm: int) -> dict[int, Way]:
    """The cheapest way to each directed segment that begins within the limit, detours counted.

    Of two that cost the same it is the one whose last segment has the lower number.
    """
    found: dict[int, Way] = {}
    waiting: list[tuple[int, int, int, Way]] = []

    def go_on(edge: int, gone_mm: int, detours_mm: int, over: tuple[int, ...]) -> None:
        for following in after(network, edge):
            way = Way(gone_mm, detours_mm + detour_mm(network, edge, following), over)
            if way.cost_mm <= limit_mm:
                heappush(waiting, (way.cost_mm, following, edge, way))

    go_on(source, 0, 0, ())
    while waiting:
        _, edge, _, way = heappop(waiting)
        if edge not in found:
            found[edge] = way
            go_on(edge, way.way_mm + length_of(network, edge), way.detour_mm, (*way.over, edge))
    return found
