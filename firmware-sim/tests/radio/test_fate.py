"""What becomes of messages: each key of the scenario does what it says, message by message."""

import numpy as np
import pytest

from ploughsim.radio.fate import Fate, fate_of
from ploughsim.radio.settings import RadioSettings


def fates(count: int = 4000, **keys: float) -> list[Fate]:
    return [fate_of(RadioSettings(**keys), seed=5, unit=2, number=number) for number in range(count)]  # type: ignore[arg-type]


def share(of: list[bool]) -> float:
    return sum(of) / len(of)


def test_without_any_key_every_message_arrives_once_and_soon() -> None:
    plain = fates()
    assert all(fate.arrives and fate.confirmed and fate.copies == 1 for fate in plain)
    assert np.median([fate.delay_s for fate in plain]) == pytest.approx(0.12, rel=0.05)
    assert min(fate.delay_s for fate in plain) > 0


def test_without_spread_the_latency_is_what_was_said() -> None:
    assert {fate.delay_s for fate in fates(10, latency_ms=250, latency_spread=0)} == {0.25}


def test_a_share_is_lost_and_never_confirmed() -> None:
    some = fates(loss=0.3)
    assert share([not fate.arrives for fate in some]) == pytest.approx(0.3, abs=0.03)
    assert not any(fate.confirmed for fate in some if not fate.arrives)


def test_a_share_of_those_that_arrive_is_not_confirmed() -> None:
    some = fates(confirmation_loss=0.2)
    assert all(fate.arrives for fate in some)
    assert share([not fate.confirmed for fate in some]) == pytest.approx(0.2, abs=0.03)


def test_a_share_comes_twice_and_a_share_late() -> None:
    some = fates(duplication=0.1, reordering=0.25, reordering_s=60, latency_spread=0)
    assert share([fate.copies == 2 for fate in some]) == pytest.approx(0.1, abs=0.02)
    assert share([fate.delay_s > 60 for fate in some]) == pytest.approx(0.25, abs=0.03)


def test_units_and_seeds_have_fates_of_their_own() -> None:
    def lost(seed: int, unit: int) -> list[bool]:
        settings = RadioSettings(loss=0.5)
        return [fate_of(settings, seed=seed, unit=unit, number=number).arrives for number in range(100)]

    assert lost(1, 1) == lost(1, 1)
    assert len({tuple(lost(seed, unit)) for seed in (1, 2) for unit in (1, 2)}) == 4
