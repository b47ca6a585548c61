"""What becomes of messages: each key of the scenario does what it says, message by message."""

import numpy as np
import pytest

from ploughsim.compiled import Array
from ploughsim.radio.fate import Fates
from ploughsim.radio.settings import RadioSettings


def fates(count: int = 20_000, *, seed: int = 5, unit: int = 2, **keys: float) -> Array:
    times_ms = 1_768_399_200_000 + 2000 * np.arange(count)
    return Fates(RadioSettings(**keys), seed=seed).of(np.full(count, unit), times_ms)  # type: ignore[arg-type]


def test_without_any_key_every_message_arrives_once_and_soon() -> None:
    plain = fates()
    assert plain["arrives"].all()
    assert plain["confirmed"].all()
    assert (plain["copies"] == 1).all()
    assert np.median(plain["delay_ms"]) == pytest.approx(120, rel=0.02)
    assert np.log(plain["delay_ms"]).std() == pytest.approx(0.4, rel=0.02)


def test_without_spread_the_latency_is_what_was_said() -> None:
    assert set(fates(10, latency_ms=250, latency_spread=0)["delay_ms"]) == {250.0}


def test_a_share_is_lost_and_never_confirmed() -> None:
    some = fates(loss=0.3)
    assert some["arrives"].mean() == pytest.approx(0.7, abs=0.02)
    assert (some["confirmed"] == some["arrives"]).all()


def test_a_share_of_those_that_arrive_is_not_confirmed() -> None:
    some = fates(confirmation_loss=0.2)
    assert some["arrives"].all()
    assert some["confirmed"].mean() == pytest.approx(0.8, abs=0.02)


def test_a_share_comes_twice_and_a_share_late() -> None:
    some = fates(duplication=0.1, reordering=0.25, reordering_s=60, latency_spread=0)
    assert (some["copies"] == 2).mean() == pytest.approx(0.1, abs=0.02)
    assert (some["delay_ms"] > 60_000).mean() == pytest.approx(0.25, abs=0.02)


def test_units_seeds_and_instants_have_fates_of_their_own_and_keep_them() -> None:
    one = fates(100, loss=0.5)
    assert (one == fates(100, loss=0.5)).all()
    assert 0 < one["arrives"].sum() < 100
    assert (one["arrives"] != fates(100, loss=0.5, unit=3)["arrives"]).any()
    assert (one["arrives"] != fates(100, loss=0.5, seed=6)["arrives"]).any()
    single = Fates(RadioSettings(loss=0.5), seed=5).of(np.array([2]), np.array([1_768_399_200_000 + 2000 * 7]))
    assert single[0] == one[7]
