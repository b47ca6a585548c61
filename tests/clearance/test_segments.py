"""Policies on a network: whose rules hold on which row."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.clearance.fold import fold
from snowtrack.clearance.segments import NO_AGENCY, PolicyTable, Segments
from snowtrack.model.passes import PassBatch
from snowtrack.model.policy import BUILT_IN, ROAD_CLASSES, Policy
from snowtrack.network.arrays import Kind, Network, RoadClass
from tests.oracles.towns import road, sample_town, town

EACH = town(
    *(road((0, 30.0 * number), (100, 30.0 * number), road_class=one) for number, one in enumerate(RoadClass)),
    road((0, 300), (100, 300), kind=Kind.FOOTWAY, road_class=RoadClass.NATIONAL),
    road((0, 330), (100, 330), road_class=RoadClass.NATIONAL, oneway=-1),
)
FOOTWAY, ONE_WAY = len(RoadClass), len(RoadClass) + 1
STRICT = {name: replace(rules, passes=3, criterion_mm=50) for name, rules in BUILT_IN.default.items()}
TWO = Policy(agencies={"kokudo": STRICT})


def test_the_classes_of_the_policy_are_those_of_the_network_and_footways() -> None:
    assert [*(one.name.lower() for one in RoadClass), "footway"] == list(ROAD_CLASSES)
    assert [one.value for one in RoadClass] == list(range(len(RoadClass)))


def test_each_class_has_its_own_rules() -> None:
    table = PolicyTable.of(BUILT_IN, EACH)
    for row, name in enumerate([*ROAD_CLASSES, "national"]):
        rules = BUILT_IN.default[name]
        assert table.criterion_mm[row] == rules.criterion_mm
        assert (table.done_permille[row], table.needed[row]) == (rules.done_permille, rules.passes)
        assert (table.aged_us[row], table.due_us[row]) == (rules.aged_us, rules.due_us)


def test_both_directions_count_on_wide_carriageways_that_are_no_one_way_streets() -> None:
    both = {ROAD_CLASSES[row] for row in np.flatnonzero(PolicyTable.of(BUILT_IN, EACH).both_ways)}
    assert both == {"national", "prefectural", "main"}
    asked = Policy(default={name: replace(rules, both_ways=True) for name, rules in BUILT_IN.default.items()})
    assert np.flatnonzero(~PolicyTable.of(asked, EACH).both_ways).tolist() == [FOOTWAY, ONE_WAY]


@given(st.lists(st.sampled_from([NO_AGENCY, 0, 1]), min_size=len(EACH), max_size=len(EACH)))
def test_rules_are_those_of_the_manager_and_else_the_default(managers: list[int]) -> None:
    table = PolicyTable.of(TWO, EACH, ("ishikawa", "kokudo"), np.array(managers, np.int16))
    assert table.needed.tolist() == [3 if manager == 1 else 1 for manager in managers]


@pytest.mark.parametrize("network", [EACH, sample_town()])
def test_segments_are_found_by_their_ids_and_no_others_are(network: Network) -> None:
    segments = Segments.of(network, PolicyTable.of(BUILT_IN, network))
    assert segments.rows(network.segment_id).tolist() == list(range(len(network)))
    assert (np.diff(segments.segment_id) > 0).all()
    strangers = np.array([0, int(network.segment_id.max()) + 1, -5, 2**60])
    assert segments.places(strangers).tolist() == segments.rows(strangers).tolist() == [-1] * 4
    assert (segments.length_mm == network.length_mm[segments.row]).all()


def test_a_network_without_roads_has_no_segments() -> None:
    nothing = np.empty(0, np.int64)
    segments = Segments(
        segment_id=nothing,
        row=nothing,
        length_mm=nothing.astype(np.int32),
        done_permille=nothing.astype(np.int16),
        needed=nothing.astype(np.int8),
        both_ways=nothing.astype(np.bool_),
    )
    asked = np.array([5, 7])
    assert segments.places(asked).tolist() == segments.rows(asked).tolist() == [-1, -1]
    assert len(fold(PassBatch.from_rows([(1, 5, 1, 0, 9, 0, 10, 0, 0, 900, 0)]), segments)) == 0
