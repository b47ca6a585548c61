"""What [receiver] and [clock] may hold."""

import pytest

from ploughsim.errors import ScenarioError
from ploughsim.receiver.settings import ClockSettings, ReceiverSettings
from ploughsim.rules import read_settings


def test_every_key_may_be_left_out() -> None:
    assert read_settings(ReceiverSettings, {}, "scenario: receiver") == ReceiverSettings()
    assert read_settings(ClockSettings, {}, "scenario: clock") == ClockSettings()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rate_hz", 3),
        ("sigma_m", -1),
        ("correlation_s", "60"),
        ("families", "unheard-of"),
        ("multipath", 1),
        ("cold_start_s", 901),
        ("losses_per_h", -0.1),
        ("speed_sigma_mps", 6),
        ("bit_errors", 0.5),
        ("lost_bytes", 0.5),
        ("cut_sentences_per_h", 5000),
        ("torn_starts", 2),
    ],
)
def test_what_a_receiver_cannot_be_is_refused(key: str, value: object) -> None:
    with pytest.raises(ScenarioError, match=f"scenario: receiver: {key} is"):
        read_settings(ReceiverSettings, {key: value}, "scenario: receiver")


def test_a_receiver_of_whole_seconds_is_asked_for_one_epoch_a_second() -> None:
    assert ReceiverSettings(families="garmin-18x").step_ms == 1000
    with pytest.raises(ScenarioError, match="garmin-18x writes whole seconds"):
        ReceiverSettings(families="garmin-18x", rate_hz=2)


@pytest.mark.parametrize(
    "values",
    [
        {"unset": 1.1},
        {"drift": -0.5},
        {"future_h": 0},
        {"rollover": 0.6, "future": 0.6},
        {"leap_second_on": "tomorrow"},
        {"leap_second_on": "2026-02-30"},
    ],
)
def test_what_a_clock_cannot_be_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ScenarioError, match="clock: "):
        read_settings(ClockSettings, values, "scenario: clock")


def test_shares_of_clocks_may_make_one() -> None:
    assert sum(ClockSettings(unset=0.5, future=0.5).shares) == 1
