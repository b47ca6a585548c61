"""Spans against plain sets."""

from hypothesis import given
from hypothesis import strategies as st

from ploughsim.thin.spans import Spans

_NUMBERS = st.integers(0, 40)
_CHANGES = st.lists(st.tuples(st.booleans(), _NUMBERS, _NUMBERS), max_size=30)


@given(_CHANGES)
def test_spans_hold_what_a_set_holds_in_as_few_pieces_as_can_be(changes: list[tuple[bool, int, int]]) -> None:
    spans, oracle = Spans(), set[int]()
    for adds, start, stop in changes:
        if adds:
            spans.add(start, stop)
            oracle |= set(range(start, stop))
        else:
            spans.drop_below(start)
            oracle = {number for number in oracle if number >= start}
        assert bool(spans) == bool(oracle)
        if oracle:
            first = min(oracle)
            assert spans.first() == (first, next(number for number in range(first, 99) if number not in oracle))
    seen: set[int] = set()
    while spans:
        start, stop = spans.first()
        seen |= set(range(start, stop))
        spans.drop_below(stop)
    assert seen == oracle


def test_cleared_spans_are_empty() -> None:
    spans = Spans()
    spans.add(3, 5)
    spans.clear()
    assert not spans
