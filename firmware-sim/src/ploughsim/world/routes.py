"""Ways over the lanes: the shortest one between two nodes, and rounds that cover a district."""

from math import cos
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ploughsim.compiled import compiled, part

NONE = -1
CLOSED = -2
"""Owns the lanes on which nobody may drive."""
WORK = 1 << 30
"""Added to a lane on which the machine works."""
NOWHERE = -10.0
"""The course of one who stands in a yard."""


class Lanes(NamedTuple):
    """The graph; `heading` and `arriving` are the courses of each lane at its start and at its end, in radians."""

    offsets: NDArray[np.int64]
    leaving: NDArray[np.int32]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    length_mm: NDArray[np.int32]
    heading: NDArray[np.float32]
    arriving: NDArray[np.float32]


class Scratch(NamedTuple):
    """What a search keeps: of each node how far it is, over which lane it was reached, and in which search that was;
    and a heap of (distance, node)."""

    far_mm: NDArray[np.int64]
    via: NDArray[np.int32]
    search: NDArray[np.int64]
    heap: NDArray[np.int64]


def scratch_for(nodes: int, lanes: int) -> Scratch:
    return Scratch(
        far_mm=np.zeros(nodes, np.int64),
        via=np.zeros(nodes, np.int32),
        # The last value counts the searches.
        search=np.zeros(nodes + 1, np.int64),
        heap=np.zeros((lanes + 2, 2), np.int64),
    )


@compiled
def find_way(
    lanes: Lanes, scratch: Scratch, ends: tuple[int, int], closed: NDArray[np.int32], way: NDArray[np.int32]
) -> int:
    """Fill in the lanes of the shortest way from one node to another; how many, or NONE where there is no way (or no
    room). Lanes are closed where `closed` says CLOSED; it may be empty."""
    goal = _search(lanes, scratch, ends[0], (ends[1], NONE), closed)
    if goal == NONE:
        return NONE
    return _trace(lanes, scratch, goal, way, 0)


@compiled
def cover(
    lanes: Lanes,
    scratch: Scratch,
    owner: NDArray[np.int32],
    machines: tuple[int, NDArray[np.int32], NDArray[np.int64]],
    out: tuple[NDArray[np.int32], NDArray[np.int64]],
) -> int:
    """Rounds of machines: each from its depot over all lanes that it owns and back; at each node straight on first,
    else to the nearest lane that is left. `machines` are the first one, depots, and how many lanes each owns.

    Lanes that are in a round are taken from `owner`. The machine to go on with when `out` is full.
    """
    first, depots, counts = machines
    route, offsets = out
    for machine in range(first, len(depots)):
        begin = offsets[machine]
        end = _round(lanes, scratch, owner, (machine, depots[machine], counts[machine]), (route, begin))
        if end == NONE:
            return machine
        offsets[machine + 1] = end
    return len(depots)


@part
def _round(
    lanes: Lanes,
    scratch: Scratch,
    owner: NDArray[np.int32],
    machine: tuple[int, int, int],
    out: tuple[NDArray[np.int32], int],
) -> int:
    """Where the round ends in the route, or NONE where there is no room; then the machine owns its lanes as before."""
    number, depot, left = machine
    route, begin = out
    at, node, arriving = begin, depot, NOWHERE
    while True:
        lane = NONE
        if left > 0:
            lane = _straight_on(lanes, owner, node, number, arriving)
        if lane != NONE and at < len(route):
            owner[lane] = NONE
            route[at] = lane + WORK
            at += 1
            left -= 1
            node, arriving = lanes.end[lane], lanes.arriving[lane]
            continue
        if left == 0 and node == depot:
            return at
        goal = _search(lanes, scratch, node, (NONE if left > 0 else depot, number if left > 0 else NONE), owner)
        if goal == NONE:
            return at
        behind = NONE
        if lane == NONE:
            behind = _trace(lanes, scratch, goal, route, at)
        if behind == NONE:
            for taken in range(begin, at):
                if route[taken] >= WORK:
                    owner[route[taken] - WORK] = number
            return NONE
        at, node, arriving = behind, goal, lanes.arriving[route[behind - 1]]


@part
def _straight_on(lanes: Lanes, owner: NDArray[np.int32], node: int, number: int, arriving: float) -> int:
    """The lane to be worked that leaves a node with the smallest turn; the first one of those alike."""
    best, best_turn = NONE, 1e9
    for at in range(lanes.offsets[node], lanes.offsets[node + 1]):
        lane = lanes.leaving[at]
        if owner[lane] != number:
            continue
        turn = 0.0
        if arriving > NOWHERE:
            turn = 1.0 - cos(lanes.heading[lane] - arriving)
        if turn < best_turn:
            best, best_turn = lane, turn
    return best


@part
def _search(lanes: Lanes, scratch: Scratch, start: int, goal: tuple[int, int], owner: NDArray[np.int32]) -> int:
    """Dijkstra from a node to one, or to the nearest one from which a lane of an owner leaves; the node, or NONE."""
    to_node, number = goal
    searches = len(scratch.search) - 1
    scratch.search[searches] += 1
    this = scratch.search[searches]
    scratch.search[start], scratch.far_mm[start], scratch.via[start] = this, 0, NONE
    waiting = _push(scratch.heap, 0, 0, start)
    while waiting > 0:
        far_mm, node = int(scratch.heap[0, 0]), int(scratch.heap[0, 1])
        waiting = _pop(scratch.heap, waiting)
        if far_mm > scratch.far_mm[node]:
            continue
        if node == to_node:
            return node
        for at in range(lanes.offsets[node], lanes.offsets[node + 1]):
            lane = lanes.leaving[at]
            if number != NONE and owner[lane] == number:
                return node
            if len(owner) > 0 and owner[lane] == CLOSED:
                continue
            end, there_mm = lanes.end[lane], far_mm + lanes.length_mm[lane]
            if scratch.search[end] != this or there_mm < scratch.far_mm[end]:
                scratch.search[end], scratch.far_mm[end], scratch.via[end] = this, there_mm, lane
                waiting = _push(scratch.heap, waiting, there_mm, end)
    return NONE


@part
def _trace(lanes: Lanes, scratch: Scratch, goal: int, way: NDArray[np.int32], at: int) -> int:
    """Write the lanes that led to a node from `at` on; the place behind them, or NONE where there is no room."""
    count, node = 0, goal
    while scratch.via[node] != NONE:
        node = lanes.start[scratch.via[node]]
        count += 1
    if at + count > len(way):
        return NONE
    node = goal
    for place in range(at + count - 1, at - 1, -1):
        way[place] = scratch.via[node]
        node = lanes.start[way[place]]
    return at + count


@part
def _push(heap: NDArray[np.int64], size: int, far_mm: int, node: int) -> int:
    at = size
    while at > 0 and heap[(at - 1) >> 1, 0] > far_mm:
        heap[at, 0], heap[at, 1] = heap[(at - 1) >> 1, 0], heap[(at - 1) >> 1, 1]
        at = (at - 1) >> 1
    heap[at, 0], heap[at, 1] = far_mm, node
    return size + 1


@part
def _pop(heap: NDArray[np.int64], size: int) -> int:
    """Take the nearest off; the new size."""
    size -= 1
    far_mm, node = heap[size, 0], heap[size, 1]
    at = 0
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size and heap[child + 1, 0] < heap[child, 0]:
            child += 1
        if heap[child, 0] >= far_mm:
            break
        heap[at, 0], heap[at, 1] = heap[child, 0], heap[child, 1]
        at = child
    heap[at, 0], heap[at, 1] = far_mm, node
    return size
