"""How a day was spent: the parts add up to the whole, also over midnight."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.calendar import DAY_US, day_range_us
from snowtrack.model.work import Activity, ActivityBatch, Evidence
from snowtrack.reports.timeline import GAP_US, Timeline, make_timeline
from tests.oracles.batches import batch_of
from tests.oracles.workdays import spent

SECOND = 1_000_000
MINUTE = 60 * SECOND
DAY = day_range_us(date(2026, 1, 15))
NEXT_DAY = (DAY[1], DAY[1] + DAY_US)
Drawn = tuple[int, int, Activity, int]

# What was not seen before a span, how long the span is, what the machine did, and how far it drove.
SPANS = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 0, 0, 1, SECOND, 59 * SECOND, MINUTE, MINUTE + 1, 61 * SECOND, 500 * SECOND]),
        st.one_of(st.integers(1, 3 * SECOND), st.sampled_from([SECOND, 300 * SECOND, 600 * SECOND])),
        st.sampled_from(Activity),
        st.integers(0, 10_000),
    ),
    max_size=30,
)


def spans_from(start_us: int, drawn: list[Drawn]) -> ActivityBatch:
    """One after the other; none crosses midnight, as none that is stored does."""
    rows, at_us = [], start_us
    for unseen_us, long_us, activity, driven_mm in drawn:
        at_us += unseen_us
        to_us = at_us + long_us
        if at_us < DAY[1] < to_us:
            rows.append(spent(at_us, DAY[1], activity, driven_mm=driven_mm))
            at_us = DAY[1]
        rows.append(spent(at_us, to_us, activity, driven_mm=driven_mm))
        at_us = to_us
    return batch_of(ActivityBatch, *rows)


def by_second(spans: ActivityBatch, day: tuple[int, int]) -> tuple[dict[Activity, int], int]:
    """Seconds by activity and unseen ones, each second as what was going on at its end."""
    seconds, unseen = dict.fromkeys(Activity, 0), 0
    begun = [(row[1] // SECOND, Activity(row[3])) for row in spans.rows()]
    ended = [(row[2], row[2] // SECOND) for row in spans.rows()]
    for at, (start_s, activity) in enumerate(begun):
        until_us, until_s = ended[at]
        if at + 1 < len(begun):
            next_us = int(spans.started_us[at + 1])
            hole_s = begun[at + 1][0] - until_s
            if next_us - until_us <= GAP_US:
                until_s += hole_s
            elif until_us < day[1] and next_us > day[0]:
                unseen += hole_s * (day[0] <= until_us and next_us < day[1])
        seconds[activity] += max(min(until_s, day[1] // SECOND) - max(start_s, day[0] // SECOND), 0)
    return seconds, unseen


def whole_s(timeline: Timeline | None) -> int:
    return 0 if timeline is None else sum(timeline.seconds.values()) + timeline.unseen_s


@given(SPANS, st.integers(DAY[0], DAY[1] - 60_000 * SECOND))
def test_the_parts_add_up_to_the_time_between_the_first_span_and_the_last(drawn: list[Drawn], start_us: int) -> None:
    spans = spans_from(start_us, drawn)
    timeline, (seconds, unseen) = make_timeline(spans, DAY), by_second(spans, DAY)
    if timeline is None:
        assert sum(seconds.values()) + unseen == 0
        return
    assert (timeline.seconds, timeline.unseen_s) == (seconds, unseen)
    assert whole_s(timeline) == (timeline.to_us - timeline.from_us) // SECOND
    assert timeline.from_us == int(spans.started_us[0]) // SECOND * SECOND
    assert timeline.to_us == int(spans.ended_us[-1]) // SECOND * SECOND
    assert timeline.driven_mm == spans.driven_mm.sum()
    assert timeline.worked_mm == spans.driven_mm[spans.activity == Activity.WORKING].sum()


@given(SPANS, st.integers(-1_200, 100))
def test_a_run_over_midnight_is_split_and_the_sums_still_agree(drawn: list[Drawn], before_s: int) -> None:
    spans = spans_from(DAY[1] + before_s * SECOND, drawn)
    evening, morning = make_timeline(spans, DAY), make_timeline(spans, NEXT_DAY)
    whole = make_timeline(spans, (DAY[0], NEXT_DAY[1]))
    parts = [one for one in (evening, morning) if one is not None]
    for kind in Activity:
        assert sum(one.seconds[kind] for one in parts) == (0 if whole is None else whole.seconds[kind])
    if whole is not None and len(parts) == 2:
        assert sum(one.driven_mm for one in parts) == whole.driven_mm
        assert sum(one.worked_mm for one in parts) == whole.worked_mm
    for one, (start_us, end_us) in ((evening, DAY), (morning, NEXT_DAY)):
        if one is not None:
            assert start_us <= one.from_us < one.to_us <= end_us
            assert whole_s(one) == (one.to_us - one.from_us) // SECOND
            assert all(start_us <= begins < ends < end_us for begins, ends in one.gaps)
            assert all(first[1] <= second[0] for first, second in pairwise(one.gaps))


def test_a_hole_is_named_with_its_times() -> None:
    start = DAY[0] + 10 * SECOND
    spans = [spent(start, start + MINUTE), spent(start + 121 * SECOND, start + 122 * SECOND, Activity.STANDBY)]
    timeline = make_timeline(batch_of(ActivityBatch, *spans), DAY)
    assert timeline is not None
    assert timeline.gaps == ((start + MINUTE, start + 121 * SECOND),)
    assert (timeline.unseen_s, timeline.seconds[Activity.WORKING], timeline.seconds[Activity.STANDBY]) == (61, 60, 1)


def test_a_short_hole_is_part_of_what_came_before_it() -> None:
    start = DAY[0] + 10 * SECOND
    spans = [spent(start, start + MINUTE), spent(start + 2 * MINUTE, start + 3 * MINUTE, Activity.STANDBY)]
    timeline = make_timeline(batch_of(ActivityBatch, *spans), DAY)
    assert timeline is not None
    assert (timeline.gaps, timeline.seconds[Activity.WORKING], timeline.seconds[Activity.STANDBY]) == ((), 120, 60)


def test_a_short_hole_over_midnight_belongs_to_both_days() -> None:
    spans = [spent(DAY[1] - MINUTE, DAY[1] - 20 * SECOND, driven_mm=9), spent(DAY[1] + 10 * SECOND, DAY[1] + MINUTE)]
    evening, morning = (make_timeline(batch_of(ActivityBatch, *spans), day) for day in (DAY, NEXT_DAY))
    assert evening is not None
    assert morning is not None
    assert (evening.to_us, evening.seconds[Activity.WORKING], evening.driven_mm) == (DAY[1], 60, 9)
    assert (morning.from_us, morning.seconds[Activity.WORKING], morning.driven_mm) == (DAY[1], 60, 0)


@pytest.mark.parametrize(
    ("evidence", "inferred"),
    [((Evidence.BLADE, Evidence.BLADE), False), ((Evidence.BLADE, Evidence.INFERRED), True)],
)
def test_a_day_of_which_any_time_was_inferred_says_so(evidence: tuple[Evidence, ...], inferred: bool) -> None:
    spans = [spent(DAY[0] + at * MINUTE, DAY[0] + at * MINUTE + MINUTE, evidence=by) for at, by in enumerate(evidence)]
    timeline = make_timeline(batch_of(ActivityBatch, *spans), DAY)
    assert timeline is not None
    assert timeline.inferred is inferred


def test_a_day_without_a_full_second_has_no_timeline() -> None:
    assert make_timeline(ActivityBatch.empty(), DAY) is None
    assert make_timeline(batch_of(ActivityBatch, spent(DAY[0] + 1, DAY[0] + SECOND - 1)), DAY) is None


@pytest.mark.parametrize("at_us", [DAY[0] - MINUTE, DAY[1]])
def test_another_day_has_no_timeline(at_us: int) -> None:
    assert make_timeline(batch_of(ActivityBatch, spent(at_us, at_us + MINUTE)), DAY) is None
