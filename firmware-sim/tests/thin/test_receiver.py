"""The receiver's error: as large as asked for, as slow as asked for, the same for the same seed."""

import math
import statistics

import pytest

from ploughsim.thin.lanes import METRES_PER_DEGREE
from ploughsim.thin.receiver import Receiver
from ploughsim.thin.sentences import Fix
from ploughsim.thin.world import Truth

_EPOCHS = 40_000


def _observe(receiver: Receiver, epochs: int) -> list[Fix]:
    return [receiver.observe(_standing_at(tick), 1000 * tick) for tick in range(1, epochs + 1)]


def _standing_at(tick: int) -> Truth:
    return Truth(
        tick=tick,
        lane=0,
        segment_id=1,
        at_m=0.0,
        lat_deg=36.5,
        lon_deg=136.6,
        course_deg=90.0,
        speed_mps=0.0,
        blade_down=False,
    )


def _new(seed: int = 1, power_up: int = 1, sigma_m: float = 1.5, correlation: float = 0.0) -> Receiver:
    return Receiver(seed=seed, power_up=power_up, sigma_m=sigma_m, correlation=correlation)


@pytest.mark.parametrize("correlation", [0.0, math.exp(-1 / 10)])
def test_the_error_has_the_size_and_the_memory_asked_for(correlation: float) -> None:
    fixes = _observe(_new(correlation=correlation), _EPOCHS)
    north = [(fix.lat_deg - 36.5) * METRES_PER_DEGREE for fix in fixes]
    east = [(fix.lon_deg - 136.6) * METRES_PER_DEGREE * math.cos(math.radians(36.5)) for fix in fixes]
    for error in (north, east):
        assert statistics.stdev(error) == pytest.approx(1.5, rel=0.1)
        assert statistics.correlation(error[:-1], error[1:]) == pytest.approx(correlation, abs=0.03)
    assert statistics.correlation(north, east) == pytest.approx(0, abs=0.1)


def test_the_same_seed_errs_the_same_way_and_another_boot_does_not() -> None:
    assert _observe(_new(), 50) == _observe(_new(), 50)
    assert _observe(_new(), 50) != _observe(_new(power_up=2), 50)
    assert _observe(_new(), 50) != _observe(_new(seed=2), 50)


def test_without_noise_the_fix_is_the_truth() -> None:
    (fix,) = _observe(_new(sigma_m=0.0), 1)
    assert (fix.lat_deg, fix.lon_deg, fix.time_ms) == (36.5, 136.6, 1000)
