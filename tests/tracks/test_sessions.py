"""The clock of a boot whose tracker counts milliseconds: which times are believed, and where that puts the others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.calendar import DAY_US, HOUR_US, SECOND_US
from snowtrack.model.fixes import FixBatch
from snowtrack.model.tracks import TimeTrust
from snowtrack.tracks.identity import BootId
from snowtrack.tracks.learning import learn
from snowtrack.tracks.sessions import BINS_MAX, HOURS_MAX, BootClock, Verdict, misplaced_spans
from tests.oracles.batches import batch_of
from tests.tracks.told import (
    ONE_BOOT,
    POWER_UP_US,
    Row,
    clocked,
    counted,
    fix,
    good,
    late,
    places,
    stating,
    trusts,
    void,
)

STATED, CORRECTED, DATED = TimeTrust.STATED, TimeTrust.CORRECTED, TimeTrust.DATED
RECEIVED, IMPLAUSIBLE, DISPUTED = TimeTrust.RECEIVED, TimeTrust.IMPLAUSIBLE, TimeTrust.DISPUTED
ANNIVERSARY_US = 946_684_800 * SECOND_US
MIDNIGHT_S = (DAY_US - POWER_UP_US % DAY_US) // SECOND_US


def off(row: Row, by_us: int) -> Row:
    """Wrong by so much."""
    return stating(row, row["received_us"] + by_us)


def seconds(*values: int) -> list[int]:
    return [value * SECOND_US for value in values]


def clock_of(*rows: Row) -> BootClock:
    clocks: dict[BootId, BootClock] = {}
    learn(clocks, batch_of(FixBatch, *rows))
    return clocks[ONE_BOOT]


def test_one_good_time_puts_everything_of_its_boot_right() -> None:
    rows = [
        counted(1),
        void(counted(2)),
        clocked(counted(3), POWER_UP_US + 3 * SECOND_US),
        stating(counted(4), ANNIVERSARY_US + 4 * SECOND_US),
        off(counted(5), 90 * DAY_US),
        good(counted(6)),
        void(off(counted(7), -DAY_US)),
        off(counted(8), -400 * DAY_US),
    ]
    trust = [CORRECTED, CORRECTED, DATED, CORRECTED, CORRECTED, STATED, CORRECTED, CORRECTED]
    assert places(*rows) == list(zip(seconds(*range(1, 9)), trust, strict=True))


def test_nothing_of_it_depends_on_when_it_was_received() -> None:
    rows = [
        counted(1),
        clocked(counted(2), POWER_UP_US + 2 * SECOND_US),
        good(counted(3)),
        off(counted(4), 90 * DAY_US),
    ]
    assert places(*(late(row, 70 * HOUR_US) for row in rows)) == places(*rows)


def test_a_time_of_day_within_a_minute_of_what_uptime_says_is_kept_to_the_microsecond() -> None:
    good_one = good(counted(1))
    for apart_us, instant in ((59 * SECOND_US, 61 * SECOND_US), (61 * SECOND_US, 2 * SECOND_US)):
        asking = clocked(counted(2), POWER_UP_US + 2 * SECOND_US + apart_us)
        assert places(good_one, asking)[1] == (instant, DATED if apart_us < 60 * SECOND_US else CORRECTED)


def test_far_from_the_time_that_set_it_a_crystal_may_have_drifted() -> None:
    """By a 5,000th: 17 seconds in a day."""
    first, day = good(counted(1)), counted(86_401, seq=2)
    for apart_s, trust in ((76, DATED), (79, CORRECTED)):
        assert trusts(first, clocked(day, POWER_UP_US + (86_401 + apart_s) * SECOND_US))[1] is trust


def test_the_time_of_day_of_a_wrong_date_is_kept_and_its_date_put_right() -> None:
    """Also across midnight: uptime says 23:59:59, the receiver 00:00:00."""
    rows = [good(counted(1)), counted(MIDNIGHT_S - 1, seq=2)]
    assert places(rows[0], stating(rows[1], ANNIVERSARY_US))[1] == (MIDNIGHT_S * SECOND_US, CORRECTED)


def test_an_old_date_for_a_second_at_midnight_is_an_excursion() -> None:
    rows = [good(counted(MIDNIGHT_S + at, seq=at + 6)) for at in range(-5, 6)]
    rows[5] = off(rows[5], -DAY_US)
    assert places(*rows) == [((MIDNIGHT_S + at) * SECOND_US, CORRECTED if at == 0 else STATED) for at in range(-5, 6)]


def test_a_jump_at_the_first_fixes_stands_until_what_came_before_says_otherwise() -> None:
    """Nothing surrounds it: a receiver that was set anew and one that was wrong look the same."""
    rows = [off(counted(second), -100 * DAY_US) for second in (2, 3)] + [good(counted(second)) for second in (4, 5)]
    assert trusts(*rows) == [STATED] * 4
    assert trusts(*rows, good(counted(1))) == [CORRECTED, CORRECTED, STATED, STATED, STATED]


def test_what_has_no_time_of_its_own_goes_by_the_piece_of_its_boot_that_it_lies_in() -> None:
    rows = [
        counted(1),
        off(counted(2), -100 * DAY_US),
        counted(3),
        good(counted(4)),
        counted(5),
    ]
    early, late_on = [second * SECOND_US - 100 * DAY_US for second in (1, 2, 3)], seconds(4, 5)
    assert [instant for instant, _ in places(*rows)] == [*early, *late_on]


def test_a_clock_ahead_is_seen_because_one_live_fix_proves_it() -> None:
    """Ten hours late, two hours ahead is plausible."""
    backlog = [late(off(counted(second), 2 * HOUR_US), 10 * HOUR_US) for second in (1, 2, 3)]
    assert trusts(*backlog) == [STATED] * 3
    live = off(counted(4), 2 * HOUR_US)
    assert places(*backlog, live) == [(second * SECOND_US, RECEIVED) for second in (1, 2, 3, 4)]


def test_a_clock_ahead_gives_way_to_one_that_is_not() -> None:
    rows = [off(counted(1), 2 * HOUR_US), late(off(counted(2), 2 * HOUR_US), 10 * HOUR_US), good(counted(3))]
    assert places(*rows) == list(zip(seconds(1, 2, 3), [CORRECTED, CORRECTED, STATED], strict=True))


def test_a_minute_ahead_of_its_receipt_is_not_ahead() -> None:
    rows = [off(counted(1), 60 * SECOND_US), off(counted(2), 60 * SECOND_US)]
    assert trusts(*rows) == [STATED] * 2
    assert trusts(rows[0], off(counted(2), 60 * SECOND_US + 1)) == [RECEIVED] * 2


@pytest.mark.parametrize("step_us", seconds(20, 45, 59, 60, 90, 600, 7_200))
def test_the_times_of_a_tracker_whose_uptime_stops_while_it_sleeps_are_never_corrected(step_us: int) -> None:
    rows, asleep_us = [], 0
    for number in range(40):
        asleep_us += step_us
        at_s = number + asleep_us // SECOND_US
        rows.append(good(counted(at_s + 1, seq=2 * number + 1, asleep_us=asleep_us)))
        rows.append(good(counted(at_s + 2, seq=2 * number + 2, asleep_us=asleep_us)))
    assert set(trusts(*rows)) == {STATED}


@given(st.lists(st.tuples(st.integers(0, 70 * SECOND_US), st.integers(-400_000, 400_000)), min_size=2, max_size=60))
def test_however_short_it_sleeps_and_however_its_times_tremble(steps: list[tuple[int, int]]) -> None:
    rows, at_us, asleep_us = [], POWER_UP_US, 0
    for seq, (sleep_us, tremble_us) in enumerate(steps, start=1):
        at_us, asleep_us = at_us + SECOND_US + sleep_us, asleep_us + sleep_us
        uptime_us = at_us - POWER_UP_US - asleep_us
        rows.append(stating(fix(seq, at_us, uptime_ms=uptime_us // 1_000), at_us + tremble_us))
    found = places(*rows)
    assert {trust for _, trust in found} <= {STATED, DISPUTED}
    assert [instant for instant, _ in found] == [row["time_us"] - POWER_UP_US for row in rows]


def test_a_receiver_that_is_off_by_a_minute_or_two_moves_none_of_the_times_after_it() -> None:
    rows = [good(counted(second)) for second in range(1, 8)]
    rows[3] = off(rows[3], -90 * SECOND_US)
    found = places(*rows)
    assert [found[at] for at in (0, 1, 2, 4, 5, 6)] == [(s * SECOND_US, STATED) for s in (1, 2, 3, 5, 6, 7)]


def test_times_that_overlap_are_disputed_and_stand_as_stated() -> None:
    rows = [off(counted(second), 0 if second % 2 else -HOUR_US) for second in range(1, 7)]
    assert places(*rows) == [(second * SECOND_US - (0 if second % 2 else HOUR_US), DISPUTED) for second in range(1, 7)]


def test_an_excursion_has_believed_numbers_on_both_sides() -> None:
    """One number said in two ways, in two parts, decides nothing."""
    for twice in (1, 5):
        around = [good(counted(second)) for second in range(1, 6)]
        parts = [off(counted(second), -HOUR_US) for second in ({1: (1, 2), 5: (4, 5)}[twice])]
        assert set(trusts(*around, *parts)) == {DISPUTED}
    assert trusts(*around, off(counted(3), -HOUR_US)) == [*[STATED] * 5, CORRECTED]


def test_in_a_disputed_boot_nothing_is_put_right() -> None:
    rows = [off(counted(second), 0 if second % 2 else -HOUR_US) for second in range(1, 5)]
    asking = [stating(counted(5), ANNIVERSARY_US), counted(6)]
    assert trusts(*rows, *asking)[4:] == [IMPLAUSIBLE, TimeTrust.UNKNOWN]


@pytest.mark.parametrize(("minutes", "verdict"), [(64, Verdict.AGREED), (65, Verdict.DISPUTED)])
def test_more_than_64_minutes_of_votes_are_no_clock(minutes: int, verdict: Verdict) -> None:
    rows = [good(counted(121 * n + 1, seq=n + 1, asleep_us=120 * n * SECOND_US)) for n in range(minutes)]
    assert clock_of(*rows).opinion.verdict is verdict
    assert clock_of(*reversed(rows)).opinion.verdict is verdict
    assert set(trusts(*rows)) == {STATED if verdict is Verdict.AGREED else DISPUTED}


def test_what_a_clock_keeps_has_a_bound() -> None:
    counting = [good(counted(121 * n + 1, seq=n + 1, asleep_us=120 * n * SECOND_US)) for n in range(2 * BINS_MAX)]
    assert len(clock_of(*counting).bins) == BINS_MAX + 1
    hours = [late(good(fix(n + 1, POWER_UP_US + n * HOUR_US)), 80 * DAY_US) for n in range(HOURS_MAX + 9)]
    assert clock_of(*hours).hours == clock_of(*reversed(hours)).hours
    assert clock_of(*hours).hours.keys() == {POWER_UP_US // HOUR_US + n for n in range(9, HOURS_MAX + 9)}


# Nothing that can be believed.


def test_without_any_vote_power_up_was_as_early_as_receipts_say() -> None:
    rows = [late(counted(1), HOUR_US), late(counted(2), 3 * SECOND_US), late(counted(3), DAY_US)]
    assert places(*rows) == [(second * SECOND_US, RECEIVED) for second in (4, 5, 6)]


def test_a_time_of_day_then_is_the_last_one_before_that() -> None:
    """Also when it came more than half a day late."""
    for hours in (0, 5, 13, 23):
        row = late(clocked(counted(1), POWER_UP_US + SECOND_US), hours * HOUR_US)
        assert places(row) == [(SECOND_US, RECEIVED)]


def test_the_time_of_day_of_a_default_day_then_counts_only_within_a_minute() -> None:
    unset = stating(counted(1), ANNIVERSARY_US + POWER_UP_US % DAY_US)
    assert places(late(unset, 20 * SECOND_US)) == [(0, RECEIVED)]
    assert places(late(unset, 90 * SECOND_US)) == [(91 * SECOND_US, RECEIVED)]


def test_a_void_fix_gives_no_vote_and_stands_where_nothing_contradicts() -> None:
    rows = [void(off(counted(1), -DAY_US)), void(off(counted(2), -DAY_US))]
    assert places(*rows) == [(second * SECOND_US - DAY_US, STATED) for second in (1, 2)]
    assert places(*rows, good(counted(3)))[:2] == [(SECOND_US, CORRECTED), (2 * SECOND_US, CORRECTED)]


def test_boots_and_devices_do_not_vote_for_each_other() -> None:
    for whose in ({"boot": 2}, {"device": 2}):
        assert trusts(counted(1), good(counted(2)) | whose) == [RECEIVED, STATED]


def test_what_is_misplaced_is_where_outvoted_times_say_they_are() -> None:
    rows = [good(counted(second)) for second in range(1, 8)]
    assert misplaced_spans([clock_of(*rows)]) == []
    rows[3], rows[4] = off(rows[3], -DAY_US), off(rows[4], -DAY_US)
    spans = misplaced_spans([clock_of(*rows)])
    assert spans == [(rows[3]["time_us"], rows[4]["time_us"] + 1)]


def test_times_without_a_fix_are_misplaced_where_the_clock_puts_them_elsewhere() -> None:
    """They have no vote, but a place in the store."""
    unset, right = void(off(counted(2), -DAY_US)), void(good(counted(3)))
    assert misplaced_spans([clock_of(unset, right)]) == []
    stated_us = unset["time_us"]
    assert misplaced_spans([clock_of(unset, right, good(counted(4)))]) == [(stated_us, stated_us + 1)]
    assert (stated_us, stated_us + 1) in misplaced_spans([clock_of(unset, off(counted(4), 2 * HOUR_US))])
