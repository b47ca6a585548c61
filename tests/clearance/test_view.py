"""Segments as readers see them."""

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.clearance.view import Views, view
from snowtrack.model.policy import BUILT_IN
from snowtrack.model.states import LABELS, Label
from snowtrack.model.work import Evidence
from tests.clearance.worlds import (
    ALL,
    FOOTWAY,
    HOUR_US,
    LOCAL,
    MAIN,
    NETWORK,
    NOW_US,
    ONE_WAY,
    PREFECTURAL,
    TABLE,
    VIEWS,
    Drive,
    around,
    ledger_of,
    snowing,
    worked,
)

LATER_US = NOW_US + BUILT_IN.under_way_us + 1


def views_of(*passes: object, **told: object) -> Views:
    return view(ledger_of(*passes), ALL, around(**told), TABLE)  # type: ignore[arg-type]


def label_of(views: Views, segment: int) -> Label:
    return LABELS[int(views.label[segment - 1])]


@pytest.mark.parametrize(
    ("segment", "drives", "label", "share"),
    [
        (LOCAL, [(1, 0, 100)], Label.DONE, 100),
        (LOCAL, [(1, 0, 50), (-1, 50, 100)], Label.DONE, 100),
        (LOCAL, [(1, 0, 50)], Label.UNDER_WAY, 50),
        (ONE_WAY, [(1, 0, 100)], Label.DONE, 100),
        (FOOTWAY, [(-1, 0, 100)], Label.DONE, 100),
        (MAIN, [(1, 0, 100)], Label.PARTLY, 50),
        (MAIN, [(-1, 0, 100)], Label.PARTLY, 50),
        (MAIN, [(1, 0, 100), (-1, 0, 100)], Label.DONE, 100),
        (MAIN, [(1, 0, 100), (-1, 0, 50)], Label.UNDER_WAY, 75),
        (MAIN, [(0, 0, 100)], Label.NEVER, 0),
    ],
)
def test_label_and_share(segment: int, drives: list[Drive], label: Label, share: int) -> None:
    views = views_of(worked(segment, *drives))
    assert label_of(views, segment) is label
    assert share - 1 <= views.share[segment - 1] <= share
    others = np.flatnonzero(NETWORK.segment_id != segment)
    assert not views.take(others).differ(Views.untouched(len(others))).any()


def test_a_silent_device_makes_its_unfinished_segment_unknown_and_no_other() -> None:
    unfinished = worked(LOCAL, (1, 0, 50), device=7), worked(MAIN, (1, 0, 50), device=8)
    views = views_of(*unfinished, silent=(7,))
    assert [label_of(views, one) for one in (LOCAL, MAIN)] == [Label.UNKNOWN, Label.UNDER_WAY]


def test_a_closed_road_is_closed_whatever_was_done_on_it() -> None:
    views = views_of(worked(LOCAL, (1, 0, 100)), closed=(LOCAL, MAIN))
    assert [label_of(views, one) for one in (LOCAL, MAIN, FOOTWAY)] == [Label.CLOSED, Label.CLOSED, Label.NEVER]
    assert views.share[LOCAL - 1] == 100


def test_where_the_device_that_should_tell_is_silent_nobody_says_that_nothing_was_done() -> None:
    views = views_of(untold=(LOCAL,))
    assert [label_of(views, one) for one in (LOCAL, MAIN)] == [Label.UNKNOWN, Label.NEVER]


def test_snow_since_the_last_full_pass_counts_against_the_criterion_of_the_class() -> None:
    """Local roads bear 30 cm, main roads 10; a part that was ploughed again does not make the rest fresh."""
    three_hours_ago = NOW_US - 3 * HOUR_US
    passes = [
        worked(LOCAL, (1, 0, 100), ended_us=three_hours_ago),
        worked(MAIN, (1, 0, 100), (-1, 0, 100), ended_us=three_hours_ago),
        worked(MAIN, (1, 0, 50), ended_us=NOW_US - HOUR_US),
    ]
    views = views_of(*passes, fallen=snowing(40, LOCAL - 1, MAIN - 1))
    assert [label_of(views, one) for one in (LOCAL, MAIN)] == [Label.DONE, Label.SNOWED_OVER]
    again = views_of(*passes, worked(MAIN, (1, 50, 60)), fallen=snowing(40, LOCAL - 1, MAIN - 1))
    assert label_of(again, MAIN) is Label.UNDER_WAY
    dry = views_of(*passes, fallen=snowing(33, LOCAL - 1, MAIN - 1))
    assert label_of(dry, MAIN) is Label.DONE


