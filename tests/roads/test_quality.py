"""What is odd about a network, and where."""

from dataclasses import replace

import pytest

from snowtrack.network.arrays import Structure
from snowtrack.roads.quality import Findings, examine
from tests.oracles.towns import point, road, sample_town, town


def places(findings: Findings) -> list[tuple[int, int]]:
    return list(zip(findings.lat_e7.tolist(), findings.lon_e7.tolist(), strict=True))


def test_the_sample_town_has_no_duplicates() -> None:
    assert len(examine(sample_town()).duplicates) == 0


@pytest.mark.parametrize("again", [[(0, 0), (40, 9), (90, 0)], [(90, 0), (40, 9), (0, 0)]])
def test_a_road_that_is_there_again_is_found_in_either_direction(again: list[tuple[float, float]]) -> None:
    network = town(road((0, 0), (40, 9), (90, 0)), road((90, 0), (180, 0)), road(*again, source_id=2))
    found = examine(network).duplicates
    assert [int(network.source_id[row]) for row in found.rows] == [2]
    assert places(found) == [point(*again[0])]
    assert found.measure_mm.tolist() == [network.length_mm[found.rows[0]]]


def test_two_roads_between_the_same_ends_are_no_duplicates() -> None:
    network = town(road((0, 0), (40, 9), (90, 0)), road((0, 0), (40, -9), (90, 0)))
    assert len(examine(network).duplicates) == 0


def test_three_times_the_same_is_two_duplicates() -> None:
    network = town(*(road((0, 0), (90, 0), source_id=number) for number in range(3)))
    assert len(examine(network).duplicates) == 2


def test_an_end_that_just_misses_a_road_is_a_gap_of_so_much() -> None:
    network = town(road((-90, 0), (90, 0)), road((10, 1.5), (10, 80)))
    found = examine(network).gaps
    assert places(found) == [point(10, 1.5)]
    assert abs(int(found.measure_mm[0]) - 1_500) < 30


@pytest.mark.parametrize("north", [0.0, 2.2, 30.0])
def test_an_end_that_meets_or_is_far_away_is_none(north: float) -> None:
    network = town(road((-90, 0), (10, 0), (90, 0)), road((10, north), (10, 80)))
    assert len(examine(network).gaps) == 0


def test_an_end_below_a_bridge_is_no_gap() -> None:
    bridge = replace(road((-90, 0), (90, 0)), structure=Structure.BRIDGE)
    assert len(examine(town(bridge, road((10, 1), (10, 80)))).gaps) == 0


def test_two_ends_that_miss_each_other_are_two_gaps() -> None:
    assert len(examine(town(road((-90, 0), (0, 0)), road((1, 0), (90, 0)))).gaps) == 2


def test_islands_are_what_the_largest_part_does_not_reach() -> None:
    network = town(
        road((0, 0), (100, 0), (200, 0)),
        road((0, 500), (60, 500), source_id=2),
        road((0, 900), (70, 900), source_id=3),
        road((70, 900), (140, 900), source_id=3),
    )
    found = examine(network).islands
    assert [int(network.source_id[row]) for row in found.rows] == [3, 2]
    assert [round(length / 1000) for length in found.measure_mm.tolist()] == [140, 60]
    assert places(found) == [point(0, 900), point(0, 500)]


def test_a_whole_network_has_no_islands() -> None:
    assert len(examine(town(road((0, 0), (100, 0)), road((100, 0), (100, 50)))).islands) == 0
