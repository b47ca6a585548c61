"""When a road may be done, from when its routes may be."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from snowtrack.indicators.expected import STEP_US, Expected, expected
from snowtrack.indicators.progress import Progress, Sure
from snowtrack.model.calendar import SECOND_US
from snowtrack.model.columns import ABSENT_64
from tests.clearance.worlds import FOOTWAY, LOCAL, MAIN, NOW_US, ONE_WAY
from tests.indicators.nights import progress_of, roads_of, route

FIRST, SECOND, DONE = 0, 1, 2
ROUTES = route((LOCAL, 0), (MAIN, 0), id_="1"), route((MAIN, 0), (ONE_WAY, 0), id_="2"), route((ONE_WAY, 0), id_="3")
ROADS = roads_of(*ROUTES)
NEVER = progress_of(*ROUTES)


def with_times(times: Mapping[int, tuple[int, int, Sure]]) -> Progress:
    """Routes that take from so many to so many seconds; of the others nobody can tell. The last one is done."""
    early_s, late_s, sure = NEVER.early_s.copy(), NEVER.late_s.copy(), NEVER.sure.copy()
    for place, (early, late, how) in times.items():
        early_s[place], late_s[place], sure[place] = early, late, how
    left_mm = NEVER.left_mm.copy()
    left_mm[DONE] = 0
    return replace(NEVER, early_s=early_s, late_s=late_s, sure=sure, left_mm=left_mm)


def of(segment: int, times: Mapping[int, tuple[int, int, Sure]]) -> Expected | None:
    return expected(ROADS, with_times(times), np.array([segment - 1]), NOW_US)


BOTH = {FIRST: (600, 1_200, Sure.HIGH), SECOND: (60, 4_000, Sure.LOW)}


@pytest.mark.parametrize(
    ("segment", "early_s", "late_s", "sure"),
    [(LOCAL, 600, 1_200, Sure.HIGH), (MAIN, 60, 4_000, Sure.LOW), (ONE_WAY, 60, 4_000, Sure.LOW)],
)
def test_of_all_routes_with_something_left_the_widest_range_and_the_least_sure(
    segment: int, early_s: int, late_s: int, sure: Sure
) -> None:
    found = of(segment, BOTH)
    assert found is not None
    early_us, late_us = NOW_US + early_s * SECOND_US, NOW_US + late_s * SECOND_US
    assert (found.early_us % STEP_US, found.late_us % STEP_US, found.sure) == (0, 0, sure)
    assert 0 <= early_us - found.early_us < STEP_US
    assert 0 <= found.late_us - late_us < STEP_US


def test_nothing_is_told_where_one_of_the_routes_cannot_tell() -> None:
    assert of(LOCAL, {SECOND: BOTH[SECOND]}) is None
    assert of(MAIN, {SECOND: BOTH[SECOND]}) is None
    assert of(ONE_WAY, {SECOND: (60, ABSENT_64, Sure.LOW)}) is None


def test_nothing_is_told_of_what_no_route_holds() -> None:
    assert of(FOOTWAY, BOTH) is None
    assert expected(ROADS, with_times(BOTH), np.empty(0, np.int64), NOW_US) is None
