"""Hours of snow: by the scalar rules, and the same whenever and within whatever they are looked at."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from snowtrack.model.calendar import DAY_US, HOUR_US
from snowtrack.model.columns import ABSENT_32
from snowtrack.snow.hours import AFTER_US, BEFORE_US, SNOWING_MM, day_of, snow_hours
from snowtrack.snow.series import STEP_US, Grid, grid_of_days
from snowtrack.snow.watching import Watched
from tests.oracles.snow import new_snow_mm
from tests.snow.depths import Depth, sensor, walks

DAY = 1_768_003_200_000_000  # nine in the morning in Japan, 2026-01-10
A_DAY = DAY_US // STEP_US
S1 = sensor("s1", 36.7, 136.7)
WALKS = walks(length=4 * A_DAY)


def watched(depths: Sequence[Depth], begin_us: int, grid: Grid) -> Watched:
    """One sensor that told so from then on, of which the grid has what it reaches."""
    told = Watched.on(grid, [S1])
    at_us = begin_us + np.arange(len(depths)) * STEP_US
    first = (begin_us - grid.start_us) // STEP_US
    for step, depth in enumerate(depths, first):
        if 0 <= step < grid.steps and depth is not None:
            told.depth_mm[0, step] = depth
    told.latest_us[0] = at_us[-1]
    return told.with_curves()


def grid_from(days_before: int, days: int) -> Grid:
    return Grid(start_us=DAY - days_before * DAY_US, steps=days * A_DAY + 1)


@given(WALKS, st.integers(0, 48))
def test_hours_of_snow_are_those_of_the_scalar_rules(depths: list[Depth], hours_later: int) -> None:
    """From two days before the day to a day beyond it."""
    now_us = DAY + hours_later * HOUR_US + 17
    whole = depths + [None] * (4 * A_DAY - len(depths))
    expected = []
    for hour in range(min(24, hours_later)):
        begin = 2 * A_DAY + hour * 6
        fell = new_snow_mm(whole, begin, begin + 6)
        assume(fell is None or abs(fell - SNOWING_MM + 0.5) > 1e-6)
        expected += [DAY + hour * HOUR_US] if fell is not None and fell >= SNOWING_MM - 0.5 else []
    assert snow_hours(watched(depths, DAY - BEFORE_US, grid_from(2, 4)), DAY, now_us) == expected


@given(WALKS, walks(), walks(), st.integers(3, 9), st.integers(3, 9))
def test_what_is_further_away_changes_no_hour(
    depths: list[Depth], before: list[Depth], beyond: list[Depth], days_before: int, days_beyond: int
) -> None:
    near = watched(depths, DAY - BEFORE_US, grid_from(2, 4))
    far = watched(depths, DAY - BEFORE_US, grid_from(days_before, days_before + days_beyond))
    middle = far.grid.nearest(np.array([DAY - BEFORE_US, DAY + DAY_US + AFTER_US])).tolist()
    for place, others in ((middle[0] - len(before), before), (middle[1], beyond)):
        told = [ABSENT_32 if depth is None else depth for depth in others]
        far.depth_mm[0, place : place + len(told)] = told
    now_us = DAY + 9 * DAY_US
    assert snow_hours(far, DAY, now_us) == snow_hours(near, DAY, now_us)


@pytest.mark.parametrize("days_later", range(7))
def test_a_rise_over_the_beginning_of_a_day_stays_what_it_was(days_later: int) -> None:
    """From six to ten in the morning in Japan; at nine a day of UTC begins, and with it the grid of a later day."""
    morning = [300] * 60 + [300 + 5 * step for step in range(24)] + [420] * 1_200
    begin_us = DAY - 3 * HOUR_US - 60 * STEP_US
    found = set()
    for now_us in (DAY + 2 * HOUR_US + days_later * DAY_US, DAY - 1 + (days_later + 1) * DAY_US):
        told = watched(morning, begin_us, grid_of_days(now_us, 8))
        found.add(tuple(snow_hours(told, DAY, now_us)))
    assert found == {(DAY,)}


def test_what_the_grid_does_not_reach_is_not_said() -> None:
    with pytest.raises(ValueError, match="the grid begins later"):
        snow_hours(watched([300] * A_DAY, DAY, grid_from(1, 4)), DAY, DAY + DAY_US)


def test_without_a_sensor_there_is_no_hour_of_snow() -> None:
    assert snow_hours(Watched.on(grid_from(2, 4), []), DAY, DAY + DAY_US) == []


def test_days_begin_at_midnight_utc() -> None:
    assert [day_of(time_us) for time_us in (DAY - 1, DAY, DAY + DAY_US - 1)] == [DAY - DAY_US, DAY, DAY]
