"""What ingest holds in memory is bounded, and nothing is dropped that the store does not have."""

import pytest

from snowtrack.pipeline.engine import Engine, EnginePolicy
from snowtrack.services import known_devices
from snowtrack.services.known_devices import KnownDevices
from snowtrack.tracks.identity import BootId
from snowtrack.tracks.sessions import BootClock
from tests.pipeline.test_engine import NETWORK

BOOTS = [BootId(device, boot) for boot in range(1, 6) for device in (1, 2)]


def test_the_oldest_clocks_go_but_not_unsaved_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_devices, "OVER_MAX", 4)
    known = KnownDevices(Engine(NETWORK, EnginePolicy()))
    known.engine.clocks.update({boot_id: BootClock() for boot_id in BOOTS})
    known.forget_clocks({1: {BOOTS[2]}})
    assert list(known.engine.clocks) == [BOOTS[2], *BOOTS[6:]]


def test_few_clocks_stay_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_devices, "OVER_MAX", len(BOOTS))
    known = KnownDevices(Engine(NETWORK, EnginePolicy()))
    known.engine.clocks.update({boot_id: BootClock() for boot_id in BOOTS})
    known.forget_clocks({})
    assert list(known.engine.clocks) == BOOTS
