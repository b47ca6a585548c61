"""Rounds cover what they should, and ways are the shortest there are."""

import heapq
from itertools import pairwise

import numpy as np
import pytest

from ploughsim.roads.lanes import road_graph
from ploughsim.roads.read import RoadNetwork
from ploughsim.world.ground import lanes_of
from ploughsim.world.routes import CLOSED, NONE, WORK, Lanes, cover, find_way, scratch_for


@pytest.fixture(scope="module")
def lanes(town: RoadNetwork) -> Lanes:
    return lanes_of(town, road_graph(town))


def shortest_mm(lanes: Lanes, start: int, closed: set[int]) -> dict[int, int]:
    """A scalar twin: how far it is to each node."""
    far, waiting = {start: 0}, [(0, start)]
    while waiting:
        far_mm, node = heapq.heappop(waiting)
        if far_mm > far[node]:
            continue
        for lane in lanes.leaving[lanes.offsets[node] : lanes.offsets[node + 1]].tolist():
            end, there_mm = int(lanes.end[lane]), far_mm + int(lanes.length_mm[lane])
            if lane not in closed and there_mm < far.get(end, 1 << 60):
                far[end] = there_mm
                heapq.heappush(waiting, (there_mm, end))
    return far


def way(lanes: Lanes, start: int, end: int, closed: np.ndarray) -> list[int] | None:
    out = np.empty(5_000, np.int32)
    count = find_way(lanes, scratch_for(len(lanes.offsets) - 1, len(lanes.leaving)), (start, end), closed, out)
    return None if count == NONE else out[:count].tolist()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3])
def test_ways_are_the_shortest_ones_around_what_is_closed(lanes: Lanes, share: float) -> None:
    chance = np.random.default_rng(4)
    closed = np.where(chance.random(len(lanes.start)) < share, CLOSED, NONE).astype(np.int32)
    shut = set(np.flatnonzero(closed == CLOSED).tolist())
    nodes = np.unique(lanes.start[lanes.leaving])
    found = 0
    for start in chance.choice(nodes, 6).tolist():
        far = shortest_mm(lanes, start, shut)
        for end in chance.choice(nodes, 30).tolist():
            route = way(lanes, start, end, closed)
            assert (route is not None) == (end in far)
            if route is None:
                continue
            found += 1
            assert sum(int(lanes.length_mm[lane]) for lane in route) == far[end]
            assert [int(lanes.start[lane]) for lane in route] == [start, *(int(lanes.end[lane]) for lane in route)][:-1]
            assert not shut & set(route)
            assert not route or int(lanes.end[route[-1]]) == end
    assert found >= 20


def rounds(lanes: Lanes, owner: np.ndarray, depots: np.ndarray, room: int) -> list[list[int]]:
    counts = np.bincount(owner[owner != NONE], minlength=len(depots))
    owner, route, offsets = owner.copy(), np.empty(room, np.int32), np.zeros(len(depots) + 1, np.int64)
    scratch, done = scratch_for(len(lanes.offsets) - 1, len(lanes.leaving)), 0
    while (done := cover(lanes, scratch, owner, (done, depots, counts), (route, offsets))) < len(depots):
        route = np.concatenate([route, np.empty(97, np.int32)])
    assert (owner == NONE).all()
    return [route[a:b].tolist() for a, b in pairwise(offsets.tolist())]


@pytest.fixture(scope="module")
def shared(lanes: Lanes) -> tuple[np.ndarray, np.ndarray]:
    """Lanes by owner, some of them nobody's, and depots; not near to each other at all."""
    chance = np.random.default_rng(9)
    owner = np.full(len(lanes.start), NONE, np.int32)
    owner[lanes.leaving] = chance.integers(-1, 5, len(lanes.leaving))
    return owner, chance.choice(lanes.start[lanes.leaving], 5).astype(np.int32)


def test_a_round_works_each_of_its_lanes_once_and_comes_back(
    lanes: Lanes, shared: tuple[np.ndarray, np.ndarray]
) -> None:
    owner, depots = shared
    for number, route in enumerate(rounds(lanes, owner, depots, 20_000)):
        worked = [lane - WORK for lane in route if lane >= WORK]
        assert sorted(worked) == np.flatnonzero(owner == number).tolist()
        plain = [lane & (WORK - 1) for lane in route]
        ends = [int(lanes.end[lane]) for lane in plain]
        assert [int(lanes.start[lane]) for lane in plain] == [int(depots[number]), *ends[:-1]]
        assert ends[-1] == depots[number]


def test_rounds_are_the_same_however_often_the_room_runs_out(
    lanes: Lanes, shared: tuple[np.ndarray, np.ndarray]
) -> None:
    owner, depots = shared
    assert rounds(lanes, owner, depots, 50) == rounds(lanes, owner, depots, 50_000)


def test_a_round_over_a_whole_town_drives_little_that_it_does_not_work(lanes: Lanes) -> None:
    owner = np.full(len(lanes.start), NONE, np.int32)
    owner[lanes.leaving] = 0
    (route,) = rounds(lanes, owner, lanes.start[lanes.leaving[:1]].astype(np.int32), 20_000)
    metres = lanes.length_mm[np.array(route) & (WORK - 1)] / 1000
    assert metres.sum() < 1.4 * lanes.length_mm[lanes.leaving].sum() / 1000


def test_it_goes_straight_on_where_it_can(lanes: Lanes) -> None:
    owner = np.full(len(lanes.start), NONE, np.int32)
    owner[lanes.leaving] = 0
    (route,) = rounds(lanes, owner, lanes.start[lanes.leaving[:1]].astype(np.int32), 20_000)
    turns = [
        np.cos(lanes.heading[after - WORK] - lanes.arriving[before - WORK])
        for before, after in pairwise(route)
        if before >= WORK and after >= WORK
    ]
    assert np.mean(np.array(turns) > 0.8) > 0.6
