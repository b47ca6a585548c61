"""Spans against a plain set of names."""

from hypothesis import given
from hypothesis import strategies as st

from ploughsim.tracker.ring import Name
from ploughsim.tracker.spans import SPANS_MAX, Spans

_NAMES = st.tuples(st.integers(1, 3), st.integers(1, 12))
_ALL = [(boot, seq) for boot in range(1, 4) for seq in range(1, 13)]
_STEPS = st.lists(
    st.tuples(st.just("add"), _NAMES, _NAMES) | st.tuples(st.sampled_from(["drop_below", "drop_from"]), _NAMES, _NAMES)
)


def _in(spans: Spans) -> set[Name]:
    """Emptied from its beginning."""
    found: set[Name] = set()
    while spans:
        start, stop = spans.first()
        covered = {name for name in _ALL if start <= name < stop}
        assert start < stop
        assert not covered & found
        found |= covered
        spans.drop_below(stop)
    return found


@given(_STEPS)
def test_it_holds_what_was_added_and_not_dropped(steps: list[tuple[str, Name, Name]]) -> None:
    spans, expected = Spans(), set[Name]()
    for step, name, other in steps:
        if step == "add":
            spans.add(name, other)
            expected |= {one for one in _ALL if name <= one < other}
        elif step == "drop_below":
            spans.drop_below(name)
            expected = {one for one in expected if one >= name}
        else:
            spans.drop_from(name)
            expected = {one for one in expected if one < name}
        assert len(spans) <= len(expected)
        if expected:
            assert spans.first()[0] == min(expected)
            assert spans.last()[1] > max(expected)
    assert _in(spans) == expected


def test_beyond_its_bound_the_oldest_two_become_one() -> None:
    spans = Spans()
    for number in range(SPANS_MAX + 1):
        spans.add((1, 10 * number + 1), (1, 10 * number + 3))
    assert len(spans) == SPANS_MAX
    assert spans.first() == ((1, 1), (1, 13))
    assert spans.last() == ((1, 321), (1, 323))


def test_spans_that_touch_are_one() -> None:
    spans = Spans()
    for start, stop in ((1, 3), (5, 7), (3, 5)):
        spans.add((1, start), (1, stop))
    assert len(spans) == 1
    assert spans.first() == ((1, 1), (1, 7))


def test_cleared_it_holds_nothing() -> None:
    spans = Spans()
    spans.add((1, 1), (2, 1))
    spans.clear()
    assert len(spans) == 0
