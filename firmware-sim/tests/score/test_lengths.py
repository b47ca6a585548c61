"""Lengths of sets of stretches, against a count of millimetres."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ploughsim.score.lengths import Stretches, measure

STRETCHES = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(1, 12)), max_size=12)


def as_arrays(rows: list[tuple[int, int, int]]) -> Stretches:
    table = np.array(rows, np.int64).reshape(-1, 3)
    return Stretches(table[:, 0], table[:, 1], table[:, 1] + table[:, 2])


def places(rows: list[tuple[int, int, int]]) -> set[tuple[int, int]]:
    return {(key, at) for key, start, length in rows for at in range(start, start + length)}


@given(STRETCHES, STRETCHES)
def test_each_place_counts_once(first: list[tuple[int, int, int]], second: list[tuple[int, int, int]]) -> None:
    one, other = places(first), places(second)
    assert measure(as_arrays(first), as_arrays(second)) == (len(one), len(other), len(one & other))
