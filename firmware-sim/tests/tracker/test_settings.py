"""Settings of trackers, from a scenario and over the network."""

import pytest
from tracker.rows import FAMILY, row_of

from ploughsim.errors import ScenarioError
from ploughsim.rules import read_settings
from ploughsim.sentences.write import write_epoch
from ploughsim.tracker.flash import MemoryFlash
from ploughsim.tracker.recorder import Inputs
from ploughsim.tracker.records import LAYOUTS, ROW
from ploughsim.tracker.sectors import SLOTS
from ploughsim.tracker.settings import REMOTE, TrackerSettings, changed, wrong_with
from ploughsim.tracker.tracker import Tracker


def test_a_scenario_without_keys_gives_a_tracker_that_holds_a_day() -> None:
    settings = read_settings(TrackerSettings, {}, "x.toml [tracker]")
    assert settings == TrackerSettings()
    assert settings.ring_hours == 24


def test_a_wrong_key_of_a_scenario_is_told_with_its_place() -> None:
    with pytest.raises(
        ScenarioError, match=r"x.toml \[tracker\]: log_order is 'first'; expected oldest, newest or inter"
    ):
        read_settings(TrackerSettings, {"log_order": "first"}, "x.toml [tracker]")


def test_the_largest_ring_can_say_how_many_epochs_wait() -> None:
    with pytest.raises(ScenarioError):
        read_settings(TrackerSettings, {"ring_hours": 36.1}, "x.toml [tracker]")
    assert TrackerSettings(ring_hours=36.0).ring_sectors * SLOTS < (1 << LAYOUTS[ROW]["buffer"].bits) - 1


@pytest.mark.parametrize("hours", [0.05, 0.3])
def test_the_ring_holds_so_many_hours_at_an_epoch_a_second_also_after_reboots(hours: float) -> None:
    flash = MemoryFlash()
    for _ in range(20):
        tracker = Tracker(flash, TrackerSettings(ring_hours=hours), FAMILY, seed=1)
    seconds = round(3600 * hours)
    for number in range(2 * seconds):
        text = write_epoch(row_of(number, boot=0, seq=0), FAMILY, own=False)
        assert tracker.hear(text, 1000 * number, Inputs(blade=1)) == [(1000 * number, number + 1)]
        assert tracker.ring.held >= min(number + 1, seconds)
    assert tracker.ring.overwritten > 0


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({}, None),
        ({"rate_hz": 1, "epochs_per_message": 5, "message_wait_s": 2.5}, None),
        ({"log_order": "newest", "compression": "zstd", "status_interval_s": 30}, None),
        ({"rate_hz": 3}, "rate_hz: expected 1, 2, 5 or 10"),
        ({"rate_hz": True}, "rate_hz: expected 1, 2, 5 or 10"),
        ({"epochs_per_message": 0}, "epochs_per_message: expected a whole number from 1 to 10"),
        ({"message_wait_s": "1"}, "message_wait_s: expected a number from 0 to 60"),
        ({"compression": None}, "compression: expected none, gzip or zstd"),
        ({"rate_hz": 1, "ring_hours": 1}, "unknown key ring_hours"),
        ({"x" * 64: 1}, "unknown key " + "x" * 64),
        ({"x" * 65: 1}, "unknown key"),
        ({"\0": 1}, "unknown key"),
    ],
)
def test_what_is_set_over_the_network_is_checked(values: dict[str, object], why: str | None) -> None:
    assert wrong_with(values) == why


def test_what_is_set_over_the_network_takes_the_place_of_the_scenario() -> None:
    values = dict(zip(REMOTE, (2, 3, 4.0, "newest", "none", 20.0), strict=True))
    settings = changed(TrackerSettings(watchdog_min=7.0), values)
    assert {key: getattr(settings, key) for key in REMOTE} == values
    assert settings.watchdog_min == 7.0
