"""Legs are what a machine can drive: nothing jumps, and no limit is passed."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ploughsim.compiled import Array
from ploughsim.world.legs import ACCELERATION, BRAKING, DRIFT_MPS, LEG, LEGS_PER_STRETCH, time_out
from ploughsim.world.stretches import STRETCH

START_MS = 1_768_381_200_000.0
ONE = st.tuples(
    st.integers(1, 150_000),
    st.floats(0.8, 14),
    st.sampled_from([0.0, 2.0, 5.0, 99.0]),
    st.integers(0, 30_000),
    st.sampled_from([0.0, 1_600.0, -1_600.0]),
    st.booleans(),
)
Plan = list[tuple[int, float, float, int, float, bool]]


def planned(plan: Plan) -> Array:
    """Stretches on a lane each; a backward one turns at a stop."""
    stretches = np.zeros(len(plan), STRETCH)
    for number, (length_mm, cap_mps, end_mps, pause_ms, side_mm, backward) in enumerate(plan):
        one = stretches[number]
        one["lane"], one["cap_mps"], one["side_mm"] = 4 * number, cap_mps, side_mm
        one["from_mm"], one["to_mm"] = (length_mm, 0) if backward else (0, length_mm)
        turns = backward != (plan[number + 1][5] if number + 1 < len(plan) else backward)
        one["end_mps"] = 0.0 if turns else end_mps
        one["pause_ms"] = pause_ms if one["end_mps"] == 0 else 0
    return stretches


def driven(stretches: Array) -> Array:
    before = np.zeros(1, LEG)
    before["end_ms"], before["lane"] = START_MS, 1
    legs = np.zeros(LEGS_PER_STRETCH * len(stretches), LEG)
    return legs[: time_out(stretches, before[0], np.zeros(len(stretches)), legs)]


def seconds(leg: Array) -> float:
    return float(leg["end_ms"] - leg["start_ms"]) / 1000


def speed_after(leg: Array) -> float:
    return float(leg["speed_mps"] + leg["gain_mps2"] * seconds(leg))


def way_mm(leg: Array) -> float:
    return 1000 * float(leg["speed_mps"] * seconds(leg) + leg["gain_mps2"] * seconds(leg) ** 2 / 2)


PLANS = st.lists(ONE, min_size=1, max_size=12).map(planned)


@given(PLANS)
def test_one_leg_begins_where_and_as_fast_as_the_last_one_ended(stretches: Array) -> None:
    legs = driven(stretches)
    assert legs["start_ms"][0] == START_MS
    assert (legs["start_ms"][1:] == legs["end_ms"][:-1]).all()
    assert abs(legs["speed_mps"][0]) < 1e-9
    assert abs(speed_after(legs[-1])) < 1e-5
    for one, other in pairwise(legs):
        assert abs(speed_after(one) - other["speed_mps"]) < 1e-4
        if one["lane"] == other["lane"]:
            assert abs(one["from_mm"] + way_mm(one) - other["from_mm"]) < 0.1
        assert abs(one["side_mm"] + one["drift_mps"] * 1000 * seconds(one) - other["side_mm"]) < 0.1


@given(PLANS)
def test_limits_are_kept(stretches: Array) -> None:
    legs = driven(stretches)
    caps = dict(zip(stretches["lane"].tolist(), stretches["cap_mps"].tolist(), strict=True))
    for leg in legs:
        fastest = max(abs(leg["speed_mps"]), abs(speed_after(leg)))
        assert fastest <= caps[int(leg["lane"])] + 1e-4
        gains = (leg["speed_mps"] + speed_after(leg)) * leg["gain_mps2"] > 0
        assert abs(leg["gain_mps2"]) <= (ACCELERATION if gains else BRAKING) + 1e-9
        assert abs(leg["drift_mps"]) <= DRIFT_MPS


@given(PLANS)
def test_each_stretch_is_driven_whole_ends_as_slowly_as_told_and_pauses(stretches: Array) -> None:
    legs = driven(stretches)
    for stretch in stretches:
        own = legs[legs["lane"] == stretch["lane"]]
        length_mm = int(stretch["to_mm"]) - int(stretch["from_mm"])
        assert abs(sum(way_mm(leg) for leg in own) - length_mm) < 0.5
        assert abs(speed_after(own[-1])) <= stretch["end_mps"] + 1e-4
        stood = sum(seconds(leg) for leg in own if leg["speed_mps"] == 0 and leg["gain_mps2"] == 0)
        assert abs(stood - stretch["pause_ms"] / 1000) < 1e-3


@given(st.integers(50_000, 150_000), st.floats(3, 10))
def test_a_long_stretch_is_driven_at_its_speed(length_mm: int, cap_mps: float) -> None:
    legs = driven(planned([(length_mm, cap_mps, 0.0, 0, 0.0, False)]))
    expected_s = length_mm / 1000 / cap_mps + cap_mps / 2 / ACCELERATION + cap_mps / 2 / BRAKING
    assert abs((legs["end_ms"][-1] - START_MS) / 1000 - expected_s) < 1e-3 or len(legs) == 2


def test_turning_into_the_other_lane_the_other_side_is_the_left_one() -> None:
    stretches = planned([(50_000, 5.0, 0.0, 0, 1_600.0, False), (50_000, 5.0, 0.0, 0, 1_600.0, False)])
    stretches["lane"] = 2, 3
    legs = driven(stretches)
    first = legs[legs["lane"] == 2][-1]
    side_mm = first["side_mm"] + first["drift_mps"] * 1000 * seconds(first)
    assert legs[legs["lane"] == 3]["side_mm"][0] == -side_mm
    assert side_mm > 1_500
