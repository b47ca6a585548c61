"""Which readings can be believed, and how they come onto the grid."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.calendar import DAY_US, HOUR_US
from snowtrack.model.columns import ABSENT_32
from snowtrack.model.snow import Quality
from snowtrack.snow.series import DEPTH_MM, STEP_US, Grid, grid_of_days, judge, on_grid

START_US = 1_768_316_400_000_000
GOOD, RANGE, SPIKE = Quality.GOOD, Quality.OUT_OF_RANGE, Quality.SPIKE


def judged(depths: Sequence[int], every_us: int = STEP_US) -> list[Quality]:
    times = START_US + np.arange(len(depths)) * every_us
    return [Quality(one) for one in judge(times, np.array(depths, np.int32)).tolist()]


@pytest.mark.parametrize(
    ("depth", "quality"), [(-51, RANGE), (-50, GOOD), (10_000, GOOD), (10_001, RANGE), (-2_000_000_000, RANGE)]
)
def test_a_depth_has_a_range(depth: int, quality: Quality) -> None:
    assert judged([depth]) == [quality]


@pytest.mark.parametrize("place", range(9))
def test_a_leap_that_returns_is_a_spike_wherever_it_stands(place: int) -> None:
    depths = [300] * 9
    depths[place] = 700
    assert [at for at, one in enumerate(judged(depths)) if one is SPIKE] == [place]


@pytest.mark.parametrize("place", range(2, 6))
def test_two_that_leap_and_return_are_spikes(place: int) -> None:
    depths = [300] * 9
    depths[place : place + 2] = [900, 0]
    assert [at for at, one in enumerate(judged(depths)) if one is SPIKE] == [place, place + 1]


def test_a_leap_that_stays_is_believed_as_soon_as_a_second_reading_shares_it() -> None:
    assert judged([300, 300, 300, 700]) == [GOOD, GOOD, GOOD, SPIKE]
    assert judged([300, 300, 300, 700, 701]) == [GOOD] * 5
    assert judged([300, 300, 300, 700, 701, 702]) == [GOOD] * 6


def test_what_is_out_of_range_makes_nothing_else_a_spike() -> None:
    assert judged([300, 9_999_999, 300, -999_999, 300, 301]) == [GOOD, RANGE, GOOD, RANGE, GOOD, GOOD]


@given(st.lists(st.integers(0, 60), min_size=1, max_size=40), st.integers(0, 5_000))
def test_snow_that_only_grows_is_never_a_spike(growth: list[int], begin: int) -> None:
    assert set(judged((begin + np.cumsum(growth)).tolist())) == {GOOD}


def test_a_sensor_that_reads_by_the_hour_may_rise_as_much_as_it_snows_in_one() -> None:
    assert judged([300, 300, 300, 540], HOUR_US)[-1] is GOOD
    assert judged([300, 300, 300, 540])[-1] is SPIKE


@given(st.lists(st.integers(DEPTH_MM[0], DEPTH_MM[1]), max_size=12))
def test_nothing_in_range_is_judged_out_of_it(depths: list[int]) -> None:
    assert RANGE not in judged(depths)


def test_a_depth_comes_to_the_nearest_instant_and_several_by_their_median() -> None:
    grid = Grid(start_us=START_US, steps=4)
    minutes = np.array([-6, -5, 4, 5, 14, 15, 16, 30, 35])
    depths = np.array([1, 10, 20, 31, 30, 40, 50, 60, 70], np.int32)
    quality = np.zeros(9, np.int8)
    assert on_grid(grid, START_US + minutes * 60_000_000, depths, quality).tolist() == [15, 30, 45, 60]
    quality[[3, 5]] = SPIKE
    assert on_grid(grid, START_US + minutes * 60_000_000, depths, quality).tolist() == [15, 30, 50, 60]


def test_an_instant_without_a_good_reading_has_no_depth() -> None:
    grid = Grid(start_us=START_US, steps=3)
    nothing = np.zeros(0, np.int64)
    assert on_grid(grid, nothing, nothing.astype(np.int32), nothing.astype(np.int8)).tolist() == [ABSENT_32] * 3


@given(st.integers(10 * DAY_US, 2**52), st.integers(1, 9))
def test_one_grid_serves_a_day_and_the_days_before_it(now_us: int, days: int) -> None:
    grid = grid_of_days(now_us, days)
    assert grid.start_us <= now_us - days * DAY_US < grid.start_us + DAY_US
    assert grid.end_us > now_us
    assert grid_of_days(now_us - now_us % DAY_US, days) == grid
