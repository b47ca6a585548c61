"""Proposals to go out: once for each time that the criterion is reached."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.calendar import DAY_US
from snowtrack.model.snow import SensorId
from snowtrack.snow.dispatch import Answered, Proposal, propose
from snowtrack.snow.series import STEP_US
from tests.oracles.snow import GAP_STEPS
from tests.snow.depths import Depth, at, curves_of, sensor

S1, S2 = sensor("s1", 36.7, 136.7), sensor("s2", 36.8, 136.8, agency="ishikawa")
NOTHING = Answered(dispatched_us={}, proposed_us={})
STEADY: list[Depth] = [300 + 5 * step for step in range(100)]


def looked(
    depths: list[Depth], criteria: dict[str, int], looks: list[int], dispatched: dict[str, int] | None = None
) -> list[Proposal]:
    """What is proposed when it is looked at these steps, each time remembering what was."""
    said: list[Proposal] = []
    for look in looks:
        seen: list[Depth] = [*depths[: look + 1], *[None] * (len(depths) - look - 1)]
        proposed = {(one.sensor, road_class): one.at_us for one in said for road_class in one.road_classes}
        answered = Answered(dispatched_us=dispatched or {}, proposed_us=proposed)
        said += propose({"kahoku": criteria}, [S1], curves_of(seen), answered, at(look))
    return said


def test_reaching_the_criterion_is_proposed_once_and_again_when_as_much_has_fallen_since() -> None:
    said = looked(STEADY, {"national": 100}, list(range(10, 100)))
    assert [one.road_classes for one in said] == [("national",)] * len(said)
    assert 3 <= len(said) <= 4
    apart = np.diff([one.at_us for one in said]) // STEP_US
    assert all(19 <= steps <= 24 for steps in apart.tolist())
    assert [one.since_us for one in said[1:]] == [one.at_us for one in said[:-1]]
    assert all(one.new_mm >= one.criterion_mm == 100 for one in said)


def test_classes_with_one_criterion_come_together_and_others_for_themselves() -> None:
    said = looked(STEADY, {"national": 100, "main": 100, "local": 200}, list(range(10, 60)))
    classes = [(one.criterion_mm, one.road_classes) for one in said]
    assert sorted(classes) == [(100, ("main", "national")), (100, ("main", "national")), (200, ("local",))]


def test_who_went_out_starts_anew() -> None:
    without = looked(STEADY, {"national": 100}, [30])
    assert len(without) == 1
    assert looked(STEADY, {"national": 100}, [30], {"kahoku": at(20)}) == []
    assert looked(STEADY, {"national": 100}, [30], {"ishikawa": at(20)}) == without


def test_snow_of_more_than_a_day_ago_is_no_reason_to_go_out() -> None:
    day = DAY_US // STEP_US
    depths: list[Depth] = [300 + 10 * min(step, 20) for step in range(day + 60)]
    assert len(looked(depths, {"national": 150}, [day - 10])) == 1
    assert looked(depths, {"national": 150}, [day + 30]) == []


def test_behind_a_gap_only_what_is_known_to_have_fallen_counts() -> None:
    depths: list[Depth] = [300] * 10 + [None] * (GAP_STEPS + 5) + [600 + 10 * step for step in range(40)]
    behind = 10 + GAP_STEPS + 5
    assert looked(depths, {"national": 100}, [behind + 5]) == []
    (said,) = looked(depths, {"national": 100}, [behind + 20])
    assert said.since_us == at(behind)


def test_agencies_have_their_own_criteria_and_sensors() -> None:
    curves = curves_of(STEADY, [300] * 100)
    both = {"kahoku": {"national": 100}, "ishikawa": {"national": 100}}
    assert [one.sensor for one in propose(both, [S1, S2], curves, NOTHING, at(99))] == [SensorId("kahoku", "s1")]
    assert propose({"ishikawa": {"national": 100}}, [S1, S2], curves, NOTHING, at(99)) == []
    assert propose({}, [S1, S2], curves, NOTHING, at(99)) == []


def test_a_sensor_that_is_silent_proposes_nothing() -> None:
    assert propose({"kahoku": {"national": 1}}, [S1], curves_of([None] * 20), NOTHING, at(19)) == []
    assert propose({"kahoku": {"national": 100}}, [S1], curves_of(STEADY), NOTHING, at(99 + GAP_STEPS + 1)) == []


@given(st.lists(st.integers(0, 99), min_size=1, max_size=30), st.integers(30, 200))
def test_no_snow_is_proposed_twice(looks: list[int], criterion_mm: int) -> None:
    said = looked(STEADY, {"national": criterion_mm}, sorted(looks))
    assert len(said) <= (STEADY[-1] or 0) // criterion_mm
    for one, other in pairwise(said):
        assert one.at_us <= other.since_us < other.at_us