def test_a_road_is_due_by_snow_since_the_event_began_where_that_is_measured_and_else_by_age() -> None:
    measured = snowing(60, MAIN - 1)
    begun_us = NOW_US - 2 * HOUR_US
    labels = {one: label_of(views_of(fallen=measured, event_us=begun_us), one) for one in (MAIN, PREFECTURAL)}
    assert labels == {MAIN: Label.DUE, PREFECTURAL: Label.NEVER}
    aged = views_of(event_us=NOW_US - 4 * HOUR_US - 1)
    assert [label_of(aged, one) for one in (MAIN, LOCAL)] == [Label.DUE, Label.NEVER]


def test_the_newest_time_the_weakest_evidence_and_the_mean_confidence_are_shown() -> None:
    half = worked(MAIN, (1, 0, 100), ended_us=NOW_US - 5, confidence=1000)
    other = worked(MAIN, (-1, 0, 50), ended_us=NOW_US, confidence=400)
    inferred = other.take(np.array([0]))
    inferred.evidence[:] = Evidence.INFERRED
    views = views_of(half, inferred)
    assert (views.at_us[MAIN - 1], views.evidence[MAIN - 1]) == (NOW_US, Evidence.INFERRED)
    assert views.confidence[MAIN - 1] in (79, 80)


def test_what_was_driven_against_a_road_does_not_count_twice_where_one_pass_is_enough() -> None:
    views = views_of(worked(LOCAL, (-1, 0, 100)), worked(ONE_WAY, (-1, 0, 50)))
    assert [int(views.share[one - 1]) for one in (LOCAL, ONE_WAY)] == [100, 50]


def test_work_is_under_way_until_it_was_long_enough_ago() -> None:
    half = worked(LOCAL, (1, 0, 50))
    assert label_of(views_of(half, now_us=LATER_US - 1), LOCAL) is Label.UNDER_WAY
    assert label_of(views_of(half, now_us=LATER_US), LOCAL) is Label.PARTLY


@given(
    st.lists(
        st.tuples(st.sampled_from([-1, 1]), st.integers(0, 99), st.integers(1, 100)).filter(lambda p: p[1] < p[2]),
        min_size=1,
        max_size=8,
    ),
    st.integers(1, 5),
)
def test_a_share_is_between_nothing_and_all(drives: list[Drive], segment: int) -> None:
    views = views_of(worked(segment, *drives), now_us=LATER_US)
    assert 0 <= views.share[segment - 1] <= 100
    assert label_of(views, segment) is not Label.DONE or views.share[segment - 1] >= 90


@given(st.lists(st.integers(0, len(NETWORK) - 1), unique=True))
def test_some_rows_read_as_they_do_among_all(rows: list[int]) -> None:
    ledger, told = ledger_of(worked(LOCAL, (1, 0, 100)), worked(MAIN, (1, 0, 50))), around(closed=(FOOTWAY,))
    chosen = np.array(rows, np.int64)
    assert view(ledger, chosen, told, TABLE).rows() == view(ledger, ALL, told, TABLE).take(chosen).rows()


@given(VIEWS)
def test_views_read_back_from_json(rows: list[tuple[int, ...]]) -> None:
    made = Views.from_rows(rows)
    ids = np.arange(10, 10 + len(rows))
    content = orjson.loads(orjson.dumps(made.as_json(ids)))
    assert [one["id"] for one in content] == ids.tolist()
    assert Views.from_json(content).rows() == made.rows()


@given(VIEWS, VIEWS)
def test_views_differ_where_a_reader_would_see_it(one: list[tuple[int, ...]], other: list[tuple[int, ...]]) -> None:
    count = min(len(one), len(other))
    found = Views.from_rows(one[:count]).differ(Views.from_rows(other[:count]))
    ids = np.zeros(count, np.int64)
    shown = [Views.from_rows(rows[:count]).as_json(ids) for rows in (one, other)]
    assert found.tolist() == [a != b for a, b in zip(*shown, strict=True)]


def test_views_that_are_replaced_stay_as_they_were() -> None:
    """A tile may be made of them in another thread."""
    before = Views.untouched(3)
    after = before.replaced(np.array([1]), Views.from_rows([(0, 7, 9, 0, 50)]))
    assert before.rows() == Views.untouched(3).rows()
    assert after.rows()[1] == (0, 7, 9, 0, 50)
    assert after.differ(before).tolist() == [False, True, False]
