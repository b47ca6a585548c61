"""The path of a machine: its stretches without what was noise.

Where a stretch does not go on from the one before, the machine was a little way on a road that it did not take, or was
put back and drove there again: the path is taken back to where the stretch goes on from. A short way back between two
stretches forward was no turn.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from snowtrack.model.columns import Int64s
from snowtrack.model.matches import DrivenBatch
from snowtrack.network.arrays import Network

# So much of a path may turn out not to have been driven; so short a way back is none.
TAKEN_BACK_MM = 50_000
TURNED_MM = 15_000


class Leg(NamedTuple):
    """Along a directed segment (2r along segment r, 2r + 1 against it), from millimetre to millimetre."""

    edge: int
    from_mm: int
    to_mm: int

    @property
    def length_mm(self) -> int:
        return self.to_mm - self.from_mm


def path_of(network: Network, driven: DrivenBatch) -> DrivenBatch:
    """The path that one machine's stretches come to. `match` says nothing of it."""
    path: list[Leg] = []
    for leg in _legs(network, driven):
        _go_on(network, path, leg)
    edge, from_mm, to_mm = np.array(path, np.int64).reshape(-1, 3).T
    return along_segments(network, np.zeros_like(edge), edge, from_mm, to_mm)


def _go_on(network: Network, path: list[Leg], leg: Leg) -> None:
    """Add a leg where the path goes on with it; else where it did a little before."""
    taken_back_mm = 0
    for at in range(len(path) - 1, -1, -1):
        if _follows(network, path[at], leg):
            del path[at + 1 :]
            _add(path, leg)
            return
        taken_back_mm += path[at].length_mm
        if taken_back_mm > TAKEN_BACK_MM:
            break
    path.append(leg)


def _add(path: list[Leg], leg: Leg) -> None:
    last = path[-1]
    if leg.edge == last.edge:
        path[-1] = Leg(leg.edge, last.from_mm, max(last.to_mm, leg.to_mm))
    elif len(path) > 1 and path[-2].edge == leg.edge == last.edge ^ 1 and last.length_mm <= TURNED_MM:
        before = path[-2]
        path[-2:] = [Leg(leg.edge, before.from_mm, max(before.to_mm, leg.to_mm))]
    else:
        path.append(leg)


def _follows(network: Network, leg: Leg, other: Leg) -> bool:
    """Whether a leg begins where another ends: further on, the other way, or over a node."""
    length_mm = int(network.length_mm[leg.edge >> 1])
    if other.edge == leg.edge:
        return leg.from_mm <= other.from_mm <= leg.to_mm
    if other.edge == leg.edge ^ 1:
        return length_mm - other.from_mm == leg.to_mm
    return leg.to_mm == length_mm and other.from_mm == 0 and _end(network, leg.edge) == _end(network, other.edge ^ 1)


def _end(network: Network, edge: int) -> int:
    """The node that a directed segment leads to."""
    return int(network.from_node[edge >> 1] if edge & 1 else network.to_node[edge >> 1])


def _legs(network: Network, driven: DrivenBatch) -> Iterator[Leg]:
    columns = (driven.row, driven.direction, driven.from_mm, driven.to_mm, network.length_mm[driven.row])
    for row, direction, from_mm, to_mm, length_mm in zip(*(column.tolist() for column in columns), strict=True):
        if direction > 0:
            yield Leg(2 * row, from_mm, to_mm)
        else:
            yield Leg(2 * row + 1, length_mm - from_mm, length_mm - to_mm)


def along_segments(network: Network, match: Int64s, edge: Int64s, from_mm: Int64s, to_mm: Int64s) -> DrivenBatch:
    """Stretches of directed segments as stretches of segments."""
    length_mm = network.length_mm[edge >> 1]
    against = edge & 1 == 1
    return DrivenBatch(
        match=match,
        row=(edge >> 1).astype(np.int32),
        direction=np.where(against, -1, 1).astype(np.int8),
        from_mm=np.where(against, length_mm - from_mm, from_mm).astype(np.int32),
        to_mm=np.where(against, length_mm - to_mm, to_mm).astype(np.int32),
    )
