"""Cold and hot starts, tunnels, streets, snow sheds, and losses of the fix."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from ploughsim.compiled import Array
from ploughsim.receiver.receivers import Receivers
from ploughsim.receiver.settings import ClockSettings, ReceiverSettings
from ploughsim.sentences.epoch import UNKNOWN
from ploughsim.world.truth import Sky

UNITS = 300
N, E = b"NE"
Drive = Callable[..., Array]


def receivers(units: int = UNITS, **keys: object) -> Receivers:
    settings = {"families": "u-blox-m8", "losses_per_h": 0} | keys
    return Receivers(ReceiverSettings(**settings), ClockSettings(), units, 5)  # type: ignore[arg-type]


def by_unit(column: Array) -> Array:
    return column.reshape(UNITS, -1)


def first(holds: Array) -> Array:
    """By unit, the number of the first epoch of which it holds."""
    assert holds.any(axis=1).all()
    numbers: Array = holds.argmax(axis=1)
    return numbers


def moved_at(truth: Array, places: Sky, first_s: int, last_s: int) -> Array:
    """The same with another sky from one second to before another."""
    since_s = (truth["time_ms"] - truth["time_ms"].min()) // 1000
    truth["sky"][(since_s >= first_s) & (since_s < last_s)] = places
    return truth


@pytest.mark.parametrize("cold_start_s", [30.0, 200.0])
def test_a_cold_start_brings_nothing_then_a_time_a_date_a_position(drive: Drive, cold_start_s: float) -> None:
    epochs = receivers(cold_start_s=cold_start_s).observe(drive(UNITS, 0, 2 * cold_start_s))
    time, date = by_unit(epochs["clock_ms"]) != UNKNOWN, by_unit(epochs["date_days"]) != UNKNOWN
    fixed, placed = by_unit(epochs["status"]) == 1, by_unit(epochs["lat"]) != UNKNOWN
    assert not time[:, 0].any()
    assert (first(time) > 0).all()
    assert (first(time) < first(date)).all()
    assert (first(date) < first(fixed)).all()
    assert (placed == fixed).all()
    waits_s = first(fixed)
    assert 0.7 * cold_start_s - 1 <= waits_s.min() < 0.8 * cold_start_s
    assert 1.2 * cold_start_s < waits_s.max() <= 1.3 * cold_start_s + 1
    for ever in (time, date, fixed):
        assert (np.diff(ever.astype(int), axis=1) >= 0).all()


def test_under_a_roof_a_cold_start_makes_no_progress(drive: Drive) -> None:
    free = receivers().observe(drive(UNITS, 0, 100))
    covered = receivers().observe(moved_at(drive(UNITS, 0, 100), Sky.TUNNEL, 5, 25))
    delay_s = first(by_unit(covered["status"]) == 1) - first(by_unit(free["status"]) == 1)
    assert set(delay_s) == {20}


def test_after_a_short_power_cut_the_fix_is_back_in_seconds_after_a_long_one_it_is_not(drive: Drive) -> None:
    units = receivers()
    units.observe(drive(UNITS, 0, 60))
    for boot, off_s, waits_s in ((2, 60, (1, 5)), (3, 3 * 3600, (20, 40)), (4, 3600, (1, 5))):
        on_s = 100_000 * boot
        units.observe(drive(UNITS, on_s - off_s - 60, on_s - off_s, boot=boot - 1))
        truth = drive(UNITS, on_s, on_s + 60, boot=boot)
        truth["on_ms"] = truth["time_ms"].min()
        epochs = units.observe(truth)
        found = first(by_unit(epochs["status"]) == 1)
        assert waits_s[0] <= found.min() <= found.max() <= waits_s[1]
        assert (by_unit(epochs["clock_ms"])[:, 0] != UNKNOWN).all() == (off_s < 7200)


def test_power_cuts_before_the_first_fix_do_not_bring_it_nearer_those_after_it_do_no_harm(drive: Drive) -> None:
    units = receivers()
    for boot, first_s, last_s in ((1, 0, 10), (2, 20, 30)):
        truth = drive(UNITS, first_s, last_s, boot=boot)
        truth["on_ms"] = truth["time_ms"].min()
        assert not units.observe(truth)["status"].any()
    for boot, first_s, waits_s in ((3, 40, (20, 40)), (4, 200, (1, 5)), (5, 201, (1, 5))):
        truth = drive(UNITS, first_s, first_s + 60 if boot != 4 else first_s + 1, boot=boot)
        truth["on_ms"] = truth["time_ms"].min()
        found = by_unit(units.observe(truth)["status"]) == 1
        if boot == 4:
            assert not found.any()
        else:
            assert waits_s[0] <= first(found).min() <= first(found).max() <= waits_s[1]


def test_each_unit_has_a_sky_of_its_own(drive: Drive) -> None:
    epochs = receivers(losses_per_h=30).observe(drive(UNITS, 0, 600))
    found_s = first(by_unit(epochs["status"]) == 1)
    assert abs(np.corrcoef(found_s[:-1], found_s[1:])[0, 1]) < 0.2
    lost = (by_unit(epochs["status"])[:, 60:] == 0).astype(float).sum(axis=1)
    assert abs(np.corrcoef(lost[:-1], lost[1:])[0, 1]) < 0.2


def test_in_a_tunnel_it_reckons_for_two_or_three_seconds_and_then_has_no_fix(drive: Drive) -> None:
    truth = moved_at(drive(UNITS, 0, 120, 100), Sky.TUNNEL, 80, 100)
    epochs = receivers(cold_start_s=1, rate_hz=10).observe(truth)
    quality, mode = by_unit(epochs["quality"]), by_unit(epochs["mode"])
    assert (quality[:, 790:800] > 0).all()
    reckoned = (quality[:, 800:1000] == 6).sum(axis=1) / 10
    assert 2.0 <= reckoned.min() < 2.2
    assert 2.8 < reckoned.max() <= 3.0
    assert (quality[:, 831:1000] == 0).all()
    assert ((mode == E) == (quality == 6)).all()
    assert ((mode == N) == (quality == 0)).all()
    back_s = (first(quality[:, 1000:] > 0) + 1) / 10
    assert 1.0 <= back_s.min() < 1.3
    assert 4.7 < back_s.max() <= 5.1
    assert (by_unit(epochs["clock_ms"])[:, 831:] != UNKNOWN).all()


def test_reckoning_goes_astray(drive: Drive) -> None:
    truth = moved_at(drive(UNITS, 0, 110), Sky.TUNNEL, 100, 110)
    lat = by_unit(receivers(cold_start_s=1, families="u-blox-f9").observe(truth)["lat"])
    assert lat[:, 102].std() > 1.4 * lat[:, 99].std()


@pytest.mark.parametrize(
    ("family", "shows"),
    [
        ("u-blox-6", "nothing"),
        ("mediatek", "nothing"),
        ("skytraq", "zeros"),
        ("garmin-18x", "last"),
        ("furuno", "last"),
    ],
)
def test_without_a_fix_each_family_shows_what_it_does(drive: Drive, family: str, shows: str) -> None:
    truth = moved_at(drive(UNITS, 0, 80, speed_mmps=8_000), Sky.TUNNEL, 50, 80)
    epochs = receivers(families=family, cold_start_s=1).observe(truth)
    status, lat, lon = (by_unit(epochs[name]) for name in ("status", "lat", "lon"))
    assert (status[:, 54:] == 0).all()
    for angle in (lat, lon):
        last = np.array([row[where].tolist()[-1] for row, where in zip(angle, status == 1, strict=True)])
        expected = {"nothing": UNKNOWN, "zeros": 0, "last": last[:, None]}[shows]
        assert (angle[:, 54:] == expected).all()


def test_before_its_first_fix_a_furuno_says_that_it_is_at_its_makers(drive: Drive) -> None:
    epochs = receivers(families="furuno").observe(drive(UNITS, 0, 5))
    assert set(epochs["lat"]) == {(34 * 60 + 44) * 10_000}
    assert set(epochs["lon"]) == {(135 * 60 + 21) * 10_000}


def spread_m(epochs: Array) -> float:
    """North, of units beyond their first ten seconds."""
    return float(by_unit(epochs["lat"])[:, 10:].std() / 1e5 * 111_195 / 60)


def test_in_a_street_it_is_worse_and_says_so(drive: Drive) -> None:
    far = {"cold_start_s": 0, "correlation_s": 600}
    open_sky = receivers(**far).observe(drive(UNITS, 0, 300))
    street = receivers(**far).observe(drive(UNITS, 0, 300, sky=Sky.STREET))
    assert spread_m(open_sky) == pytest.approx(3.0, rel=0.1)
    assert spread_m(street) == pytest.approx(3.0 * math.sqrt(1 + 2**2), rel=0.1)
    assert street["hdop"].min() > 1.3 * open_sky["hdop"].mean()
    assert 4 <= street["satellites"].min() <= street["satellites"].mean() < open_sky["satellites"].mean() - 2
    changes = [np.diff(by_unit(epochs["lat"]), n=1)[:, 10:].std() for epochs in (open_sky, street)]
    assert changes[1] > 5 * changes[0]
    assert (street["quality"] == 1).all()
    assert 0.2 < (open_sky["quality"] == 2).mean() < 0.8


def test_reflections_come_and_go_within_seconds_not_at_once(drive: Drive) -> None:
    truth = moved_at(drive(UNITS, 0, 60), Sky.STREET, 30, 60)
    hdop = by_unit(receivers(cold_start_s=0).observe(truth)["hdop"]).mean(axis=0)
    assert (np.diff(hdop[29:36]) > 0).all()
    assert hdop[45] > 1.8 * hdop[29]
    assert hdop[30] < 0.5 * (hdop[29] + hdop[45])


def test_in_a_snow_shed_the_fix_comes_and_goes(drive: Drive) -> None:
    shed = by_unit(receivers(cold_start_s=0).observe(drive(UNITS, 0, 600, sky=Sky.SHED))["quality"])
    open_sky = by_unit(receivers(cold_start_s=0).observe(drive(UNITS, 0, 600))["quality"])
    assert (open_sky > 0).all()
    assert 0.3 < (shed[:, 60:] == 0).mean() < 0.6
    assert 0.05 < (shed[:, 60:] == 6).mean() < 0.3


@pytest.mark.parametrize("sky", [Sky.STREET, Sky.SHED])
def test_without_multipath_streets_and_sheds_are_like_an_open_sky(drive: Drive, sky: Sky) -> None:
    plain = receivers(multipath=False).observe(drive(UNITS, 0, 60))
    assert (receivers(multipath=False).observe(drive(UNITS, 0, 60, sky=sky)) == plain).all()
    assert (receivers().observe(drive(UNITS, 0, 60)) == plain).all()


@pytest.mark.parametrize("losses_per_h", [2.0, 20.0])
def test_the_fix_is_lost_as_often_as_asked_for(drive: Drive, losses_per_h: float) -> None:
    quality = by_unit(receivers(cold_start_s=0, losses_per_h=losses_per_h).observe(drive(UNITS, 0, 3600))["quality"])
    begins = (quality[:, :-1] != 6) & (quality[:, 1:] == 6)
    assert begins.sum() / UNITS == pytest.approx(losses_per_h, rel=0.15)
    assert (quality[:, 1:] == 0).any(axis=1).mean() > 0.5
    assert (quality > 0).mean() > 1 - losses_per_h * 25 / 3600


def test_satellites_are_counted_before_there_are_enough(drive: Drive) -> None:
    epochs = receivers().observe(drive(UNITS, 0, 60))
    satellites, fixed = by_unit(epochs["satellites"]), by_unit(epochs["status"]) == 1
    assert satellites[~fixed].max() == 3
    assert satellites[fixed].min() >= 4
    assert (satellites[:, 0] == 0).all()
    assert epochs["hdop"][~fixed.ravel()].min() == 9999
