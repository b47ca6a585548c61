"""Snow falls as stated, and lies until it is cleared."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ploughsim.world.settings import SnowSettings
from ploughsim.world.snow import RESIDUE_MM, Snowfall

START_MS, HOUR_MS = 1_768_381_200_000, 3_600_000
PLACES = st.tuples(st.floats(0, 50_000), st.floats(0, 50_000))
NIGHTS = st.builds(
    SnowSettings,
    mm_per_h=st.floats(1, 60),
    after_min=st.floats(0, 300),
    hours=st.floats(1, 20),
    band_km=st.floats(2, 60),
    band_kmh=st.floats(0, 60),
)


def fallen(snow: Snowfall, place: tuple[float, float], time_ms: float) -> float:
    return float(snow.fallen_mm(np.array([place[0]]), np.array([place[1]]), np.array([time_ms]))[0])


@given(NIGHTS, PLACES, st.integers(0, 2**32), st.lists(st.floats(0, 30), min_size=2, max_size=6))
def test_it_never_unfalls(settings: SnowSettings, place: tuple[float, float], seed: int, hours: list[float]) -> None:
    snow = Snowfall(settings, seed=seed, start_ms=START_MS)
    amounts = [fallen(snow, place, START_MS + hour * HOUR_MS) for hour in sorted(hours)]
    assert all(later >= earlier - 1e-6 for earlier, later in pairwise(amounts))
    assert amounts[0] >= -1e-9


def test_over_the_land_it_comes_to_the_stated_amount() -> None:
    snow = Snowfall(SnowSettings(mm_per_h=30, after_min=60, hours=10), seed=3, start_ms=START_MS)
    east, north = (axis.reshape(-1) for axis in np.meshgrid(np.linspace(0, 3e5, 200), np.linspace(0, 3e5, 200)))
    for hour, share in ((0.5, 0.0), (1.0, 0.0), (6.0, 0.5), (11.0, 1.0), (20.0, 1.0)):
        amounts = snow.fallen_mm(east, north, START_MS + int(hour * HOUR_MS))
        assert amounts.mean() == pytest.approx(300 * share, rel=0.03, abs=1e-9)


def test_it_falls_in_bands_that_move() -> None:
    snow = Snowfall(SnowSettings(mm_per_h=30, band_km=10, band_kmh=20), seed=3, start_ms=START_MS)
    east, north = (axis.reshape(-1) for axis in np.meshgrid(np.linspace(0, 4e4, 60), np.linspace(0, 4e4, 60)))
    first, second = (
        snow.fallen_mm(east, north, START_MS + (k + 1) * 60_000) - snow.fallen_mm(east, north, START_MS + k * 60_000)
        for k in (0, 30)
    )
    assert first.min() < 0.4 * first.mean()
    assert first.max() > 1.6 * first.mean()
    assert np.abs(first - second).max() > 0.5 * first.mean()


def test_bands_may_stand_still() -> None:
    snow = Snowfall(SnowSettings(mm_per_h=30, band_kmh=0), seed=3, start_ms=START_MS)
    assert fallen(snow, (0, 0), START_MS + 2 * HOUR_MS) == pytest.approx(2 * fallen(snow, (0, 0), START_MS + HOUR_MS))


@given(NIGHTS, PLACES, st.integers(0, 2**32), st.floats(1, 200), st.floats(0, 10))
def test_an_amount_is_reached_when_it_has_fallen(
    settings: SnowSettings, place: tuple[float, float], seed: int, more_mm: float, from_h: float
) -> None:
    snow = Snowfall(settings, seed=seed, start_ms=START_MS)
    from_ms = START_MS + int(from_h * HOUR_MS)
    before = fallen(snow, place, from_ms)
    reached_ms = snow.reaches_ms(place, more_mm, from_ms)
    if reached_ms is None:
        assert fallen(snow, place, START_MS + 30 * HOUR_MS) - before < more_mm
    else:
        assert fallen(snow, place, reached_ms) - before >= more_mm - 1e-6
        assert reached_ms - 1000 <= from_ms or fallen(snow, place, reached_ms - 1000) - before < more_mm + 1e-6


def test_what_lies_is_what_fell_since_the_plough_and_what_it_left() -> None:
    snow = Snowfall(SnowSettings(mm_per_h=30, lying_mm=80), seed=3, start_ms=START_MS)
    places = np.array([100.0, 100.0]), np.array([0.0, 0.0])
    cleared_ms, now_ms = START_MS + HOUR_MS, START_MS + 3 * HOUR_MS
    never, cleared = snow.depth_mm(places, np.array([0, cleared_ms]), now_ms)
    whole, before = fallen(snow, (100, 0), now_ms), fallen(snow, (100, 0), cleared_ms)
    assert never == pytest.approx(80 + whole)
    assert cleared == pytest.approx(RESIDUE_MM + whole - before)


def test_a_plough_does_not_bring_snow() -> None:
    snow = Snowfall(SnowSettings(mm_per_h=0, lying_mm=5), seed=3, start_ms=START_MS)
    places = np.array([100.0]), np.array([0.0])
    assert snow.depth_mm(places, np.array([START_MS + 1]), START_MS + HOUR_MS)[0] == 5
