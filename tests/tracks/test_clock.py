"""At which instant a fix was observed, rule by rule: what it says itself, and what stands when others contradict."""

from datetime import UTC, datetime

import pytest

from snowtrack.model.calendar import DAY_US, HOUR_US, SECOND_US
from snowtrack.model.columns import ABSENT_64
from snowtrack.model.fixes import FixBatch
from snowtrack.model.tracks import ObservedBatch, TimeTrust
from snowtrack.tracks.clock import latest_trusted, observe, plausible
from tests.oracles.batches import batch_of
from tests.tracks.told import POWER_UP_US, clocked, fix, good, late, places, stating, trusts, unnumbered, void

MINUTE_US = 60 * SECOND_US
WEEK_US = 7 * DAY_US
YEAR_US = 366 * DAY_US
MIDNIGHT_US = POWER_UP_US - POWER_UP_US % DAY_US + DAY_US
STATED, CORRECTED, DATED = TimeTrust.STATED, TimeTrust.CORRECTED, TimeTrust.DATED
RECEIVED, IMPLAUSIBLE, UNKNOWN = TimeTrust.RECEIVED, TimeTrust.IMPLAUSIBLE, TimeTrust.UNKNOWN


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND_US


def alone(time_us: int, received_us: int = POWER_UP_US) -> dict[str, int]:
    return unnumbered(stating(fix(1, received_us), time_us))


@pytest.mark.parametrize(
    ("wrong_us", "trust"),
    [
        (0, STATED),
        (-1, STATED),
        (MINUTE_US, STATED),
        (MINUTE_US + 1, IMPLAUSIBLE),
        (DAY_US, IMPLAUSIBLE),
        (1_024 * WEEK_US, IMPLAUSIBLE),
        (-YEAR_US, STATED),
        (-YEAR_US - 1, IMPLAUSIBLE),
        (-6 * HOUR_US, STATED),
        (-5 * DAY_US, STATED),
    ],
)
def test_a_stated_time_is_plausible_up_to_a_minute_after_receipt_and_a_year_before(
    wrong_us: int, trust: TimeTrust
) -> None:
    assert places(alone(POWER_UP_US + wrong_us)) == [(wrong_us if trust is STATED else None, trust)]


@pytest.mark.parametrize("day", ["1970-01-01", "1980-01-01", "1980-01-06", "1999-08-22", "2000-01-01"])
def test_a_default_day_is_never_right_even_when_it_is_today(day: str) -> None:
    for time in ("00:00:00", "12:34:56", "23:59:59"):
        time_us = at(f"{day}T{time}")
        assert trusts(alone(time_us, received_us=time_us)) == [IMPLAUSIBLE]
    assert trusts(alone(at(f"{day}T00:00:00") + DAY_US, received_us=at(f"{day}T00:00:00") + DAY_US)) == [STATED]


@pytest.mark.parametrize("weeks", [1_024, 2_048])
def test_a_receiver_that_lost_1024_weeks_or_twice_that_is_put_right(weeks: int) -> None:
    lost = alone(POWER_UP_US - weeks * WEEK_US)
    assert places(lost) == [(0, CORRECTED)]
    assert places(late(lost, 20 * DAY_US)) == [(0, CORRECTED)]


def test_weeks_are_not_put_right_without_a_fix_nor_to_a_time_that_cannot_be_right() -> None:
    lost = alone(POWER_UP_US - 1_024 * WEEK_US)
    assert places(void(lost)) == [(None, IMPLAUSIBLE)]
    assert places(late(lost, -MINUTE_US - 1)) == [(None, IMPLAUSIBLE)]
    assert places(late(lost, YEAR_US + 1)) == [(None, IMPLAUSIBLE)]
    assert places(alone(POWER_UP_US - 3_072 * WEEK_US)) == [(None, IMPLAUSIBLE)]


def test_each_fix_is_judged_by_its_own_receipt() -> None:
    early, prompt = alone(POWER_UP_US + HOUR_US), alone(POWER_UP_US + HOUR_US, received_us=POWER_UP_US + HOUR_US)
    assert trusts(early, prompt) == [IMPLAUSIBLE, STATED]


def test_without_number_and_date_it_is_the_last_such_time_of_day_before_receipt() -> None:
    row = unnumbered(fix(1, POWER_UP_US))
    assert places(clocked(row, POWER_UP_US - HOUR_US)) == [(-HOUR_US, RECEIVED)]
    assert places(clocked(row, POWER_UP_US + MINUTE_US)) == [(MINUTE_US, RECEIVED)]
    assert places(clocked(row, POWER_UP_US + MINUTE_US + 1)) == [(MINUTE_US + 1 - DAY_US, RECEIVED)]


def test_what_says_nothing_of_time_has_no_instant() -> None:
    assert places(unnumbered(fix(1, POWER_UP_US)), fix(2, POWER_UP_US)) == [(None, UNKNOWN)] * 2


# Numbers, but no uptime.


def test_a_time_of_day_gets_its_date_from_the_last_dated_fix_up_to_its_number() -> None:
    rows = [
        stating(fix(1, POWER_UP_US + 3 * DAY_US), POWER_UP_US),
        clocked(fix(2, POWER_UP_US + 3 * DAY_US), POWER_UP_US + HOUR_US),
        stating(fix(3, POWER_UP_US + 3 * DAY_US), POWER_UP_US + 2 * DAY_US),
        clocked(fix(4, POWER_UP_US + 3 * DAY_US), POWER_UP_US + HOUR_US),
    ]
    assert places(*rows) == [
        (0, STATED),
        (HOUR_US, DATED),
        (2 * DAY_US, STATED),
        (2 * DAY_US + HOUR_US, DATED),
    ]


