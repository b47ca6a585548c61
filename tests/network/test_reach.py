"""Ways between near segments, against Dijkstra's method over dicts."""

from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.columns import Int32s
from snowtrack.network import reach as reach_module
from snowtrack.network.arrays import Network
from snowtrack.network.reach import AGAINST_MM, DETOUR, EDGE, NONE, REACH_MM, TURN_BACK_MM, VIA, WAY, Reach
from snowtrack.roads.lines import RoadLine
from tests.oracles.towns import road, sample_town, town
from tests.oracles.ways import after, detour_mm, length_of, ways_from

LINE = town(road((0, 0), (40, 0)), road((40, 0), (70, 0)), road((70, 0), (90, 0)))
ONEWAY = town(road((0, 0), (40, 0)), road((40, 0), (70, 0), oneway=-1), road((70, 0), (90, 0), oneway=-1))
# A lane around a green from one crossing back to it, and two roads between the same two crossings.
LOOPS = town(
    road((0, 0), (-60, 0)),
    road((0, 0), (30, 0), (30, 30), (0, 0)),
    road((-60, 0), (-80, 12), (-100, 0)),
    road((-60, 0), (-80, -13), (-100, 0)),
)


def drawn_roads(seed: int) -> list[RoadLine]:
    """Roads between few crossings: parallel ones, rings, dead ends, one-way streets."""
    random = Random(seed)
    crossings = [(random.uniform(0, 250), random.uniform(0, 250)) for _ in range(random.randint(2, 8))]
    lines = []
    for number in range(random.randint(1, 14)):
        one, other = random.choice(crossings), random.choice(crossings)
        bend = (random.uniform(0, 250), random.uniform(0, 250))
        places = (one, bend, other) if one == other or random.random() < 0.5 else (one, other)
        lines.append(road(*places, oneway=random.choice([0, 0, 1, -1]), source_id=number))
    return lines


def table_of(reach: Reach, edge: int) -> Int32s:
    reach.know(np.array([edge]))
    table = reach.table_of[edge]
    entries: Int32s = reach.entries[reach.starts[table] : reach.starts[table + 1]]
    return entries


def costs(table: Int32s) -> dict[int, int]:
    return {int(entry[EDGE]): int(entry[WAY] + entry[DETOUR]) for entry in table}


def expected(network: Network, edge: int, limit_mm: int) -> dict[int, int]:
    return {reached: way.cost_mm for reached, way in ways_from(network, edge, limit_mm).items()}


def assert_chains_lead_there(network: Network, source: int, table: Int32s) -> None:
    """Entry by entry: where it says it is entered from leads on to it, and lengths and detours add up."""
    for edge, way_mm, detours_mm, via in table.tolist():
        before, gone_mm, detoured_mm = source, 0, 0
        if via != NONE:
            before = int(table[via, EDGE])
            gone_mm = int(table[via, WAY]) + length_of(network, before)
            detoured_mm = int(table[via, DETOUR])
        assert edge in after(network, before)
        assert way_mm == gone_mm
        assert detours_mm == detoured_mm + detour_mm(network, before, edge)


@given(st.integers(0, 2**32))
def test_a_table_says_what_dijkstra_says_and_its_chains_lead_there(seed: int) -> None:
    network = town(*drawn_roads(seed))
    reach = Reach(network)
    for edge in range(2 * len(network)):
        table = table_of(reach, edge)
        assert costs(table) == expected(network, edge, REACH_MM)
        assert len(table) == len(costs(table))
        assert_chains_lead_there(network, edge, table)


@given(st.integers(0, 2**32), st.integers(0, 2_000_000))
def test_a_search_goes_as_far_as_it_is_told(seed: int, limit_mm: int) -> None:
    network = town(*drawn_roads(seed))
    edge = seed % (2 * len(network))
    table = Reach(network).search(edge, limit_mm)
    assert costs(table) == expected(network, edge, limit_mm)
    assert_chains_lead_there(network, edge, table)


@given(st.integers(0, 2**32), st.lists(st.integers(0, 400_000), min_size=1, max_size=3))
def test_between_groups_there_are_the_ways_within_the_limit_of_each(seed: int, limits: list[int]) -> None:
    network, random = town(*drawn_roads(seed)), Random(seed)
    edges = [NONE, *range(2 * len(network))]
    sources = [random.choices(edges, k=random.randint(0, 3)) for _ in limits]
    targets = [random.choices(edges[1:], k=random.randint(0, 3)) for _ in limits]
    asked = [[np.array(group, np.int32) for group in groups] for groups in (sources, targets)]
    found = Reach(network).between(asked[0], asked[1], np.array(limits, np.int64))
    wanted: list[int | None] = []
    for from_group, to_group, limit_mm in zip(sources, targets, limits, strict=True):
        for source in from_group:
            ways = {} if source == NONE else expected(network, source, limit_mm)
            wanted += [ways.get(target) for target in to_group]
    assert [None if way < 0 else way + detour for way, detour in found.tolist()] == wanted


