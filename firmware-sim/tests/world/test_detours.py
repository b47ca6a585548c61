"""What is closed is driven around, and shuts nobody in."""

from dataclasses import replace

import numpy as np
import pytest

from ploughsim.roads.lanes import road_graph
from ploughsim.roads.read import FOOTWAY, RoadNetwork
from ploughsim.world.detours import Detours
from ploughsim.world.fleet import muster
from ploughsim.world.routes import WORK
from ploughsim.world.settings import FleetSettings

START_MS, TOLD_MS = 1_768_381_200_000, 45 * 60_000


@pytest.fixture(scope="module")
def detours(town: RoadNetwork) -> Detours:
    return Detours(town, seed=5, start_ms=START_MS, count=60, after_min=0)


def test_closings_leave_a_way_to_everywhere(town: RoadNetwork, detours: Detours) -> None:
    rows = [row for row, _ in detours.closings]
    assert len(set(rows)) == 60
    # A footway is no way for a machine.
    kind = town.kind.copy()
    kind[rows] = FOOTWAY
    lanes = road_graph(town).leaving
    assert road_graph(replace(town, kind=kind)).leaving.tolist() == lanes[~np.isin(lanes >> 1, rows)].tolist()


def test_more_than_can_be_spared_are_not_closed(town: RoadNetwork) -> None:
    closings = Detours(town, seed=5, start_ms=START_MS, count=1_000, after_min=0).closings
    assert 60 < len(closings) < 700


def test_a_round_goes_around_what_is_closed_and_comes_home(town: RoadNetwork, detours: Detours) -> None:
    machines, _ = muster(town, FleetSettings(machines=4, echelons=0.0), 5)
    late_ms = max(from_ms for _, from_ms in detours.closings)
    closed = [row for row, _ in detours.closings]
    changed = 0
    for machine in machines:
        way = detours.joined(machine, machine.depot, machine.route, late_ms, home=True)
        plain = way & (WORK - 1)
        assert not np.isin(plain >> 1, closed).any()
        assert machine.lanes.start[plain].tolist() == [machine.depot, *machine.lanes.end[plain].tolist()[:-1]]
        assert machine.lanes.end[plain[-1]] == machine.depot
        work, before = (set(lanes[lanes >= WORK].tolist()) for lanes in (way, machine.route))
        assert work == {lane for lane in before if (lane - WORK) >> 1 not in closed}
        changed += work != before
    assert changed


def test_before_it_is_told_nothing_is_changed(town: RoadNetwork, detours: Detours) -> None:
    machines, _ = muster(town, FleetSettings(machines=4, echelons=0.0), 5)
    early_ms = min(from_ms for _, from_ms in detours.closings) - TOLD_MS - 1
    for machine in machines:
        same = detours.joined(machine, machine.depot, machine.route, early_ms, home=True)
        assert same.tolist() == machine.route.tolist()