def test_before_the_first_dated_fix_that_one_says_the_date() -> None:
    rows = [clocked(fix(1, POWER_UP_US + 3 * DAY_US), POWER_UP_US - HOUR_US), good(fix(2, POWER_UP_US))]
    assert places(*rows)[0] == (-HOUR_US, DATED)


def test_other_boots_and_devices_say_nothing_of_the_date() -> None:
    asking = clocked(fix(2, POWER_UP_US + 3 * DAY_US), POWER_UP_US)
    for whose in ({"boot": 2}, {"device": 2}):
        assert places(asking, good(fix(1, POWER_UP_US)) | whose)[0] == (3 * DAY_US, RECEIVED)


@pytest.mark.parametrize("before_us", [5 * SECOND_US, HOUR_US])
def test_midnight_lies_between_a_date_and_a_time_of_day_in_both_directions(before_us: int) -> None:
    evening, morning = MIDNIGHT_US - before_us, MIDNIGHT_US + before_us
    dated_first = [good(fix(1, evening)), late(clocked(fix(2, morning), morning), 2 * DAY_US)]
    dated_last = [late(clocked(fix(1, evening), evening), 2 * DAY_US), good(fix(2, morning))]
    assert places(*dated_first)[1] == (morning - POWER_UP_US, DATED)
    assert places(*dated_last)[0] == (evening - POWER_UP_US, DATED)


def test_a_date_from_others_is_never_later_than_a_minute_after_receipt() -> None:
    """The first date of the boot came three days on."""
    rows = [clocked(fix(1, POWER_UP_US), POWER_UP_US), good(fix(2, POWER_UP_US + 3 * DAY_US))]
    assert places(*rows)[0] == (0, DATED)


def test_a_wrong_date_beside_a_fix_is_put_right_where_its_time_of_day_fits_within_an_hour() -> None:
    noon_us = POWER_UP_US - POWER_UP_US % HOUR_US
    dated = good(fix(1, noon_us))
    fits = stating(fix(2, noon_us + MINUTE_US), MINUTE_US + noon_us % DAY_US)
    does_not = stating(fix(3, noon_us + MINUTE_US), 3 * HOUR_US + noon_us % DAY_US)
    assert places(dated, fits, does_not)[1:] == [(noon_us + MINUTE_US - POWER_UP_US, CORRECTED), (None, IMPLAUSIBLE)]
    assert places(dated, void(fits))[1] == (None, IMPLAUSIBLE)


def test_without_a_fix_a_time_more_than_a_day_from_the_dated_ones_is_not_right() -> None:
    dated = good(fix(1, POWER_UP_US))
    near, far = (void(stating(fix(2, POWER_UP_US), POWER_UP_US - hours * HOUR_US)) for hours in (20, 26))
    assert trusts(dated, near, far) == [STATED, STATED, IMPLAUSIBLE]
    assert trusts(near) == trusts(far) == [STATED]


def test_with_a_fix_a_time_of_another_day_stands_and_so_do_those_around_it() -> None:
    rows = [good(fix(seq, POWER_UP_US)) for seq in (1, 2, 3)]
    rows[1] = stating(rows[1], POWER_UP_US - 9 * DAY_US)
    assert trusts(*rows) == [STATED] * 3


# What leaves.


def test_the_latest_instant_is_moved_only_by_what_rests_on_the_device_s_own_clock() -> None:
    moving = {DATED, CORRECTED, STATED}
    for trust in TimeTrust:
        rows = [
            {"device": 1, "observed_us": 5, "trust": STATED},
            {"device": 1, "observed_us": 9, "trust": trust},
            {"device": 2, "observed_us": 7, "trust": trust},
        ]
        latest = latest_trusted(batch_of(ObservedBatch, *rows))
        assert latest == ({1: 9, 2: 7} if trust in moving else {1: 5})


def test_trust_has_an_order() -> None:
    assert list(TimeTrust) == sorted(TimeTrust)
    assert UNKNOWN < IMPLAUSIBLE < RECEIVED < TimeTrust.DISPUTED < DATED < CORRECTED < STATED


def test_a_backlog_of_days_is_not_a_bad_clock() -> None:
    rows = [late(good(fix(seq, POWER_UP_US + seq * SECOND_US)), 5 * DAY_US) for seq in range(1, 4)]
    assert places(*rows) == [(seq * SECOND_US, STATED) for seq in range(1, 4)]


def test_a_fix_without_a_position_has_an_instant_but_is_not_observed() -> None:
    fixes = batch_of(FixBatch, void(good(fix(1, POWER_UP_US))), good(fix(2, POWER_UP_US)))
    assert plausible(fixes).tolist() == [True, True]
    assert observe(fixes, {}).seq.tolist() == [2]


def test_what_is_observed_is_what_was_sent() -> None:
    sent = {"device": 3, "boot": 4, "seq": 5, "digest": 6, "received_us": POWER_UP_US, "lat_e7": 7, "lon_e7": 8}
    sent |= {"speed_mmps": 9, "course_cdeg": 10, "blade": 1, "sources": 3, "hdop_centi": 110, "quality": 2}
    sent |= {"spreading": 1, "pto": 0}
    spread = {"spread_mgpm2": 20_000, "spread_width_mm": 3_500}
    observed = observe(batch_of(FixBatch, sent | spread | {"time_us": POWER_UP_US - 1, "remarks": 0}), {})
    found = dict(zip(observed.dtypes(), observed.rows()[0], strict=True))
    assert found == sent | {"observed_us": POWER_UP_US - 1, "trust": STATED, "spread_dgpm": 700}


def test_of_nothing_nothing_is_observed() -> None:
    assert len(observe(FixBatch.empty(), {})) == 0
    assert ABSENT_64 not in observe(batch_of(FixBatch, fix(1, POWER_UP_US)), {}).observed_us
