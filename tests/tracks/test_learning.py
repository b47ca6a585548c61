"""Which stretches are computed again when a clock learns more: those of fixes that depend on it, and no others."""

import pytest

from snowtrack.model.calendar import DAY_US, HOUR_US, SECOND_US
from snowtrack.model.fixes import FixBatch
from snowtrack.model.tracks import DirtyStretch
from snowtrack.tracks.identity import BootId
from snowtrack.tracks.learning import learn
from snowtrack.tracks.sessions import BootClock
from tests.oracles.batches import batch_of
from tests.tracks.told import POWER_UP_US, Row, clocked, counted, fix, good, late, stating, void

ANNIVERSARY_US = 946_684_800 * SECOND_US


def told(*batches: list[Row]) -> list[list[DirtyStretch]]:
    """What each batch makes dirty."""
    clocks: dict[BootId, BootClock] = {}
    return [learn(clocks, batch_of(FixBatch, *batch)) for batch in batches]


def covers(stretches: list[DirtyStretch], at_us: int) -> bool:
    return any(stretch.from_us <= at_us <= stretch.to_us for stretch in stretches)


def test_a_plain_boot_makes_nothing_dirty_in_any_order() -> None:
    rows = [good(counted(second)) for second in range(1, 9)]
    assert told(*([row] for row in (*rows[4:], *rows[:4]))) == [[]] * 8


def test_void_fixes_make_nothing_dirty() -> None:
    rows = [[void(counted(1))], [void(stating(counted(2), ANNIVERSARY_US))], [good(counted(3))], [good(counted(4))]]
    assert told(*rows) == [[]] * 4


def test_a_sleeping_tracker_makes_nothing_dirty() -> None:
    rows = [good(counted(200 * n + 1, seq=n + 1, asleep_us=199 * n * SECOND_US)) for n in range(30)]
    assert told(*([row] for row in rows)) == [[]] * 30


def test_the_first_good_time_makes_dirty_what_leaned_on_it() -> None:
    *_, dirty = told([stating(counted(1), ANNIVERSARY_US)], [good(counted(2))])
    assert covers(dirty, POWER_UP_US + SECOND_US)
    assert {stretch.device for stretch in dirty} == {1}


def test_live_fixes_after_a_cold_start_make_nothing_dirty_any_more() -> None:
    first = [[stating(counted(1), ANNIVERSARY_US)], [good(counted(2))]]
    assert told(*first, *([good(counted(second))] for second in range(3, 20)))[2:] == [[]] * 17


@pytest.mark.parametrize("hours", [0, 13, 37, 70])
def test_a_wrong_day_that_rested_on_the_receipt_is_dirty_as_well_as_the_right_one(hours: int) -> None:
    undated = late(clocked(counted(1), POWER_UP_US + SECOND_US), hours * HOUR_US)
    *_, dirty = told([undated], [good(counted(2))])
    assert covers(dirty, POWER_UP_US + SECOND_US)
    assert covers(dirty, POWER_UP_US + SECOND_US + hours // 24 * DAY_US)


def test_what_comes_in_one_batch_with_all_that_places_it_makes_nothing_dirty() -> None:
    assert told([stating(counted(1), ANNIVERSARY_US), counted(2), good(counted(3))]) == [[]]


def test_an_earlier_receipt_makes_dirty_what_rests_on_receipts() -> None:
    quicker = told([late(counted(1), HOUR_US)], [late(counted(2), 2 * HOUR_US)], [counted(3)])
    assert [bool(dirty) for dirty in quicker] == [False, False, True]
    assert covers(quicker[2], POWER_UP_US + SECOND_US + HOUR_US)
    assert covers(quicker[2], POWER_UP_US + SECOND_US)


def test_an_excursion_that_is_found_out_is_dirty_where_it_was_and_where_it_is() -> None:
    wrong = [stating(counted(second), POWER_UP_US + second * SECOND_US - DAY_US) for second in (4, 5)]
    dirty = told(wrong, [good(counted(1))], [good(counted(9))])
    assert dirty[:2] == [[], []]
    for second in (4, 5):
        assert covers(dirty[2], POWER_UP_US + second * SECOND_US - DAY_US)
        assert covers(dirty[2], POWER_UP_US + second * SECOND_US)
    assert not covers(dirty[2], POWER_UP_US - HOUR_US)


def test_a_clock_found_to_be_ahead_makes_dirty_what_it_dated() -> None:
    backlog = [late(stating(counted(1), POWER_UP_US + SECOND_US + 2 * HOUR_US), 10 * HOUR_US)]
    live = [stating(counted(2), POWER_UP_US + 2 * SECOND_US + 2 * HOUR_US)]
    dirty = told(backlog, live)[1]
    assert covers(dirty, POWER_UP_US + SECOND_US + 2 * HOUR_US)
    assert covers(dirty, POWER_UP_US + SECOND_US)


def test_without_uptime_the_first_date_makes_dirty_what_waited_for_it() -> None:
    for first in (clocked(fix(1, POWER_UP_US), POWER_UP_US), stating(fix(1, POWER_UP_US), POWER_UP_US % DAY_US)):
        dirty = told([first], [good(fix(2, POWER_UP_US + SECOND_US))])
        assert dirty[0] == []
        assert covers(dirty[1], POWER_UP_US)


def test_without_uptime_a_date_nearer_by_makes_dirty_what_went_by_another() -> None:
    asking = late(clocked(fix(5, POWER_UP_US + DAY_US), POWER_UP_US + DAY_US), 2 * DAY_US)
    dirty = told([asking, good(fix(1, POWER_UP_US))], [good(fix(4, POWER_UP_US + DAY_US - HOUR_US))])[1]
    assert covers(dirty, POWER_UP_US)
    assert covers(dirty, POWER_UP_US + DAY_US)


def test_without_uptime_dates_that_come_in_order_make_nothing_dirty() -> None:
    rows: list[list[Row]] = [[good(fix(1, POWER_UP_US))]]
    for hour in range(1, 6):
        at_us = POWER_UP_US + hour * HOUR_US
        rows += [[good(fix(2 * hour, at_us))], [clocked(fix(2 * hour + 1, at_us), at_us)]]
    assert told(*rows) == [[]] * 11


def test_fixes_without_numbers_teach_nothing() -> None:
    clocks: dict[BootId, BootClock] = {}
    assert learn(clocks, batch_of(FixBatch, {"device": 1, "time_us": 1, "received_us": 1, "remarks": 0})) == []
    assert learn(clocks, FixBatch.empty()) == []
    assert not clocks
