"""Rows of many owners grow and are forgotten, and each owner reads its own."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ploughsim.world.timetable import Timetable

NUMBER = np.dtype([("value", np.int64)])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 3), st.integers(0, 900)),
        st.tuples(st.just("drop"), st.integers(0, 3), st.integers(0, 900)),
    ),
    max_size=40,
)


@given(STEPS)
def test_each_owner_has_what_it_was_given_and_did_not_drop(steps: list[tuple[str, int, int]]) -> None:
    table, expected, value = Timetable(NUMBER, 4), [list[int]() for _ in range(4)], 0
    for step, owner, count in steps:
        if step == "add":
            rows = np.zeros(count, NUMBER)
            rows["value"] = np.arange(value, value + count)
            table.add(owner, rows)
            expected[owner] += range(value, value + count)
            value += count
        else:
            first = table.pool.first.copy()
            first[owner] += count
            table.drop(first)
            expected[owner] = expected[owner][count:]
        for number in range(4):
            assert table.of(number)["value"].tolist() == expected[number]


def test_memory_follows_what_is_kept() -> None:
    table = Timetable(NUMBER, 2)
    for _ in range(2_000):
        table.add(0, np.zeros(100, NUMBER))
        table.drop(table.pool.stop - 50)
    assert len(table.pool.rows) < 5_000
