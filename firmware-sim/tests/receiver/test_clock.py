"""Each clock is wrong in its own way, and all others are right."""

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest

from ploughsim.compiled import Array
from ploughsim.receiver.receivers import Receivers
from ploughsim.receiver.settings import ClockSettings, ReceiverSettings
from ploughsim.sentences.epoch import UNKNOWN
from ploughsim.sentences.families import FAMILIES, FAMILY_NAMES
from ploughsim.sentences.write import write_epochs
from ploughsim.world.truth import Sky

UNITS = 200
DAY_MS = 86_400_000
DAYS_TO_1980 = 3_652
WEEK_MS = 7 * DAY_MS
Drive = Callable[..., Array]


def receivers(family: str = "mixed", **clocks: object) -> Receivers:
    settings = ReceiverSettings(families=family, losses_per_h=0)
    return Receivers(settings, ClockSettings(**clocks), UNITS, 3)  # type: ignore[arg-type]


def shown_ms(epochs: Array) -> Array:
    """Milliseconds since 1970, by unit; where there is no time or no date, UNKNOWN."""
    instants = (epochs["date_days"].astype(np.int64) + DAYS_TO_1980) * DAY_MS + epochs["clock_ms"]
    known = (epochs["clock_ms"] != UNKNOWN) & (epochs["date_days"] != UNKNOWN)
    return np.where(known, instants, UNKNOWN).reshape(UNITS, -1)


def ahead_ms(epochs: Array, truth: Array) -> Array:
    """By unit, how far each time shown is ahead; 0 where none is."""
    shown = shown_ms(epochs)
    return np.where(shown == UNKNOWN, 0, shown - truth["time_ms"].reshape(UNITS, -1))


def test_by_default_all_clocks_are_right(drive: Drive) -> None:
    truth = drive(UNITS, 0, 120)
    epochs = receivers().observe(truth)
    assert (ahead_ms(epochs, truth) == 0).all()
    assert (shown_ms(epochs)[epochs["status"].reshape(UNITS, -1) == 1] != UNKNOWN).all()


def test_the_time_is_as_fine_as_the_family_writes_it(drive: Drive) -> None:
    truth = drive(UNITS, 0.123, 60, 100)
    for family, tick_ms in (("garmin-18x", 1000), ("u-blox-m8", 10), ("sirf", 1)):
        behind = -ahead_ms(receivers(family).observe(truth), truth)
        assert 0 <= behind.min() <= behind.max() < tick_ms
        assert behind.max() > 0.2 * tick_ms or tick_ms == 1


def test_a_clock_that_is_not_set_shows_nothing_before_the_first_fix(drive: Drive) -> None:
    truth = drive(UNITS, 0, 120)
    epochs = receivers(unset=1.0).observe(truth)
    assert (ahead_ms(epochs, truth) == 0).all()
    fixed = epochs["status"] == 1
    assert (epochs["clock_ms"][~fixed] == UNKNOWN).all()
    assert (epochs["clock_ms"][fixed] != UNKNOWN).all()


@pytest.mark.parametrize("family", FAMILY_NAMES)
def test_a_default_date_is_the_makers_until_the_first_fix(drive: Drive, family: str) -> None:
    truth = drive(UNITS, 0, 120)
    epochs = receivers(family, default_date=1.0).observe(truth)
    fixed = epochs["status"].reshape(UNITS, -1) == 1
    shown = shown_ms(epochs)
    default_ms = (FAMILIES[FAMILY_NAMES.index(family)].default_days + DAYS_TO_1980) * DAY_MS
    since_on = (truth["time_ms"] - truth["on_ms"]).reshape(UNITS, -1)
    assert (shown[~fixed] == default_ms + since_on[~fixed]).all()
    assert (shown[fixed] == truth["time_ms"].reshape(UNITS, -1)[fixed]).all()


def test_default_dates_differ() -> None:
    assert len({family.default_days for family in FAMILIES}) >= 5


def test_a_clock_that_rolled_over_is_1024_weeks_late_for_ever(drive: Drive) -> None:
    truth = drive(UNITS, 0, 120)
    ahead = ahead_ms(receivers(rollover=1.0).observe(truth), truth)
    assert set(np.unique(ahead)) == {-1024 * WEEK_MS, 0}
    assert (ahead[:, 60:] == -1024 * WEEK_MS).all()


