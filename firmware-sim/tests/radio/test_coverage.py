"""Where there is network: what each key of the scenario does, and that nothing else has an effect."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ploughsim.compiled import Array
from ploughsim.radio.coverage import Coverage
from ploughsim.radio.settings import RadioSettings
from ploughsim.world.truth import TRUTH, Sky

START_MS = 1_768_399_200_000


def standing(seconds: int, *, unit: int = 0, lat_deg: float = 36.5, lon_deg: float = 136.6) -> Array:
    """A unit that stands there for so long."""
    truth = np.zeros(seconds, TRUTH)
    truth["unit"], truth["lat_deg"], truth["lon_deg"] = unit, lat_deg, lon_deg
    truth["time_ms"] = START_MS + 1000 * np.arange(seconds)
    return truth


def covered(truth: Array, *, seed: int = 1, **keys: float) -> Array:
    settings = RadioSettings(**keys)  # type: ignore[arg-type]
    return Coverage(settings, seed=seed, start_ms=START_MS).of(truth)


def lost_spans(there: Array) -> Array:
    """How long each loss of the network lasts."""
    edges = np.flatnonzero(np.diff(np.concatenate(([True], there, [True]))))
    return np.diff(edges)[::2]


def test_without_any_key_the_network_is_always_there() -> None:
    assert covered(standing(100_000)).all()


def test_there_is_none_in_tunnels_unless_the_scenario_says_so() -> None:
    truth = standing(10)
    truth["sky"][3:6] = Sky.TUNNEL
    truth["sky"][7] = Sky.SHED
    assert covered(truth).tolist() == [True] * 3 + [False] * 3 + [True] * 4
    assert covered(truth, in_tunnels=True).all()


def test_the_whole_fleet_can_be_away() -> None:
    there = covered(standing(3600), away_after_min=10, away_min=20)
    assert lost_spans(there).tolist() == [1200]
    assert there[:600].all()


def test_dropouts_come_as_often_and_last_as_long_as_said() -> None:
    spans = np.concatenate([lost_spans(covered(standing(86_400, unit=u), dropouts_per_h=6)) for u in range(20)])
    # Each is as long as a whole number of seconds happens to fall into it, and ends with its window at the latest.
    assert len(spans) == pytest.approx(20 * 24 * 6, rel=0.06)
    assert spans.mean() == pytest.approx(20.0, rel=0.1)


def test_units_drop_out_by_themselves_and_cells_together() -> None:
    one, two = (covered(standing(86_400, unit=unit), dropouts_per_h=6) for unit in (0, 1))
    assert (one != two).any()
    one, two = (covered(standing(86_400, unit=unit), cell_outages_per_h=2) for unit in (0, 1))
    assert (one == two).all()
    assert not one.all()
    assert (one != covered(standing(86_400, lat_deg=36.7), cell_outages_per_h=2)).any()


def test_a_share_of_the_cells_is_dead() -> None:
    truth = np.zeros(10_000, TRUTH)
    truth["lat_deg"], truth["lon_deg"] = (
        36.01 + np.arange(10_000) // 100 * 0.02,
        136.01 + np.arange(10_000) % 100 * 0.025,
    )
    assert covered(truth, dead_cells=0.2).mean() == pytest.approx(0.8, abs=0.02)


@given(st.integers(0, 86_399), st.integers(0, 2**63 - 1))
def test_how_time_is_cut_makes_no_difference(cut: int, seed: int) -> None:
    truth = standing(86_400)
    keys = {"dropouts_per_h": 20, "cell_outages_per_h": 3, "dead_cells": 0.1, "away_after_min": 60, "away_min": 60}
    whole = covered(truth, seed=seed, **keys)
    assert (np.concatenate([covered(part, seed=seed, **keys) for part in (truth[:cut], truth[cut:])]) == whole).all()
