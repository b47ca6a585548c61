"""Epochs depend on the seed, the unit and the instant, however the calls are cut, and are what their families show."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ploughsim.compiled import Array
from ploughsim.receiver.receivers import Receivers
from ploughsim.receiver.settings import ClockSettings, ReceiverSettings
from ploughsim.sentences.epoch import EPOCH, UNKNOWN
from ploughsim.sentences.families import FAMILIES, FAMILY_NAMES
from ploughsim.sentences.read import read_epoch
from ploughsim.sentences.write import write_epoch, write_epochs
from ploughsim.world.truth import Sky

UNITS = 60
EVENTFUL = ReceiverSettings(losses_per_h=60, cold_start_s=20)
FAULTY = ClockSettings(unset=0.1, default_date=0.2, rollover=0.1, drift=0.2, jump=0.1, leap_second=0.1, future=0.1)
Drive = Callable[..., Array]


@pytest.fixture(scope="module")
def night(drive: Drive) -> Array:
    """Ten minutes of tunnels, streets, sheds and power cuts."""
    truth = drive(UNITS, 0, 600, speed_mmps=7_000, course_cdeg=31_000, blade_input=1)
    since_s = (truth["time_ms"] - truth["on_ms"]) // 1000
    truth["sky"] = (since_s // 37 + truth["unit"]) % 11 % 4
    for boot, on_s in ((2, 200), (3, 430)):
        later = since_s >= on_s + truth["unit"]
        truth["boot"][later] = boot
        truth["on_ms"][later] = truth["time_ms"].min() + 1000 * (on_s + truth["unit"][later]) - 300
    powered: Array = truth[(truth["time_ms"] - truth["on_ms"] >= 0) & (since_s % 200 != 7)]
    return powered


def observe(truth: Array, seed: int = 1, settings: ReceiverSettings = EVENTFUL) -> Array:
    return Receivers(settings, FAULTY, UNITS, seed).observe(truth)


def test_the_night_is_eventful(night: Array) -> None:
    assert set(night["sky"]) == set(Sky)
    assert {0, 1, 2, 6} == set(observe(night)["quality"])


@given(cuts=st.lists(st.integers(1, 599), max_size=4))
def test_how_the_calls_are_cut_makes_no_difference(night: Array, cuts: list[int]) -> None:
    receivers = Receivers(EVENTFUL, FAULTY, UNITS, 1)
    since_s = (night["time_ms"] - night["time_ms"].min()) // 1000
    epochs = np.empty(len(night), EPOCH)
    for first, last in pairwise([0, *sorted(cuts), 600]):
        span = (since_s >= first) & (since_s < last)
        epochs[span] = receivers.observe(night[span])
    assert np.array_equal(epochs, observe(night))


def test_second_by_second_is_the_same_as_all_at_once(night: Array) -> None:
    receivers = Receivers(EVENTFUL, FAULTY, UNITS, 1)
    epochs = np.empty(len(night), EPOCH)
    for time_ms in np.unique(night["time_ms"]):
        now = night["time_ms"] == time_ms
        epochs[now] = receivers.observe(night[now])
    text, _ = write_epochs(epochs, receivers.families[night["unit"]])
    at_once, _ = write_epochs(observe(night), receivers.families[night["unit"]])
    assert text.tobytes() == at_once.tobytes()


@given(units=st.sets(st.integers(0, UNITS - 1), min_size=1))
def test_a_unit_does_not_depend_on_the_others(night: Array, units: set[int]) -> None:
    some = np.isin(night["unit"], list(units))
    assert np.array_equal(observe(night[some]), observe(night)[some])


def test_another_seed_is_another_night(night: Array) -> None:
    assert observe(night, 2)["lat"].tolist() != observe(night)["lat"].tolist()
    assert np.array_equal(observe(night, 1), observe(night))


def test_truth_that_cannot_be_written_to_is_observed_all_the_same(night: Array) -> None:
    frozen = np.frombuffer(night.tobytes(), night.dtype)
    assert np.array_equal(observe(frozen), observe(night))


def test_nothing_to_observe_gives_nothing(night: Array) -> None:
    assert len(observe(night[:0])) == 0


def test_every_family_shows_only_what_it_can_say_and_what_is_read_back(night: Array) -> None:
    receivers = Receivers(EVENTFUL, FAULTY, UNITS, 1)
    epochs = receivers.observe(night)
    names = tuple(EPOCH.fields or ())[12:]
    assert set(receivers.families) == set(range(len(FAMILIES)))
    for row in range(0, len(epochs), 7):
        epoch, family = epochs[row : row + 1], int(receivers.families[night["unit"][row]])
        read = read_epoch(write_epoch(epoch, family, own=False), family)
        assert read is not None
        assert [read[name][0] for name in names] == [epoch[name][0] for name in names]


def test_one_family_may_be_asked_for() -> None:
    for name in FAMILY_NAMES:
        families = Receivers(ReceiverSettings(families=name), FAULTY, UNITS, 1).families
        assert {FAMILY_NAMES[family] for family in families} == {name}


def test_what_the_tracker_adds_follows_the_truth(drive: Drive) -> None:
    truth = drive(3, 0, 300, boot=4, angle_tenths=-250, density_tenths=205, width_tenths=32)
    truth["on_ms"] -= 1500
    for unit, inputs in enumerate(((1, 0, 1), (-1, 1, -1), (-1, -1, -1))):
        for name, value in zip(("blade_input", "spreader_input", "pto_input"), inputs, strict=True):
            truth[name][truth["unit"] == unit] = value
    epochs = observe(truth).reshape(3, -1)
    assert (epochs["boot"] == 4).all()
    assert (epochs["uptime_ms"] == 1500 + 1000 * np.arange(300)).all()
    shown = [
        [int(epochs[name][unit, -1]) for name in ("blade", "spreader", "pto", "angle_tenths", "width_tenths", "inputs")]
        for unit in range(3)
    ]
    assert shown == [
        [1, 0, 1, -250, 32, 0b101],
        [-1, 1, -1, UNKNOWN, 32, 0b010],
        [-1, -1, -1, UNKNOWN, UNKNOWN, UNKNOWN],
    ]
    assert (epochs["density_tenths"] == np.array([[205], [205], [UNKNOWN]])).all()
    assert 1360 <= epochs["battery_hundredths"].min() < epochs["battery_hundredths"].max() <= 1400
    assert set(epochs["seq"].ravel()) == {0}
    assert set(epochs["buffer"].ravel()) == {UNKNOWN}


@pytest.mark.parametrize("rate_hz", [1, 2, 5, 10])
def test_no_receiver_writes_two_epochs_with_the_same_time(drive: Drive, rate_hz: int) -> None:
    receivers = Receivers(ReceiverSettings(rate_hz=rate_hz, cold_start_s=0), ClockSettings(), UNITS, 1)
    epochs = receivers.observe(drive(UNITS, 0, 3, 1000 // rate_hz)).reshape(UNITS, -1)
    assert (np.diff(epochs["clock_ms"], axis=1) == 1000 // rate_hz).all()
    assert len(set(receivers.families)) == len(FAMILIES) - (rate_hz > 1)


@pytest.mark.parametrize("rate_hz", [1, 2, 5, 10])
def test_the_rate_is_said_as_a_step(rate_hz: int) -> None:
    assert ReceiverSettings(rate_hz=rate_hz).step_ms * rate_hz == 1000
