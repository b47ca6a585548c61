"""Unions of intervals against a set of all the numbers in them."""

from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.intervals import Interval, total, union

NUMBERS = st.integers(-40, 40)
INTERVALS = st.lists(st.tuples(NUMBERS, NUMBERS), max_size=12)


def numbers_in(intervals: list[Interval]) -> set[int]:
    return {number for start, to in intervals for number in range(start, to)}


@given(INTERVALS)
def test_a_union_holds_exactly_the_numbers_of_its_parts(intervals: list[Interval]) -> None:
    joined = union(intervals)
    assert numbers_in(list(joined)) == numbers_in(intervals)
    assert total(joined) == len(numbers_in(intervals))


def test_touching_parts_are_joined() -> None:
    assert union([(3, 5), (0, 3), (6, 7), (7, 7)]) == ((0, 5), (6, 7))


@given(INTERVALS)
def test_a_union_is_in_order_without_empty_or_touching_parts(intervals: list[Interval]) -> None:
    joined = union(intervals)
    assert all(start < to for start, to in joined)
    assert all(before[1] < after[0] for before, after in pairwise(joined))


@given(INTERVALS, st.randoms(use_true_random=False))
def test_the_order_of_the_parts_does_not_matter(intervals: list[Interval], random: Random) -> None:
    mixed = sorted(intervals, key=lambda _: random.random())
    assert union(mixed) == union(intervals) == union(union(intervals))
