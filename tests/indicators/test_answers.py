"""What followed a call."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.indicators.answers import Answers, quantile
from snowtrack.model.columns import ABSENT_64

calls = st.lists(st.tuples(st.integers(-2, 3), st.integers(0, 30)), max_size=8)


@given(calls, st.lists(calls, max_size=3), st.integers(0, 12))
def test_it_is_the_first_of_the_same_key_from_then_on(
    asked: list[tuple[int, int]], portions: list[list[tuple[int, int]]], within: int
) -> None:
    answers = Answers([key for key, _ in asked], [at for _, at in asked], within_us=within)
    for portion in portions:
        answers.add(*(np.array([one[place] for one in portion], np.int64) for place in (0, 1)))
    expected = []
    for key, at in asked:
        later = [began - at for portion in portions for own, began in portion if own == key and began >= at]
        first = min(later, default=within + 1)
        expected.append(first if first <= within else ABSENT_64)
    assert answers.took_us.tolist() == expected
    assert answers.answered.tolist() == [took != ABSENT_64 for took in expected]


@given(st.lists(st.integers(0, 100), min_size=1, max_size=30), st.integers(1, 10))
def test_a_quantile_is_the_least_value_that_so_many_tenths_do_not_exceed(values: list[int], tenths: int) -> None:
    ordered = sorted(values)
    expected = next(one for one in ordered if sum(other <= one for other in ordered) * 10 >= tenths * len(ordered))
    assert quantile(np.array(ordered, np.int64), tenths) == expected
