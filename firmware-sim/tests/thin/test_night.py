"""The night's clock and file: no instant twice, none from the future, and on as before after any stop."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ploughsim.errors import StateError
from ploughsim.thin.lanes import Lanes
from ploughsim.thin.night import Night
from ploughsim.thin.world import World

_START_MS = 1_768_400_000_000


def _new(lanes: Lanes, path: Path, *, speed: float = 10, seed: int = 1, rate_hz: int = 1) -> Night:
    return Night(World(lanes, ploughs=2, seed=seed, rate_hz=rate_hz), path, speed=speed, rate_hz=rate_hz)


def _steps(night: Night, count: int) -> list[int]:
    times = []
    for _ in range(count):
        night.step()
        times.append(night.time_ms)
    return times


@settings(max_examples=50, deadline=None)
@given(
    waits_ms=st.lists(st.integers(0, 1500), max_size=60),
    speed=st.sampled_from([0.5, 1, 10, 100]),
    rate_hz=st.sampled_from([1, 2, 5, 10]),
    lag_ms=st.integers(0, 30_000),
)
def test_no_stamp_is_later_than_the_wall_clock(
    lanes: Lanes, tmp_path_factory: pytest.TempPathFactory, waits_ms: list[int], speed: float, rate_hz: int, lag_ms: int
) -> None:
    night = _new(lanes, tmp_path_factory.mktemp("night") / "night.json", speed=speed, rate_hz=rate_hz)
    wall_ms = _START_MS + lag_ms
    night.resume(_START_MS)
    for wait_ms in waits_ms:
        wall_ms += wait_ms
        due = night.due(wait_ms / 1000, wall_ms)
        assert due <= speed * rate_hz * 2 + 1
        _steps(night, due)
        assert night.time_ms <= wall_ms


def test_time_runs_ten_times_as_fast_until_it_has_caught_up_and_then_with_the_wall(
    lanes: Lanes, tmp_path: Path
) -> None:
    night = _new(lanes, tmp_path / "night.json")
    night.resume(_START_MS)
    wall_ms, due = _START_MS + 90_000, []
    for _ in range(20):
        wall_ms += 1000
        due.append(night.due(1.0, wall_ms))
        _steps(night, due[-1])
    assert due == [10] * 10 + [1] * 10 or due == [10] * 9 + [10, *([1] * 10)]
    assert night.time_ms == wall_ms


def test_after_a_clean_stop_the_night_goes_on_with_the_next_instant(lanes: Lanes, tmp_path: Path) -> None:
    whole = _new(lanes, tmp_path / "whole.json")
    whole.resume(_START_MS)
    _steps(whole, 50)
    first = _new(lanes, tmp_path / "parts.json")
    first.resume(_START_MS)
    _steps(first, 20)
    first.close()
    second = _new(lanes, tmp_path / "parts.json")
    second.resume(_START_MS)
    _steps(second, 30)
    assert second.time_ms == whole.time_ms
    assert second.world.state() == whole.world.state()


@pytest.mark.parametrize("before_kill", [1, 57, 100, 101, 250])
def test_after_a_kill_no_instant_comes_twice_and_the_world_is_where_it_would_be(
    lanes: Lanes, tmp_path: Path, before_kill: int
) -> None:
    killed = _new(lanes, tmp_path / "night.json")
    killed.resume(_START_MS)
    _steps(killed, before_kill)
    again = _new(lanes, tmp_path / "night.json")
    again.resume(_START_MS)
    lost = again.world.tick - before_kill
    assert 0 <= lost <= 100
    assert again.time_ms == killed.time_ms + lost * 1000
    _steps(killed, lost)
    assert again.world.state() == killed.world.state()


def test_after_a_long_stop_the_night_goes_on_later_with_old_snow(lanes: Lanes, tmp_path: Path) -> None:
    first = _new(lanes, tmp_path / "night.json")
    first.resume(_START_MS)
    _steps(first, 20)
    first.close()
    second = _new(lanes, tmp_path / "night.json")
    second.resume(_START_MS + 3_600_000)
    assert second.time_ms == _START_MS + 3_600_000
    assert second.world.tick == 3600
    assert second.world.truth(0).at_m == first.world.truth(0).at_m


def test_another_fleet_starts_a_new_night_but_not_an_earlier_one(lanes: Lanes, tmp_path: Path) -> None:
    first = _new(lanes, tmp_path / "night.json")
    first.resume(_START_MS)
    _steps(first, 20)
    first.close()
    second = _new(lanes, tmp_path / "night.json", seed=2)
    second.resume(_START_MS)
    assert (second.time_ms, second.world.tick) == (first.time_ms, 0)


@pytest.mark.parametrize("content", ["{", "[]", '{"format":9}'])
def test_a_file_that_is_not_ours_is_named(lanes: Lanes, tmp_path: Path, content: str) -> None:
    path = tmp_path / "night.json"
    path.write_text(content)
    with pytest.raises(StateError, match=r"night\.json: .*remove the file"):
        _new(lanes, path).resume(_START_MS)
