"""A route is laid out anew each time it is driven."""

import numpy as np

from ploughsim.compiled import Array
from ploughsim.roads.lanes import road_graph
from ploughsim.roads.read import RoadNetwork
from ploughsim.world.ground import lay_ground
from ploughsim.world.stretches import CREW, NEVER_MM, STRETCH, WORKED, lay_out


def laid_out(town: RoadNetwork, crew: Array, route: Array) -> Array:
    stretches = np.zeros(40 * len(route), STRETCH)
    return stretches[: lay_out(lay_ground(town, np.zeros(1, np.int64)).ways, crew[0], route, stretches)].copy()


def same(one: Array, other: Array) -> bool:
    return len(one) == len(other) and bool((one == other).all())


def crew_of(word: int = 7) -> Array:
    crew = np.zeros(1, CREW)
    crew["word"], crew["work_mps"], crew["travel_mps"], crew["ploughs"] = word, 6.0, 11.0, 1
    crew["waits"], crew["lifts"], crew["backing"], crew["until_stop_mm"] = 0.3, 0.3, 0.1, NEVER_MM
    crew["last_lane"] = 200
    return crew


def test_stretches_of_a_lane_are_the_whole_lane(town: RoadNetwork) -> None:
    route = road_graph(town).leaving[::7].astype(np.int32) | WORKED
    stretches = laid_out(town, crew_of(), route)
    for lane in (route & (WORKED - 1)).tolist():
        own = stretches[(stretches["lane"] == lane) & (stretches["activity"] != 5)]
        assert own["from_mm"].tolist() == [0, *own["to_mm"].tolist()[:-1]]
        assert own["to_mm"][-1] == town.length_mm[lane >> 1]
        assert (own["to_mm"] > own["from_mm"]).all()
    assert stretches["end_mps"][-1] == 0


def test_the_same_lanes_are_another_drive_the_next_time(town: RoadNetwork) -> None:
    route = road_graph(town).leaving[:60].astype(np.int32) | WORKED
    crew = crew_of()
    first, second = laid_out(town, crew, route), laid_out(town, crew, route)
    again = laid_out(town, crew_of(), route)
    assert same(first, again)
    assert not same(first, second)
    assert crew["driven"][0] == 120
    assert not same(first, laid_out(town, crew_of(word=8), route))


def test_habits_come_as_often_as_told(town: RoadNetwork) -> None:
    graph = road_graph(town)
    route = np.concatenate([graph.leaving] * 3).astype(np.int32) | WORKED
    stretches = laid_out(town, crew_of(), route)
    up = (stretches["blade"] == 0) & (stretches["activity"] == 6)
    lifted = (np.diff(up.astype(int)) == 1).sum() / len(route)
    assert 0.27 < lifted < 0.33
    long = (town.length_mm[(route & (WORKED - 1)) >> 1] > 35_000).sum()
    backwards = (stretches["from_mm"] > stretches["to_mm"]).sum() / long
    assert 0.08 < backwards < 0.12


def test_on_the_way_the_blade_is_up(town: RoadNetwork) -> None:
    route = road_graph(town).leaving[:60].astype(np.int32)
    stretches = laid_out(town, crew_of(), route)
    assert (stretches["blade"] == 0).all()
    assert (stretches["activity"][stretches["activity"] != 5] == 4).all()
    assert stretches["cap_mps"][stretches["activity"] == 4].min() == 11
