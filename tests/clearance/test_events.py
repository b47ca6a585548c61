"""Snow events by rule and by hand, whatever is known first."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.clearance.events import EntryKind, Event, EventEntry, Quiet, events
from snowtrack.model.calendar import HOUR_US

QUIET_H = 6
HOURS = st.lists(st.integers(0, 60), max_size=25)


def entry(number: int, kind: EntryKind, at_h: float, voids: int | None = None) -> EventEntry:
    return EventEntry(number=number, kind=kind, at_us=round(at_h * HOUR_US), reason="snow", by="Sato", voids=voids)


@st.composite
def entries(draw: st.DrawFn) -> list[EventEntry]:
    found: list[EventEntry] = []
    for number in range(1, draw(st.integers(0, 5)) + 1):
        kind = draw(st.sampled_from(EntryKind if found else [EntryKind.OPEN, EntryKind.CLOSE]))
        voids = draw(st.sampled_from(found)).number if kind is EntryKind.VOID else None
        found.append(entry(number, kind, draw(st.integers(0, 120)) / 2, voids))
    return found


def always_as_agreed(_at_us: int) -> int:
    return QUIET_H * HOUR_US


def spans(
    hours: list[int], decided: list[EventEntry] | None = None, *, now_h: float = 100
) -> list[tuple[float, float | None]]:
    found = events(
        [hour * HOUR_US for hour in hours], decided or [], now_us=round(now_h * HOUR_US), quiet_us=always_as_agreed
    )
    return [(one.start_us / HOUR_US, None if one.end_us is None else one.end_us / HOUR_US) for one in found]


def open_at(at_h: float, number: int = 1) -> EventEntry:
    return entry(number, EntryKind.OPEN, at_h)


def close_at(at_h: float, number: int = 1) -> EventEntry:
    return entry(number, EntryKind.CLOSE, at_h)


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ([], []),
        ([5], [(5, 6)]),
        ([5, 6, 8], [(5, 9)]),
        ([5, 11], [(5, 12)]),
        ([5, 12], [(5, 6), (12, 13)]),
        ([5, 11, 17, 30], [(5, 18), (30, 31)]),
    ],
)
def test_hours_with_less_than_the_agreed_quiet_between_them_are_one_event(
    hours: list[int], expected: list[tuple[float, float | None]]
) -> None:
    assert spans(hours) == expected


@pytest.mark.parametrize(("now_h", "end"), [(5.5, None), (11.9, None), (12, 6)])
def test_an_event_is_open_until_it_has_been_quiet_for_long_enough(now_h: float, end: float | None) -> None:
    assert spans([5], now_h=now_h) == [(5, end)]


def test_what_is_dated_in_the_future_does_not_count_yet() -> None:
    assert spans([5, 20], [open_at(21)], now_h=19) == [(5, 6)]


@pytest.mark.parametrize(
    ("hours", "decided", "expected"),
    [
        ([], [open_at(10)], [(10, 10)]),
        ([12], [open_at(10)], [(10, 13)]),
        ([5, 6, 7, 8], [open_at(6.5)], [(5, 6.5), (6.5, 9)]),
        ([5, 6, 7, 8], [close_at(6.5)], [(5, 6.5), (7, 9)]),
        ([5], [close_at(8)], [(5, 8)]),
        ([5], [close_at(30)], [(5, 6)]),
        ([5], [close_at(2)], [(5, 6)]),
        ([5, 6, 7], [close_at(6, 1), open_at(7, 2)], [(5, 6), (6, 7), (7, 8)]),
        ([5, 6, 7], [open_at(6, 1), entry(2, EntryKind.VOID, 9, voids=1)], [(5, 8)]),
        ([], [open_at(10, 1), close_at(10, 2)], []),
        ([5], [open_at(30)], [(5, 6), (30, 30)]),
        ([], [open_at(10, 1), open_at(10, 2)], [(10, 10)]),
    ],
)
def test_people_open_and_close_events(
    hours: list[int], decided: list[EventEntry], expected: list[tuple[float, float | None]]
) -> None:
    assert spans(hours, decided) == expected


def test_an_event_opened_by_hand_is_open_until_it_has_been_quiet_for_long_enough() -> None:
    assert spans([], [open_at(10)], now_h=15) == [(10, None)]
    assert spans([14], [open_at(10)], now_h=20) == [(10, None)]


def test_an_event_names_the_entries_that_it_goes_back_to() -> None:
    decided = [open_at(6.5, 1), close_at(9, 2)]
    found = events([5 * HOUR_US, 7 * HOUR_US], decided, now_us=100 * HOUR_US, quiet_us=always_as_agreed)
    assert [(one.opened, one.closed) for one in found] == [(None, None), (decided[0], decided[1])]


def longer_from(changed_h: int) -> Quiet:
    """From then on ten hours of quiet are agreed."""
    return lambda at_us: (QUIET_H if at_us < changed_h * HOUR_US else 10) * HOUR_US


@pytest.mark.parametrize(
    ("now_h", "expected"),
    [
        (100, [(5, 6), (14, 15), (30, 40)]),
        (47, [(5, 6), (14, 15), (30, None)]),
        (24, [(5, 6), (14, 15)]),
    ],
)
def test_how_much_quiet_ends_an_event_is_what_was_agreed_when_it_last_went_on(
    now_h: int, expected: list[tuple[float, float | None]]
) -> None:
    """What was agreed at hour 20 neither joins what was apart before, nor keeps open what had ended."""
    hours = [hour * HOUR_US for hour in (5, 14, 30, 39)]
    found = events(hours, [], now_us=now_h * HOUR_US, quiet_us=longer_from(20))
    assert [(one.start_us / HOUR_US, one.end_us and one.end_us / HOUR_US) for one in found] == expected


@given(HOURS, entries(), st.integers(20, 80))
def test_what_is_agreed_later_does_not_change_what_had_ended(
    hours: list[int], decided: list[EventEntry], changed_h: int
) -> None:
    past = [hour * HOUR_US for hour in hours if hour < changed_h - QUIET_H]
    known = [one for one in decided if one.at_us < (changed_h - QUIET_H) * HOUR_US]
    before = events(past, known, now_us=changed_h * HOUR_US, quiet_us=always_as_agreed)
    assert events(past, known, now_us=200 * HOUR_US, quiet_us=longer_from(changed_h)) == before


@given(HOURS, entries(), st.integers(0, 80), st.randoms(use_true_random=False))
def test_it_does_not_matter_what_is_known_first(
    hours: list[int], decided: list[EventEntry], now_h: int, chance: Random
) -> None:
    mixed = chance.sample(hours, len(hours)), chance.sample(decided, len(decided))
    assert spans(*mixed, now_h=now_h) == spans(hours, decided, now_h=now_h)
    assert spans([*hours, *hours], decided, now_h=now_h) == spans(hours, decided, now_h=now_h)


@given(HOURS, entries(), st.integers(0, 80))
def test_events_come_one_after_the_other_and_only_the_last_is_open(
    hours: list[int], decided: list[EventEntry], now_h: int
) -> None:
    found = spans(hours, decided, now_h=now_h)
    for (start, end), (next_start, _) in pairwise(found):
        assert end is not None
        assert start <= end <= next_start
        assert start < next_start
    assert all(start <= now_h for start, _ in found)


@given(HOURS, st.integers(0, 80))
def test_every_hour_with_work_is_part_of_an_event(hours: list[int], now_h: int) -> None:
    found: list[Event] = events(
        [hour * HOUR_US for hour in hours], [], now_us=now_h * HOUR_US, quiet_us=always_as_agreed
    )
    for hour in (hour * HOUR_US for hour in hours if hour <= now_h):
        assert any(one.start_us <= hour and (one.end_us is None or hour + HOUR_US <= one.end_us) for one in found)
