"""The sample town has what makes matching hard, and machines can drive about in it."""

import numpy as np
import pytest

from snowtrack.network.arrays import Kind, Manager, Network, RoadClass, Structure
from snowtrack.roads.sample import sample_network
from tests.oracles.towns import metres_between, sample_town, shape


def rows_where(network: Network, **values: int) -> list[int]:
    found = np.ones(len(network), np.bool_)
    for name, value in values.items():
        found &= getattr(network, name) == value
    rows: list[int] = np.flatnonzero(found).tolist()
    return rows


def test_the_same_seed_draws_the_same_town_and_another_another() -> None:
    assert sample_network(1).network_id == sample_town().network_id
    assert sample_network(2).network_id != sample_town().network_id


def test_it_has_about_5000_segments() -> None:
    assert 4_500 <= len(sample_town()) <= 5_500


@pytest.mark.parametrize("road_class", [one for one in RoadClass if one is not RoadClass.UNKNOWN])
def test_it_has_every_class_of_road(road_class: RoadClass) -> None:
    assert len(rows_where(sample_town(), road_class=road_class)) >= 20


@pytest.mark.parametrize("manager", [one for one in Manager if one is not Manager.UNKNOWN])
def test_it_has_roads_of_every_manager(manager: Manager) -> None:
    assert rows_where(sample_town(), manager=manager)


def test_it_has_footways_one_way_streets_bridges_and_a_tunnel() -> None:
    network = sample_town()
    assert len(rows_where(network, kind=Kind.FOOTWAY)) > 50
    assert len(rows_where(network, oneway=1, road_class=RoadClass.LOCAL)) > 20
    assert len(rows_where(network, oneway=-1, road_class=RoadClass.LOCAL)) > 20
    assert 5 <= len(rows_where(network, structure=Structure.BRIDGE)) <= 30
    assert len(rows_where(network, structure=Structure.TUNNEL)) >= 5


def test_frontage_roads_run_close_beside_the_national_road() -> None:
    network = sample_town()
    national = [shape(network, row)[0] for row in rows_where(network, road_class=RoadClass.NATIONAL)]
    frontage = [shape(network, row)[0] for row in rows_where(network, road_class=RoadClass.FRONTAGE)]
    nearest = [min(metres_between(one, other) for other in frontage) for one in national[::7]]
    assert np.median(nearest) < 40


def test_national_and_prefectural_roads_have_route_numbers_and_every_road_a_name() -> None:
    network = sample_town()
    for road_class in (RoadClass.NATIONAL, RoadClass.PREFECTURAL):
        assert all(network.text(int(network.route_text[row])) for row in rows_where(network, road_class=road_class))
    assert all(network.text(int(number)) for number in network.name_text)


def test_nearly_all_of_it_hangs_together() -> None:
    network = sample_town()
    group = list(range(len(network.node_lat_e7)))

    def find(node: int) -> int:
        while group[node] != node:
            group[node] = group[group[node]]
            node = group[node]
        return node

    for start, to in zip(network.from_node.tolist(), network.to_node.tolist(), strict=True):
        group[find(start)] = find(to)
    roots = [find(node) for node in network.from_node.tolist()]
    assert max(roots.count(root) for root in set(roots)) >= 0.98 * len(network)


def test_it_lies_in_ishikawa() -> None:
    west, south, east, north = sample_town().bbox_e7
    assert 1_360_000_000 < west < east < 1_375_000_000
    assert 360_000_000 < south < north < 376_000_000
