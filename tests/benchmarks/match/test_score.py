"""The scorer against its definitions, tried on all subsequences."""

from itertools import combinations
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.match.score import Score, calibrate, heaviest_common, score, score_fixes
from snowtrack.model.columns import Int64s

LENGTH_MM = np.array([1_000, 2_000, 4_000, 8_000], np.int64)

routes = st.lists(st.integers(0, 7), max_size=7).map(lambda arcs: np.array(arcs, np.int64))


@given(truth=routes, matched=routes)
def test_the_heaviest_common_subsequence_is_the_best_of_all(truth: Int64s, matched: Int64s) -> None:
    subsequences = {part for size in range(len(matched) + 1) for part in combinations(matched.tolist(), size)}
    expected = max(
        int(LENGTH_MM[np.array(part, np.int64) >> 1].sum())
        for size in range(len(truth) + 1)
        for part in combinations(truth.tolist(), size)
        if part in subsequences
    )
    assert heaviest_common(truth, matched, LENGTH_MM[truth >> 1]) == expected


def test_a_heavy_arc_is_worth_more_than_several_light_ones() -> None:
    # 6 (8 m) stands before 0, 2, 4 (7 m together) in one route and behind them in the other.
    truth, matched = np.array([6, 0, 2, 4]), np.array([0, 2, 4, 6])
    assert heaviest_common(truth, matched, LENGTH_MM[truth >> 1]) == 8_000


@given(route=routes)
def test_a_route_matched_exactly_has_no_mismatch(route: Int64s) -> None:
    same = score(LENGTH_MM, route, route)
    assert same.truth_mm == same.matched_mm == same.common_mm
    assert same.truth_set_mm == same.matched_set_mm == same.common_set_mm


def test_missed_and_added_length_both_count_against_the_truth() -> None:
    # Of 1 + 2 + 4 m the 2 m are missed, and 8 m are added.
    got = score(LENGTH_MM, np.array([0, 2, 4]), np.array([0, 6, 4]))
    assert got.rmf == pytest.approx((2 + 8) / 7)
    assert got.precision == pytest.approx(5 / 13)
    assert got.recall == pytest.approx(5 / 7)


def test_the_wrong_direction_is_a_mismatch_but_covers_the_road() -> None:
    got = score(LENGTH_MM, np.array([0, 2]), np.array([0, 3]))
    assert got.rmf == pytest.approx((2 + 2) / 3)
    assert (got.precision, got.recall) == (1.0, 1.0)


def test_a_road_driven_twice_counts_twice_in_the_route_and_once_in_the_coverage() -> None:
    got = score(LENGTH_MM, np.array([6, 7]), np.array([6]))
    assert got.rmf == pytest.approx(0.5)
    assert got.recall == 1.0


def test_nothing_matched_misses_everything() -> None:
    got = score(LENGTH_MM, np.array([0, 2]), np.empty(0, np.int64))
    assert (got.rmf, got.precision, got.recall) == (1.0, 0.0, 0.0)


def test_fixes_far_from_the_route_do_not_count_and_those_unmatched_are_wrong() -> None:
    truth = np.array([0, 2])
    answers = np.array([0, 3, 4, -1, 0])
    got = score_fixes(truth, answers, np.array([0.0, 30.0, 1.0, 1.0, 30.1]))
    assert (got.fixes_near, got.fixes_right) == (4, 2)


def test_cases_are_summed_before_dividing() -> None:
    long = Score(truth_mm=9_000, matched_mm=9_000, common_mm=9_000)
    short = Score(truth_mm=1_000, matched_mm=0, common_mm=0)
    assert (long + short).rmf == pytest.approx(0.1)


def test_answers_as_right_as_they_are_sure_are_calibrated() -> None:
    confidence = np.repeat([0.9, 0.5], [100, 40])
    right = np.concatenate([np.arange(100) >= 10, np.arange(40) >= 20])
    assert calibrate(confidence, right).expected_error == pytest.approx(0.0)


def test_certainty_without_being_right_is_an_error_of_calibration() -> None:
    got = calibrate(np.array([1.0, 1.0, 0.0, 0.0]), np.array([True, False, False, False]))
    assert got.expected_error == pytest.approx(0.25)


def test_the_least_sure_part_holds_the_errors_that_stand_there() -> None:
    confidence = np.concatenate([np.full(5, 0.2), np.full(95, 0.9)])
    right = np.concatenate([[False, False, False, True, True], np.arange(95) > 0])
    assert calibrate(confidence, right).error_share == pytest.approx(3 / 4)


def test_answers_as_sure_as_the_mark_share_what_room_is_left() -> None:
    # 5 of 100: the two least sure, both wrong, and 3 of the 98 others, of which 10 are wrong.
    confidence = np.concatenate([np.full(2, 0.1), np.full(98, 0.9)])
    right = np.arange(100) >= 12
    assert calibrate(confidence, right).error_share == pytest.approx((2 + 10 * 3 / 98) / 12)


def test_full_certainty_stands_apart_from_what_is_a_tenth_less() -> None:
    confidence = np.repeat([0.9, 1.0], [10, 10])
    right = np.arange(20) < 19
    assert calibrate(confidence, right).expected_error == pytest.approx(0.1)


@given(right=st.lists(st.booleans(), min_size=1, max_size=60))
def test_where_all_are_equally_sure_the_least_sure_part_holds_its_share(right: list[bool]) -> None:
    got = calibrate(np.full(len(right), 0.7), np.array(right))
    assert got.error_share == pytest.approx(0.05 if not all(right) else 1.0)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=50), st.randoms(use_true_random=False))
def test_calibration_does_not_depend_on_the_order_of_the_answers(
    rows: list[tuple[float, bool]], random: Random
) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    first, second = (calibrate(np.array([c for c, _ in r]), np.array([k for _, k in r])) for r in (rows, shuffled))
    assert first.expected_error == pytest.approx(second.expected_error)
    assert first.error_share == pytest.approx(second.error_share)