def test_a_clock_that_drifts_is_wrong_without_a_fix_and_right_with_one(drive: Drive) -> None:
    truth = drive(UNITS, 0, 2000)
    truth["sky"][(truth["time_ms"] - truth["on_ms"]) // 1000 >= 100] = Sky.TUNNEL
    epochs = receivers("mediatek", drift=1.0).observe(truth)
    ahead, fixed = ahead_ms(epochs, truth), epochs["status"].reshape(UNITS, -1) == 1
    quality = epochs["quality"].reshape(UNITS, -1)
    assert (ahead[(quality == 1) | (quality == 2)] == 0).all()
    at_power_up = np.abs(ahead[:, 0])
    assert 2_000 <= at_power_up.min() < 20_000
    assert 100_000 < at_power_up.max() <= 120_000
    assert {-1, 1} == set(np.sign(ahead[:, 0]))
    # 50 to 1,000 parts in a million of 1,900 s.
    drifted = np.abs(ahead[:, -1])
    assert 90 <= drifted.min() < 400
    assert 1_500 < drifted.max() <= 1_901
    assert (np.abs(np.diff(ahead[:, 110:], axis=1)) <= 1).all()
    assert not fixed[:, 110:].any()


def test_a_clock_that_jumps_is_days_late_before_the_first_fix(drive: Drive) -> None:
    truth = drive(UNITS, 0, 120)
    epochs = receivers(jump=1.0).observe(truth)
    ahead, fixed = ahead_ms(epochs, truth), epochs["status"].reshape(UNITS, -1) == 1
    assert (ahead[fixed] == 0).all()
    assert -30 * DAY_MS <= ahead[~fixed].min() < ahead[~fixed].max() <= -DAY_MS
    assert (np.diff(ahead, axis=1) >= 0).all()


def test_the_leap_seconds_are_unknown_for_some_minutes(drive: Drive) -> None:
    truth = drive(UNITS, 0, 800)
    ahead = ahead_ms(receivers(leap_second=1.0).observe(truth), truth)
    assert (ahead[:, 60:750] == 18_000).all()
    assert (ahead[:, 750:] == 0).all()


def test_a_clock_in_the_future_is_hours_ahead_for_ever(drive: Drive) -> None:
    truth = drive(UNITS, 0, 120)
    ahead = ahead_ms(receivers(future=1.0, future_h=30).observe(truth), truth)[:, 60:]
    hours = set((ahead / 3_600_000).ravel())
    assert {1.0, 30.0} <= hours <= set(map(float, range(1, 31)))
    assert (np.ptp(ahead, axis=1) == 0).all()


def test_shares_of_the_units_have_the_faults(drive: Drive) -> None:
    truth = drive(UNITS, 0, 120)
    ahead = ahead_ms(receivers(rollover=0.25, future=0.5).observe(truth), truth)[:, -1]
    assert (ahead < 0).mean() == pytest.approx(0.25, abs=0.1)
    assert (ahead > 0).mean() == pytest.approx(0.5, abs=0.1)
    assert (ahead == 0).mean() == pytest.approx(0.25, abs=0.1)


@pytest.mark.parametrize("day", ["2026-12-31", "2026-06-30"])
def test_a_leap_second_is_shown_at_the_end_of_its_day(drive: Drive, day: str) -> None:
    midnight_ms = int(datetime.fromisoformat(f"{day}T23:59:59+00:00").timestamp() * 1000) + 1000
    truth = drive(UNITS, 0, 100, 500)
    offset_ms = midnight_ms - 90_000 - truth["time_ms"].min()
    truth["time_ms"] += offset_ms
    truth["on_ms"] += offset_ms
    units = receivers("u-blox-m8", leap_second_on=day)
    epochs = units.observe(truth)
    text, offsets = write_epochs(epochs, units.families[truth["unit"]], own=False)
    lines = text[offsets[178] : offsets[184]].tobytes().decode("ascii").splitlines()
    times = [line.split(",")[1] for line in lines if line.startswith("$GNRMC")]
    days = [line.split(",")[9] for line in lines if line.startswith("$GNRMC")]
    assert times == ["235959.00", "235959.50", "235960.00", "235960.50", "000001.00", "000001.50"]
    last, first = f"{datetime.fromisoformat(day):%d%m%y}", f"{datetime.fromtimestamp(midnight_ms / 1000, UTC):%d%m%y}"
    assert days == [last] * 4 + [first] * 2


def test_without_a_leap_second_midnight_is_plain(drive: Drive) -> None:
    truth = drive(UNITS, 0, 100)
    truth["time_ms"] += DAY_MS - truth["time_ms"].min() % DAY_MS - 90_000
    truth["on_ms"] = truth["time_ms"].min()
    assert (ahead_ms(receivers().observe(truth), truth) == 0).all()
