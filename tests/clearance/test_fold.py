"""Passes to facts: a function of the set of passes, checked millimetre by millimetre."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.clearance.fold import fold
from snowtrack.clearance.segments import Segments
from snowtrack.model.columns import ABSENT_8, ABSENT_32, ABSENT_64
from snowtrack.model.passes import PassBatch
from snowtrack.model.states import ANY_DIRECTION, StateBatch, States
from snowtrack.model.work import Evidence, Work
from tests.oracles.folding import Folded, PassRow, Way, fold_slowly

LENGTH = 40
WAYS = st.builds(
    Way,
    length_mm=st.sampled_from([1, 7, LENGTH]),
    both_ways=st.booleans(),
    needed=st.integers(1, 3),
    done_permille=st.sampled_from([1, 500, 900, 1000]),
)
TOWNS = st.dictionaries(st.sampled_from([3, 4, 9]), WAYS, min_size=1)


@st.composite
def passes(draw: st.DrawFn) -> PassRow:
    """Also on segments that are not of the network, and beyond their ends."""
    start, started = draw(st.integers(-5, LENGTH)), draw(st.integers(0, 8))
    return (
        draw(st.integers(1, 3)),
        draw(st.sampled_from([3, 4, 8, 9])),
        draw(st.sampled_from([-1, 0, 1])),
        start,
        draw(st.integers(start + 1, LENGTH + 5)),
        started,
        draw(st.integers(started, 10)),
        draw(st.sampled_from([Work.PLOUGHING, Work.PLOUGHING, Work.SPREADING])),
        draw(st.sampled_from(list(Evidence))),
        draw(st.integers(0, 1000)),
        draw(st.sampled_from([ABSENT_32, 5])),
    )


PASSES = st.lists(passes(), max_size=14)
COLUMNS = list(StateBatch.dtypes())


def segments(ways: dict[int, Way]) -> Segments:
    ids = sorted(ways)
    own = [ways[id_] for id_ in ids]
    return Segments(
        segment_id=np.array(ids, np.int64),
        row=np.arange(len(ids)),
        length_mm=np.array([way.length_mm for way in own], np.int32),
        done_permille=np.array([way.done_permille for way in own], np.int16),
        needed=np.array([way.needed for way in own], np.int8),
        both_ways=np.array([way.both_ways for way in own], np.bool_),
    )


def as_rows(states: States) -> list[Folded]:
    return [Folded(row, states.covered.of(at)) for at, row in enumerate(states.facts.rows())]


def folded(rows: list[PassRow], ways: dict[int, Way]) -> list[Folded]:
    return as_rows(fold(PassBatch.from_rows(rows), segments(ways)))


@given(PASSES, TOWNS)
def test_facts_against_a_map_of_every_millimetre(rows: list[PassRow], ways: dict[int, Way]) -> None:
    assert folded(rows, ways) == fold_slowly(rows, ways)


@given(PASSES, TOWNS, st.randoms(use_true_random=False))
def test_the_order_of_the_passes_does_not_matter(rows: list[PassRow], ways: dict[int, Way], chance: Random) -> None:
    assert folded(chance.sample(rows, len(rows)), ways) == folded(rows, ways)


@given(PASSES, TOWNS)
def test_the_same_pass_twice_is_one(rows: list[PassRow], ways: dict[int, Way]) -> None:
    assert folded([*rows, *rows], ways) == folded(rows, ways)


@given(PASSES, TOWNS)
def test_segments_folded_together_are_as_each_by_itself(rows: list[PassRow], ways: dict[int, Way]) -> None:
    alone = [folded(rows, {id_: way}) for id_, way in sorted(ways.items())]
    assert folded(rows, ways) == [one for part in alone for one in part]


@given(PASSES, passes(), TOWNS)
def test_one_more_pass_never_takes_away(rows: list[PassRow], more: PassRow, ways: dict[int, Way]) -> None:
    after = {one.facts[:2]: one.facts for one in folded([*rows, more], ways)}
    for one in folded(rows, ways):
        for column in ("covered_mm", "passes", "last_us", "fresh_us", "spread_us", "spreads"):
            at = COLUMNS.index(column)
            assert one.facts[at] <= after[one.facts[:2]][at]


def one_pass(*, ended_us: int = 10, to_mm: int = LENGTH, work: Work = Work.PLOUGHING, device: int = 1) -> PassRow:
    return (device, 3, 1, 0, to_mm, 0, ended_us, work, Evidence.BLADE, 800, ABSENT_32)


def test_no_passes_have_no_facts() -> None:
    assert folded([], {3: Way(length_mm=LENGTH)}) == []


def test_spreading_alone_is_not_ploughing() -> None:
    (one,) = folded([one_pass(work=Work.SPREADING, ended_us=7)], {3: Way(length_mm=LENGTH)})
    nothing = (ABSENT_64, ABSENT_64, ABSENT_64, ABSENT_64, ABSENT_8, 0, ABSENT_32)
    assert one.facts == (3, ANY_DIRECTION, LENGTH, 0, 0, *nothing, 7, 1)
    assert one.covered == ()


@pytest.mark.parametrize(("times", "done_us", "fresh_us"), [
    ((10,), ABSENT_64, ABSENT_64),
    ((10, 20), 20, 10),
    ((10, 20, 30), 20, 20),
    ((10, 20, 30, 40), 20, 30),
])  # fmt: skip
def test_a_road_that_needs_two_passes_is_done_by_the_second_and_as_fresh_as_the_last_but_one(
    times: tuple[int, ...], done_us: int, fresh_us: int
) -> None:
    (one,) = folded([one_pass(ended_us=at) for at in times], {3: Way(length_mm=LENGTH, needed=2)})
    assert one.facts[7:9] == (done_us, fresh_us)


@pytest.mark.parametrize("confidences", [(300, 900), (900, 300)])
def test_what_was_covered_twice_is_as_sure_as_the_surer_of_the_two(confidences: tuple[int, int]) -> None:
    rows: list[PassRow] = [
        (1, 3, 1, 0, LENGTH, 0, 10 + at, 0, 0, sure, ABSENT_32) for at, sure in enumerate(confidences)
    ]
    (one,) = folded(rows, {3: Way(length_mm=LENGTH)})
    assert one.facts[10] == 900


def test_two_machines_one_behind_the_other_are_two_passes() -> None:
    (one,) = folded([one_pass(device=1), one_pass(device=2)], {3: Way(length_mm=LENGTH, needed=2)})
    assert one.facts[3:5] == (LENGTH, 2)


def piece(from_mm: int, to_mm: int, *, evidence: Evidence = Evidence.BLADE, ended_us: int = 10) -> PassRow:
    return (1, 3, 1, from_mm, to_mm, 0, ended_us, Work.PLOUGHING, evidence, 800, ABSENT_32)


@pytest.mark.parametrize(
    ("pieces", "passes"),
    [
        ([(0, 10), (12, 20), (25, 40)], 1),
        ([(0, 10), (12, 20), (25, 40), (0, 40)], 2),
        ([(0, 10), (10, 20), (8, 12)], 2),
        ([(-9, 0), (40, 45)], 0),
    ],
)
def test_a_drive_whose_blade_was_lifted_is_one_pass(pieces: list[tuple[int, int]], passes: int) -> None:
    (one,) = folded([piece(*span) for span in pieces], {3: Way(length_mm=LENGTH)})
    assert one.facts[4] == passes


@pytest.mark.parametrize(
    ("pieces", "evidence"),
    [
        ([piece(0, 40), piece(0, 5, evidence=Evidence.INFERRED)], Evidence.BLADE),
        ([piece(0, 36), piece(36, 40, evidence=Evidence.INFERRED)], Evidence.BLADE),
        ([piece(0, 35), piece(35, 40, evidence=Evidence.INFERRED)], Evidence.INFERRED),
        ([piece(0, 9), piece(9, 10, evidence=Evidence.INFERRED)], Evidence.BLADE),
        ([piece(0, 9), piece(9, 11, evidence=Evidence.INFERRED)], Evidence.INFERRED),
        ([piece(0, 30, evidence=Evidence.INFERRED), piece(30, 40, evidence=Evidence.REPORTED)], Evidence.REPORTED),
        ([piece(40, 45)], ABSENT_8),
    ],
)
def test_a_road_rests_on_the_evidence_that_does_for_enough_of_what_is_covered(
    pieces: list[PassRow], evidence: int
) -> None:
    (one,) = folded(pieces, {3: Way(length_mm=LENGTH)})
    assert one.facts[9] == evidence


def test_as_long_as_nothing_has_had_the_passes_that_it_needs_what_was_ploughed_says_by_what_evidence() -> None:
    once = [piece(0, 40, evidence=Evidence.INFERRED)]
    again = [*once, piece(0, 20, ended_us=20)]
    found = [folded(rows, {3: Way(length_mm=LENGTH, needed=2)})[0].facts for rows in (once, again)]
    assert [(facts[3], facts[9]) for facts in found] == [(0, Evidence.INFERRED), (20, Evidence.BLADE)]


def test_what_lies_before_a_segment_does_not_cover_it() -> None:
    (one,) = folded([piece(-30, 10)], {3: Way(length_mm=LENGTH)})
    assert (one.facts[3], one.covered) == (10, ((0, 10),))


def test_what_is_covered_of_one_segment_does_not_run_into_the_next() -> None:
    rows = [one_pass(to_mm=5), (1, 4, 1, 5, 9, 0, 10, Work.PLOUGHING, Evidence.BLADE, 800, ABSENT_32)]
    ways = {3: Way(length_mm=LENGTH), 4: Way(length_mm=LENGTH)}
    assert [one.covered for one in folded(rows, ways)] == [((0, 5),), ((5, 9),)]


def test_a_long_queue_of_passes_is_folded_as_a_short_one_is() -> None:
    rows: list[PassRow] = [
        (1 + at % 5, 3, 1, 0, 1 + at * 7919 % LENGTH, at % 7, 7 + at % 977, 0, at % 3, at * 31 % 1000, ABSENT_32)
        for at in range(3_000)
    ]
    ways = {3: Way(length_mm=LENGTH, needed=3)}
    assert folded(rows, ways) == fold_slowly(rows, ways)
