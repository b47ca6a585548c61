"""Paces of groups, bin by bin."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.indicators.pace import BIN_US, paces
from snowtrack.model.calendar import HOUR_US, SECOND_US
from snowtrack.model.passes import PassBatch

MINUTE_US = 60 * SECOND_US
START_US = 1_000_000 * BIN_US
LATER_US = START_US + 100 * BIN_US
Work = tuple[int, int, int, int, int]
"""Group, device, minute of the beginning, minutes it took, millimetres newly cleared."""


def found(*works: Work, now_us: int = LATER_US) -> list[tuple[int, int, int]]:
    rows = [
        (device, 1, 0, 0, 1, START_US + at * MINUTE_US, START_US + (at + took) * MINUTE_US, 0, 0, 900, 0)
        for _, device, at, took, _ in works
    ]
    group, new_mm = (np.array([work[place] for work in works], np.int64) for place in (0, 4))
    own = paces(PassBatch.from_rows(rows), group, new_mm, groups=3, now_us=now_us)
    return list(zip(own.slow_mm.tolist(), own.quick_mm.tolist(), own.bins.tolist(), strict=True))


def slowly(works: list[Work], now_us: int) -> list[tuple[int, int, int]]:
    """The same, said plainly."""
    told = []
    for group in range(3):
        bins: dict[int, dict[int, list[Work]]] = {}
        for work in works:
            number = (START_US + (work[2] + work[3]) * MINUTE_US) // BIN_US
            if work[0] == group and (number + 1) * BIN_US <= now_us:
                bins.setdefault(number, {}).setdefault(work[1], []).append(work)
        seen = []
        for machines in bins.values():
            minutes = sum(max(w[2] + w[3] for w in own) - min(w[2] for w in own) for own in machines.values())
            cleared = sum(w[4] for own in machines.values() for w in own)
            if minutes:
                seen.append(cleared * 60 // minutes)
        seen.sort()
        quarter = (len(seen) - 1) // 4
        told.append((seen[quarter], seen[-1 - quarter], len(seen)) if seen else (0, 0, 0))
    return told


def test_a_machine_that_clears_a_kilometre_in_ten_minutes_clears_six_in_an_hour() -> None:
    assert found((0, 1, 0, 9, 900_000))[0] == (6_000_000, 6_000_000, 1)


def test_the_time_between_its_passes_counts_and_that_before_them_does_not() -> None:
    assert found((0, 1, 4, 1, 100_000), (0, 1, 8, 1, 100_000))[0] == (2_400_000, 2_400_000, 1)


def test_two_machines_have_two_times() -> None:
    assert found((0, 1, 0, 5, 100_000), (0, 2, 0, 5, 100_000))[0] == (1_200_000, 1_200_000, 1)


def test_the_bin_that_is_not_over_is_left_out() -> None:
    work = (0, 1, 0, 9, 900_000)
    assert found(work, now_us=START_US + BIN_US)[0][2] == 1
    assert found(work, now_us=START_US + BIN_US - 1)[0] == (0, 0, 0)


def test_a_quarter_of_the_bins_is_slower_and_a_quarter_quicker() -> None:
    works = [(1, 1, 10 * at, 5, 10_000 * (at + 1)) for at in range(9)]
    slow, quick, bins = found(*works)[1]
    assert (slow, quick, bins) == (30_000 * 12, 70_000 * 12, 9)


def test_work_that_took_no_time_says_nothing_of_the_pace() -> None:
    assert found((0, 1, 3, 0, 900_000))[0] == (0, 0, 0)
    assert found() == [(0, 0, 0)] * 3


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2), st.integers(1, 3), st.integers(0, 60), st.integers(0, 12), st.integers(0, 2_000_000)
        ),
        max_size=20,
    ),
    st.integers(0, 80),
    st.data(),
)
def test_it_is_what_one_finds_bin_by_bin_in_whatever_order(
    works: list[Work], minutes: int, data: st.DataObject
) -> None:
    now_us = START_US + minutes * MINUTE_US
    assert found(*data.draw(st.permutations(works)), now_us=now_us) == slowly(works, now_us)


def test_a_whole_fleet_does_not_overflow() -> None:
    assert HOUR_US // BIN_US == 6
    works = [(0, device, 0, 9, 3_000_000) for device in range(2_000)]
    assert found(*works)[0] == (20_000_000, 20_000_000, 1)
