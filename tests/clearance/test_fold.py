"""Passes to facts: a function of the set of passes, checked millimetre by millimetre."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.clearance.fold import PassRow, fold_segment
from snowtrack.model.passes import Evidence
from snowtrack.model.states import ANY_DIRECTION, DirectionFacts

LENGTH = 50
SEGMENT = 12


@st.composite
def passes(draw: st.DrawFn) -> PassRow:
    start = draw(st.integers(0, LENGTH - 1))
    started = draw(st.integers(0, 20))
    return (
        draw(st.integers(1, 3)),
        SEGMENT,
        draw(st.sampled_from([-1, 1])),
        start,
        draw(st.integers(start + 1, LENGTH)),
        started,
        draw(st.integers(started, 24)),
        0,
        draw(st.sampled_from(list(Evidence))),
    )


PASSES = st.lists(passes(), max_size=10)


def fold(rows: list[PassRow], *, both_ways: bool = False, done_permille: int = 900) -> list[DirectionFacts]:
    return fold_segment(rows, length_mm=LENGTH, both_ways=both_ways, done_permille=done_permille)


@given(PASSES, st.booleans(), st.randoms(use_true_random=False))
def test_the_order_of_the_passes_does_not_matter(rows: list[PassRow], both_ways: bool, random: Random) -> None:
    mixed = random.sample(rows, len(rows))
    assert fold(mixed, both_ways=both_ways) == fold(rows, both_ways=both_ways)


@given(PASSES, st.booleans(), st.integers(1, 1000))
def test_facts_against_a_map_of_every_millimetre(rows: list[PassRow], both_ways: bool, done_permille: int) -> None:
    found = {facts.direction: facts for facts in fold(rows, both_ways=both_ways, done_permille=done_permille)}
    assert found.keys() == ({row[2] for row in rows} if both_ways else {ANY_DIRECTION for _ in rows})
    for direction, facts in found.items():
        own = [row for row in rows if not both_ways or row[2] == direction]
        bitmap = [any(row[3] <= at < row[4] for row in own) for at in range(LENGTH)]
        assert [any(a <= at < b for a, b in facts.covered_mm) for at in range(LENGTH)] == bitmap
        assert facts.share_permille == sum(bitmap) * 1000 // LENGTH
        assert (facts.segment_id, facts.length_mm, facts.passes) == (SEGMENT, LENGTH, len(own))
        assert (facts.first_us, facts.last_us) == (min(row[5] for row in own), max(row[6] for row in own))
        assert facts.evidence == max(row[8] for row in own)
        assert facts.last_device in {row[0] for row in own if row[6] == facts.last_us}


@given(PASSES, st.integers(1, 1000))
def test_done_is_the_first_moment_at_which_enough_is_covered(rows: list[PassRow], done_permille: int) -> None:
    moments = [
        moment
        for moment in sorted(row[6] for row in rows)
        if sum(any(r[3] <= at < r[4] for r in rows if r[6] <= moment) for at in range(LENGTH)) * 1000
        >= done_permille * LENGTH
    ]
    found = fold(rows, done_permille=done_permille)
    assert [facts.done_us for facts in found] == ([moments[0] if moments else None] if rows else [])


@given(PASSES, passes())
def test_one_more_pass_never_takes_away(rows: list[PassRow], more: PassRow) -> None:
    before, after = fold(rows), fold([*rows, more])[0]
    for facts in before:
        assert facts.share_permille <= after.share_permille
        assert facts.last_us <= after.last_us


def test_no_passes_have_no_facts() -> None:
    assert fold([]) == []


@pytest.mark.parametrize(("to_mm", "share"), [(LENGTH, 1000), (LENGTH - 1, 980)])
def test_a_thousand_permille_means_all_of_it(to_mm: int, share: int) -> None:
    assert fold([(1, SEGMENT, 1, 0, to_mm, 0, 1, 0, 0)])[0].share_permille == share
