"""Noise has the size and the duration that it is said to have."""

import numpy as np
import pytest
from pyproj import Geod

from benchmarks.match.noise import add_noise, thin, wander
from benchmarks.match.tracks import Track
from snowtrack.model.columns import Floats


def standing(fixes: int, lat_deg: float = 43.0) -> Track:
    return Track(
        time_s=np.arange(fixes, dtype=np.float64), lat_deg=np.full(fixes, lat_deg), lon_deg=np.full(fixes, 141.3)
    )


def errors_m(track: Track, noisy: Track) -> tuple[Floats, Floats]:
    bearing, _, distance = Geod(ellps="WGS84").inv(track.lon_deg, track.lat_deg, noisy.lon_deg, noisy.lat_deg)
    return distance * np.cos(np.radians(bearing)), distance * np.sin(np.radians(bearing))


@pytest.mark.parametrize("lat_deg", [0.0, 43.0, -70.0])
def test_each_axis_has_the_stated_deviation_at_any_latitude(lat_deg: float) -> None:
    track = standing(100_000, lat_deg)
    for axis in errors_m(track, add_noise(track, sigma_m=10, lasting_s=10, seed=1)):
        assert axis.std() == pytest.approx(10, rel=0.03)
        assert axis.mean() == pytest.approx(0, abs=0.6)


def test_north_and_east_are_independent() -> None:
    track = standing(100_000)
    north, east = errors_m(track, add_noise(track, sigma_m=5, lasting_s=10, seed=2))
    assert np.corrcoef(north, east)[0, 1] == pytest.approx(0, abs=0.04)


def test_the_correlation_falls_to_1_over_e_after_the_stated_time() -> None:
    track = standing(100_000)
    north, _ = errors_m(track, add_noise(track, sigma_m=5, lasting_s=10, seed=3))
    assert np.corrcoef(north[:-10], north[10:])[0, 1] == pytest.approx(np.exp(-1), abs=0.04)
    assert np.corrcoef(north[:-1], north[1:])[0, 1] == pytest.approx(np.exp(-0.1), abs=0.01)


def test_over_a_gap_noise_forgets_as_much_as_time_has_passed() -> None:
    time_s = 20 * np.arange(100_000, dtype=np.float64)
    series = wander(time_s, 20.0, np.random.default_rng(4))
    assert np.corrcoef(series[:-1], series[1:])[0, 1] == pytest.approx(np.exp(-1), abs=0.02)
    assert series.std() == pytest.approx(1, rel=0.02)


def test_the_same_seed_gives_the_same_noise_and_another_one_another() -> None:
    track = standing(100)
    first, again, other = (add_noise(track, sigma_m=3, lasting_s=10, seed=seed) for seed in (7, 7, 8))
    assert np.array_equal(first.lat_deg, again.lat_deg)
    assert np.array_equal(first.lon_deg, again.lon_deg)
    assert not np.array_equal(first.lat_deg, other.lat_deg)


def test_thinning_keeps_the_first_fix_and_those_far_enough_behind_the_last_kept() -> None:
    track = Track(
        time_s=np.array([0.0, 1, 29, 30, 31, 59, 75, 89, 105]), lat_deg=np.arange(9.0), lon_deg=np.arange(9.0)
    )
    kept = thin(track, 30)
    assert kept.time_s.tolist() == [0, 30, 75, 105]
    assert kept.lat_deg.tolist() == [0, 3, 6, 8]