@given(st.integers(0, 2**32))
def test_in_the_sample_town_tables_are_what_dijkstra_finds(seed: int) -> None:
    network = sample_town()
    edge = seed % (2 * len(network))
    table = table_of(Reach(network), edge)
    assert costs(table) == expected(network, edge, REACH_MM)
    assert_chains_lead_there(network, edge, table)


def entry(network: Network, source: int, target: int) -> tuple[int, int]:
    """Way and detour."""
    table = table_of(Reach(network), source)
    ((way_mm, detours_mm),) = table[table[:, EDGE] == target][:, [WAY, DETOUR]].tolist()
    return way_mm, detours_mm


def test_the_next_segment_begins_where_this_one_ends() -> None:
    assert entry(LINE, 0, 2) == (0, 0)
    assert entry(LINE, 0, 4) == (LINE.length_mm[1], 0)
    assert entry(LINE, 5, 1) == (LINE.length_mm[1], 0)


def test_a_way_turns_back_at_a_dead_end_alone() -> None:
    assert entry(LINE, 4, 5) == (0, TURN_BACK_MM)
    assert entry(LINE, 0, 1) == (2 * (LINE.length_mm[1] + LINE.length_mm[2]), TURN_BACK_MM)


def test_a_way_against_a_one_way_street_is_dear_once_and_then_half_as_long_again() -> None:
    assert entry(ONEWAY, 0, 2) == (0, AGAINST_MM)
    assert entry(ONEWAY, 0, 4) == (ONEWAY.length_mm[1], AGAINST_MM + ONEWAY.length_mm[2] // 2)
    assert entry(ONEWAY, 5, 1) == (ONEWAY.length_mm[1], 0)


def test_a_ring_may_be_entered_either_way_driven_again_and_left() -> None:
    assert entry(LOOPS, 1, 2) == entry(LOOPS, 1, 3) == (0, 0)
    assert entry(LOOPS, 2, 2) == entry(LOOPS, 2, 0) == (0, 0)


def test_going_round_a_ring_is_no_turning_back() -> None:
    assert entry(LOOPS, 1, 0) == (LOOPS.length_mm[1], 0)


def test_of_two_roads_between_the_same_crossings_each_leads_back_over_the_other() -> None:
    assert entry(LOOPS, 0, 4) == entry(LOOPS, 0, 6) == (0, 0)
    assert entry(LOOPS, 0, 5) == (LOOPS.length_mm[3], 0)
    assert entry(LOOPS, 0, 7) == (LOOPS.length_mm[2], 0)
    assert entry(LOOPS, 0, 1) == (LOOPS.length_mm[2] + LOOPS.length_mm[3], 0)


def test_of_equal_ways_round_a_block_the_one_that_ends_on_the_lower_row_counts() -> None:
    """Both ways round are the same segments."""
    square = [(0, 0), (30, 0), (30, 30), (0, 30), (0, 0)]
    sides = [road(one, other) for one, other in pairwise(square)]
    for turned in range(4):
        network = town(road((-50, 0), (0, 0)), *sides[turned:], *sides[:turned])
        table = Reach(network).search(0, REACH_MM)
        over: list[int] = []
        via = int(table[table[:, EDGE] == 1][0, VIA])
        while via != NONE:
            over.insert(0, int(table[via, EDGE]))
            via = int(table[via, VIA])
        assert tuple(over) == ways_from(network, 0, REACH_MM)[1].over


def test_forgetting_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    network = sample_town()
    whole, forgetful = Reach(network), Reach(network)
    edges = np.random.default_rng(1).integers(0, 2 * len(network), 300)
    forgotten = 0
    for at in range(0, len(edges), 10):
        whole.know(edges[at : at + 10])
        with monkeypatch.context() as patch:
            patch.setattr(reach_module, "KEPT_MAX", 500)
            before = forgetful.tables
            forgetful.know(edges[at : at + 10])
            forgotten += forgetful.tables < before
        for edge in [edge ^ other for edge in edges[at : at + 10].tolist() for other in (0, 1)]:
            kept = [one.entries[slice(*one.starts[one.table_of[edge] :][:2])].tolist() for one in (whole, forgetful)]
            assert kept[0] == kept[1]
    assert forgotten > 3
    assert whole.tables == 2 * len(set((edges >> 1).tolist()))


def test_growing_changes_nothing() -> None:
    """All tables of the town at once are more than there is room for at first; one by one they are the same."""
    network = sample_town()
    whole, grown = Reach(network), Reach(network)
    room = len(whole.entries)
    whole.know(np.arange(2 * len(network)))
    assert whole.starts[whole.tables] > room
    for edge in range(2 * len(network) - 1, -1, -7):
        assert table_of(grown, edge).tolist() == table_of(whole, edge).tolist()


def test_what_is_known_is_not_worked_out_again() -> None:
    reach = Reach(LINE)
    reach.know(np.array([0, 0, 3]))
    reach.know(np.array([2, 1, NONE]))
    assert reach.tables == 4
    reach.know(np.array([], np.int64))
    assert reach.tables == 4
