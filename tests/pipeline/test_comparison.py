"""Results before and after: cut into stretches that can be replaced alone, and counted row by row."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.passes import PassBatch
from snowtrack.model.tracks import TrackBatch
from snowtrack.model.work import Activity, ActivityBatch, Evidence, Work
from snowtrack.pipeline.comparison import Results, Tally, pairs
from tests.oracles.batches import batch_of

SPANS = st.tuples(st.integers(0, 60), st.integers(0, 9)).map(lambda span: (span[0], sum(span)))
PASSES = st.lists(st.tuples(SPANS, st.integers(1, 2), st.sampled_from(Work), st.integers(1, 3)), max_size=6)
ACTIVITIES = st.lists(st.tuples(SPANS, st.sampled_from(Activity)), max_size=4)
TRACKS = st.lists(SPANS, max_size=3)


def results(
    passes: list[tuple[tuple[int, int], int, Work, int]],
    activities: list[tuple[tuple[int, int], Activity]],
    tracks: list[tuple[int, int]],
) -> Results:
    return Results(
        passes=PassBatch.from_rows(
            [
                (7, segment, 1, 0, 1_000 * long, *span, work, Evidence.BLADE, 900, 0)
                for span, segment, work, long in passes
            ]
        ),
        activities=ActivityBatch.from_rows(
            [(7, *span, activity, Evidence.BLADE, 0, 0, 5) for span, activity in activities]
        ),
        tracks=TrackBatch.from_rows([(7, *span, 1, 0, 0, 0, 0, 0, 0) for span in tracks]),
    )


RESULTS = st.builds(results, PASSES, ACTIVITIES, TRACKS)


def gathered(parts: list[Results]) -> Counter[tuple[int, ...]]:
    return Counter(row for part in parts for rows in part.rows() for row in rows)


@given(RESULTS, RESULTS)
def test_each_row_is_in_one_stretch_and_none_crosses_an_edge(before: Results, after: Results) -> None:
    found = pairs(7, before, after)
    assert gathered([pair.before for pair in found]) == gathered([before])
    assert gathered([pair.after for pair in found]) == gathered([after])
    for pair in found:
        assert len(pair.before) + len(pair.after) > 0
        for side in (pair.before, pair.after):
            for start, end in side.spans():
                assert pair.stretch.from_us <= start < end <= pair.stretch.to_us + 1
    edges = [edge for pair in found for edge in (pair.stretch.from_us, pair.stretch.to_us)]
    assert edges == sorted(edges)
    assert all(one.stretch.to_us < other.stretch.from_us for one, other in pairwise(found))


@given(RESULTS, RESULTS)
def test_a_tally_adds_up(before: Results, after: Results) -> None:
    whole = Tally.of(before, after)
    assert whole.passes_after - whole.passes_before == whole.added - whole.removed
    same = sum((Counter(before.passes.rows()) & Counter(after.passes.rows())).values())
    assert same + whole.added + whole.changed == whole.passes_after == len(after.passes)
    assert same + whole.removed + whole.changed == whole.passes_before == len(before.passes)
    parts = sum((Tally.of(pair.before, pair.after) for pair in pairs(7, before, after)), Tally())
    assert parts == whole
    other = Tally.of(after, before)
    assert (other.added, other.removed, other.changed) == (whole.removed, whole.added, whole.changed)
    assert other.ploughed_mm_before == whole.ploughed_mm_after


@given(RESULTS)
def test_what_is_the_same_differs_in_nothing(one: Results) -> None:
    tally = Tally.of(one, one)
    assert (tally.added, tally.removed, tally.changed) == (0, 0, 0)
    assert tally.ploughed_mm_before == tally.ploughed_mm_after


def test_only_ploughing_has_a_length_and_only_work_has_hours() -> None:
    some = results(
        [((0, 5), 1, Work.PLOUGHING, 3), ((0, 5), 2, Work.SPREADING, 9)],
        [((0, 5), Activity.WORKING), ((5, 9), Activity.TRAVELLING)],
        [],
    )
    tally = Tally.of(some, Results())
    assert (tally.ploughed_mm_before, tally.working_us_before, tally.removed) == (3_000, 5, 2)
    assert (tally.ploughed_mm_after, tally.working_us_after, tally.passes_after) == (0, 0, 0)


def test_a_pass_at_the_same_time_on_the_same_road_is_a_changed_one() -> None:
    def one(start: int, end: int, segment: int = 1, work: Work = Work.PLOUGHING, long: int = 1) -> Results:
        return results([((start, end), segment, work, long)], [], [])

    def counted(before: Results, after: Results) -> tuple[int, int, int]:
        tally = Tally.of(before, after)
        return tally.added, tally.removed, tally.changed

    assert counted(one(0, 5), one(5, 9)) == (0, 0, 1)
    assert counted(one(0, 5), one(0, 5, long=2)) == (0, 0, 1)
    assert counted(one(0, 5), one(6, 9)) == (1, 1, 0)
    assert counted(one(0, 5), one(0, 5, segment=2)) == (1, 1, 0)
    assert counted(one(0, 5), one(0, 5, work=Work.SPREADING)) == (1, 1, 0)
    both = Results.concat([one(0, 5), one(7, 9)])
    assert counted(both, one(4, 8)) == (0, 1, 1)


def test_of_a_track_that_was_told_of_twice_the_last_word_counts() -> None:
    def told(started: int, fixes: int) -> Results:
        return Results(tracks=batch_of(TrackBatch, {"device": 7, "started_us": started, "fixes": fixes}))

    found = Results.concat([told(1, 5), told(9, 2), told(1, 8)])
    assert sorted(zip(found.tracks.started_us.tolist(), found.tracks.fixes.tolist(), strict=True)) == [(1, 8), (9, 2)]
