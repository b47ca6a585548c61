"""What each pass covers anew, millimetre by millimetre."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.indicators.newly import newly_covered
from snowtrack.model.passes import PassBatch

LENGTH_MM = 12


@st.composite
def a_pass(draw: st.DrawFn) -> tuple[int, ...]:
    from_mm = draw(st.integers(0, LENGTH_MM + 2))
    to_mm = draw(st.integers(from_mm + 1, LENGTH_MM + 4))
    started = draw(st.integers(0, 4))
    device = draw(st.integers(1, 2))
    return device, draw(st.integers(1, 3)), 0, from_mm, to_mm, started, started + draw(st.integers(0, 3)), 0, 0, 900, 0


def slowly(rows: list[tuple[int, ...]], needed: int) -> dict[tuple[int, ...], int]:
    """Of each different pass, by laying one after the other."""
    counts: dict[tuple[int, int], int] = {}
    found = {}
    for row in sorted(set(rows), key=lambda row: (row[6], row[5], row[0], row[3], row[4])):
        found[row] = 0
        for at in range(row[3], min(row[4], LENGTH_MM)):
            counts[row[1], at] = counts.get((row[1], at), 0) + 1
            found[row] += counts[row[1], at] == needed
    return found


def quickly(rows: list[tuple[int, ...]], needed: int) -> list[int]:
    passes = PassBatch.from_rows(rows)
    lengths, needs = np.full(len(rows), LENGTH_MM, np.int32), np.full(len(rows), needed, np.int8)
    found: list[int] = newly_covered(passes, passes.segment_id, lengths, needs).tolist()
    return found


@given(st.lists(a_pass(), max_size=14), st.integers(1, 3))
def test_it_is_what_one_finds_by_laying_one_pass_after_the_other(rows: list[tuple[int, ...]], needed: int) -> None:
    expected = slowly(rows, needed)
    told: dict[tuple[int, ...], int] = {}
    for row, new_mm in zip(rows, quickly(rows, needed), strict=True):
        told[row] = told.get(row, 0) + new_mm
    assert told == expected


@given(st.lists(a_pass(), unique=True, max_size=14), st.data())
def test_the_order_of_rows_makes_no_difference(rows: list[tuple[int, ...]], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(rows))
    assert dict(zip(shuffled, quickly(shuffled, 1), strict=True)) == dict(zip(rows, quickly(rows, 1), strict=True))


def test_nothing_comes_of_nothing() -> None:
    assert quickly([], 1) == []
