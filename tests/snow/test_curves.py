"""New snow out of depths: against the scalar rules, and what noise, settling and holes must never do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.columns import ABSENT_32, ABSENT_64
from snowtrack.snow.curves import NOISE_MM, make_curves
from snowtrack.snow.series import Grid
from tests.oracles.snow import GAP_STEPS, new_snow_mm, rises, stretches
from tests.snow.depths import START_US, Depth, at, curves_of, new_mm, walks

DAY = 144
PLACES = st.floats(-20, 160, allow_nan=False)


@given(st.lists(walks(), min_size=1, max_size=3), st.lists(st.tuples(PLACES, PLACES), min_size=1, max_size=20))
def test_what_fell_is_what_the_scalar_rules_say(series: list[list[Depth]], spans: list[tuple[float, float]]) -> None:
    curves = curves_of(*series)
    longest = max(map(len, series))
    for row, depths in enumerate(series):
        padded = depths + [None] * (longest - len(depths))
        for span in spans:
            begin, end = ((at(place) - START_US) / (at(1) - START_US) for place in span)
            found, expected = new_mm(curves, *span, sensor=row), new_snow_mm(padded, begin, end)
            if expected is None or begin < 0:
                assert found is None
            else:
                assert found is not None
                assert abs(found - expected) <= 0.5 + 1e-6


@given(walks())
def test_a_sensor_says_since_when_it_tells(depths: list[Depth]) -> None:
    curves, parts = curves_of(depths), stretches(depths)
    assert curves.last_us(0) == (at(parts[-1][-1]) if parts else None)
    assert curves.told_since_us(0) == (at(parts[-1][0]) if parts else None)


@given(walks(), st.tuples(PLACES, PLACES, PLACES))
def test_what_fell_is_never_negative_and_adds_up(depths: list[Depth], places: tuple[float, float, float]) -> None:
    curves = curves_of(depths)
    first, middle, last = sorted(places)
    whole, one, other = new_mm(curves, first, last), new_mm(curves, first, middle), new_mm(curves, middle, last)
    if whole is not None:
        assert one is not None
        assert other is not None
        assert min(whole, one, other) >= 0
        assert abs(whole - one - other) <= 1


@given(st.lists(st.integers(-12, 12), min_size=1, max_size=300), st.integers(0, 3_000))
def test_noise_within_the_floor_adds_nothing(noise: list[int], depth: int) -> None:
    assert NOISE_MM > 2 * 12
    assert new_mm(curves_of([depth + one for one in noise]), 0, len(noise) - 1) == 0


@pytest.mark.parametrize("seed", range(5))
def test_two_centimetres_of_noise_add_at_most_a_centimetre_and_a_half_a_day(seed: int) -> None:
    days, chance = 8, np.random.default_rng(seed)
    noise = chance.uniform(-20, 20, (20, days * DAY)).round().astype(int)
    curves = curves_of(*(500 + noise).tolist())
    for row in range(len(noise)):
        added = new_mm(curves, 0, days * DAY - 1, sensor=row)
        assert added is not None
        assert added <= 15 * days


@given(st.lists(st.integers(0, 30), min_size=2, max_size=200))
def test_settling_and_melting_take_nothing_away(falls: list[int]) -> None:
    assert new_mm(curves_of((9_000 - np.cumsum(falls)).tolist()), 0, len(falls) - 1) == 0


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("millimetres", [100, 300])
def test_a_snowfall_under_noise_is_found_to_two_centimetres_and_a_half(millimetres: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    fallen = np.clip((np.arange(DAY) - 50) / 36, 0, 1) * millimetres
    series = [(400 + fallen + chance.uniform(-20, 20, DAY)).round().astype(int).tolist() for _ in range(20)]
    curves = curves_of(*series)
    for row in range(len(series)):
        found = new_mm(curves, 40, 96, sensor=row)
        assert found is not None
        assert abs(found - millimetres) <= 25


def test_snow_that_comes_in_two_falls_with_settling_between_counts_both() -> None:
    up, down = [300 + 10 * step for step in range(13)], [420 - 5 * step for step in range(13)]
    again = [360 + 10 * step for step in range(13)]
    depths = [300] * 10 + up + [420] * 10 + down + [360] * 10 + again + [480] * 10
    assert new_mm(curves_of(depths), 0, len(depths) - 1) == 240


def test_a_rise_that_is_seen_late_belongs_to_the_time_in_which_it_rose() -> None:
    """A millimetre each ten minutes is nothing at first; in the end, it was snow all the time."""
    depths: list[Depth] = [500 + step for step in range(120)]
    early, later = curves_of(depths[:20]), curves_of(depths)
    assert new_mm(early, 5, 15) == 0
    assert new_mm(later, 5, 15) in (9, 10)


def test_a_hole_longer_than_a_gap_is_not_known_and_a_shorter_one_is_bridged() -> None:
    for hole, known in ((GAP_STEPS - 1, True), (GAP_STEPS, False)):
        depths: list[Depth] = [300] * 20 + [None] * hole + [500] * 20
        assert (new_mm(curves_of(depths), 5, 30 + hole) is not None) is known
        assert new_mm(curves_of(depths), 5, 15) == 0
        assert new_mm(curves_of(depths), 25 + hole, 30 + hole) in (0, 1)


def test_what_rose_in_a_gap_is_not_counted_behind_it() -> None:
    depths: list[Depth] = [300] * 20 + [None] * 30 + [500] * 20
    assert new_mm(curves_of(depths), 50, 69) == 0
    assert rises(depths) == []


def test_a_rise_that_a_gap_interrupts_is_not_gone_on_with_behind_it() -> None:
    depths: list[Depth] = [*(300 + 10 * step for step in range(20)), *[None] * 30, *[900] * 10, *[910] * 10]
    assert new_mm(curves_of(depths), 50, 69) == 0


def test_a_rise_counts_when_it_reaches_the_floor() -> None:
    for rise, counted in ((NOISE_MM - 1, 0), (NOISE_MM, NOISE_MM)):
        assert new_mm(curves_of([300] * 20 + [300 + rise] * 20), 0, 39) == counted


def test_what_begins_in_a_gap_is_not_known_and_what_ends_where_one_is_bridged_is() -> None:
    depths: list[Depth] = [300] * 20 + [None] * 30 + [300] * 20 + [None] * (GAP_STEPS - 1) + [300] * 5
    curves = curves_of(depths)
    assert [new_mm(curves, begin, 60) for begin in (48.5, 49, 49.5, 50)] == [None, None, None, 0]
    assert new_mm(curves, 55, 75) == 0
    assert new_mm(curves, 10, 25) is None


def test_the_last_reading_stands_for_now_up_to_a_gap() -> None:
    curves = curves_of([300 + step * 10 for step in range(20)] + [None] * 40)
    assert new_mm(curves, 10, 19) == new_mm(curves, 10, 19 + GAP_STEPS)
    assert new_mm(curves, 10, 20 + GAP_STEPS) is None
    assert new_mm(curves, 19 + GAP_STEPS, 19 + GAP_STEPS) == 0


def test_a_sensor_that_reads_by_the_hour_tells_as_well() -> None:
    by_the_hour: list[Depth] = [300 + 5 * step if step % 6 == 0 else None for step in range(61)]
    assert new_mm(curves_of(by_the_hour), 6, 54) == 240
    assert new_mm(curves_of(by_the_hour), 9, 12) == 15


def test_many_are_asked_as_one_would_be() -> None:
    curves = curves_of([300 + 10 * step for step in range(50)], [None] * 50, [300] * 50)
    sensors = np.array([0, 1, 2, 0])
    begins = np.array([at(10), at(10), at(10), ABSENT_64])
    found = curves.new_mm(sensors, begins, np.full(4, at(20)))
    assert found.tolist() == [100, ABSENT_32, 0, ABSENT_32]
    assert found.dtype == np.int32


def test_no_sensor_at_all_has_curves_too() -> None:
    curves = make_curves(Grid(start_us=0, steps=10), np.zeros((0, 10), np.int32))
    nobody = np.zeros(0, np.int64)
    assert len(curves.new_mm(nobody, nobody, nobody)) == 0
