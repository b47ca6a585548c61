"""The error is as large as stated, lasts as long as stated, and its axes know nothing of each other."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from ploughsim.compiled import Array
from ploughsim.receiver.receivers import Receivers
from ploughsim.receiver.settings import ClockSettings, ReceiverSettings
from ploughsim.sentences.epoch import UNKNOWN

UNITS = 1_500
LASTS_S = 200
METRES_PER_MINUTE = 111_195.0 / 60
F9_MINUTE = 1e7
Drive = Callable[..., Array]
Floats = npt.NDArray[np.float64]


def errors_m(truth: Array, settings: ReceiverSettings) -> tuple[Floats, Floats, Floats]:
    """East, north and up, a row per unit."""
    epochs = Receivers(settings, ClockSettings(), UNITS, 1).observe(truth)
    assert (epochs["status"] == 1).all()
    north = (epochs["lat"] / F9_MINUTE - 36.5 * 60) * METRES_PER_MINUTE
    east = (epochs["lon"] / F9_MINUTE - 136.6 * 60) * METRES_PER_MINUTE * math.cos(math.radians(36.5))
    up = epochs["altitude"] / 1000 - 30.0
    return east.reshape(UNITS, -1), north.reshape(UNITS, -1), up.reshape(UNITS, -1)


def clear_sky(**keys: object) -> ReceiverSettings:
    """A receiver of fine resolution that always has a fix."""
    return ReceiverSettings(**{"families": "u-blox-f9", "cold_start_s": 0, "losses_per_h": 0} | keys)  # type: ignore[arg-type]


def correlation(one: Floats, other: Floats) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


@pytest.mark.parametrize(
    ("sigma_m", "correlation_s", "step_ms"), [(3.0, 60.0, 1000), (1.5, 10.0, 1000), (8.0, 30.0, 200), (2.0, 0.0, 1000)]
)
def test_size_and_memory_are_as_stated(drive: Drive, sigma_m: float, correlation_s: float, step_ms: int) -> None:
    lasts_s = LASTS_S * step_ms // 1000
    settings = clear_sky(sigma_m=sigma_m, correlation_s=correlation_s)
    axes = errors_m(drive(UNITS, 0, lasts_s, step_ms), settings)
    for error, size in zip(axes, (sigma_m, sigma_m, 2 * sigma_m), strict=True):
        assert error.std() == pytest.approx(size, rel=0.04)
        assert abs(error.mean()) < 0.1 * size
        assert (np.abs(error) < size).mean() == pytest.approx(0.683, abs=0.02)
        for later_s in (1, 10, 60):
            steps = later_s * 1000 // step_ms
            if steps < error.shape[1]:
                stays = math.exp(-later_s / correlation_s) if correlation_s else 0.0
                assert correlation(error[:, :-steps], error[:, steps:]) == pytest.approx(stays, abs=0.05)


def test_axes_and_units_are_independent(drive: Drive) -> None:
    east, north, up = errors_m(drive(UNITS, 0, LASTS_S), clear_sky())
    for one, other in ((east, north), (east, up), (north, up), (east[:-1], east[1:]), (east[:-1], north[1:])):
        assert abs(correlation(one, other)) < 0.05


def test_each_power_up_has_an_error_of_its_own(drive: Drive) -> None:
    before, after = drive(UNITS, 0, 10), drive(UNITS, 12, 22)
    after["boot"] = 2
    both = np.concatenate([before, after])
    east, north, _ = errors_m(both[np.lexsort((both["time_ms"], both["unit"]))], clear_sky(correlation_s=3600))
    for error in (east, north):
        assert correlation(error[:, 0], error[:, 9]) > 0.99
        assert abs(correlation(error[:, 9], error[:, 10])) < 0.1
        assert error[:, 10:].std() == pytest.approx(3.0, rel=0.05)


def test_without_an_error_the_text_says_the_true_position(drive: Drive) -> None:
    truth = drive(UNITS, 0, 3, speed_mmps=8_000, course_cdeg=4_500)
    truth["lat_deg"] += np.random.default_rng(1).uniform(-1, 1, len(truth))
    truth["lon_deg"] += np.random.default_rng(2).uniform(-1, 1, len(truth))
    for family, minute in (("u-blox-f9", 1e7), ("skytraq", 1e5), ("sirf", 1e4)):
        settings = clear_sky(families=family, sigma_m=0, speed_sigma_mps=0)
        epochs = Receivers(settings, ClockSettings(), UNITS, 1).observe(truth)
        assert np.abs(epochs["lat"] / minute - 60 * truth["lat_deg"]).max() <= 0.500001 / minute
        assert np.abs(epochs["lon"] / minute - 60 * truth["lon_deg"]).max() <= 0.500001 / minute
        assert np.ptp(epochs["altitude"]) == np.ptp(epochs["course"]) == np.ptp(epochs["speed"]) == 0


def test_the_course_is_good_at_speed_and_good_for_nothing_at_a_crawl(drive: Drive) -> None:
    settings = clear_sky(families="mediatek", speed_sigma_mps=0.1)
    receivers = Receivers(settings, ClockSettings(), UNITS, 1)
    fast = receivers.observe(drive(UNITS, 0, 20, speed_mmps=10_000, course_cdeg=9_000))
    still = receivers.observe(drive(UNITS, 20, 40))
    # A hundredth of a radian.
    assert np.std(fast["course"] / 100) == pytest.approx(0.573, rel=0.05)
    assert np.mean(fast["course"] / 100) == pytest.approx(90, abs=0.1)
    assert np.std(fast["speed"] / 100 * 1852 / 3600) == pytest.approx(0.1, rel=0.05)
    assert (np.histogram(still["course"], bins=8, range=(0, 36_000))[0] / len(still)).min() > 0.115
    assert 0 <= still["course"].min() <= still["course"].max() < 36_000
    # Rayleigh's distribution: what stands seems to move.
    assert np.mean(still["speed"] / 100 * 1852 / 3600) == pytest.approx(0.1 * math.sqrt(math.pi / 2), rel=0.05)


@pytest.mark.parametrize(("family", "says"), [("u-blox-m8", False), ("u-blox-6", False), ("sirf", True)])
def test_standing_still_some_families_give_no_course(drive: Drive, family: str, says: bool) -> None:
    receivers = Receivers(clear_sky(families=family), ClockSettings(), UNITS, 1)
    still = receivers.observe(drive(UNITS, 0, 5))
    assert (np.mean(still["course"] != UNKNOWN) > 0.95) == says
    assert (receivers.observe(drive(UNITS, 5, 10, speed_mmps=5_000))["course"] != UNKNOWN).all()
