"""The night's clock and file: no instant twice, none from the future, and on as before after any stop."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ploughsim.errors import StateError
from ploughsim.running.pace import Pace

START_MS = 1_768_400_000_000


def pace_at(path: Path, *, speed: float = 10, step_ms: int = 1000, seed: int = 1) -> Pace:
    return Pace(path, {"seed": seed}, speed=speed, step_ms=step_ms)


@given(
    waits_ms=st.lists(st.integers(0, 1500), max_size=60),
    speed=st.sampled_from([0.5, 1, 10, 1000]),
    step_ms=st.sampled_from([1000, 500, 200, 100]),
    lag_ms=st.integers(0, 30_000),
)
def test_no_instant_is_later_than_the_wall_clock(
    tmp_path_factory: pytest.TempPathFactory, waits_ms: list[int], speed: float, step_ms: int, lag_ms: int
) -> None:
    pace = pace_at(tmp_path_factory.mktemp("night") / "night.json", speed=speed, step_ms=step_ms)
    wall_ms = START_MS + lag_ms
    pace.begin(START_MS)
    for wait_ms in waits_ms:
        wall_ms += wait_ms
        steps = pace.due(wait_ms / 1000, wall_ms)
        assert steps <= max(speed, 5) * 1000 / step_ms * 2 + 1
        first_ms, stop_ms = pace.go_on(steps)
        assert stop_ms - first_ms == steps * step_ms
        assert stop_ms - step_ms <= wall_ms or not steps


def test_time_runs_ten_times_as_fast_until_it_has_caught_up_and_then_with_the_wall(tmp_path: Path) -> None:
    pace = pace_at(tmp_path / "night.json")
    pace.begin(START_MS)
    wall_ms, steps = START_MS + 90_000, []
    for _ in range(20):
        wall_ms += 1000
        steps.append(pace.due(1.0, wall_ms))
        pace.go_on(steps[-1])
    assert steps == [10] * 10 + [2] + [1] * 9
    assert pace.time_ms == wall_ms + 1000


def test_at_real_speed_it_keeps_up_with_the_wall_however_long_the_start_took(tmp_path: Path) -> None:
    pace = pace_at(tmp_path / "night.json", speed=1)
    pace.begin(START_MS)
    wall_ms = START_MS + 3_000
    for _ in range(20):
        wall_ms += 100
        pace.go_on(pace.due(0.1, wall_ms))
    assert wall_ms - pace.time_ms <= 0


def test_after_a_clean_stop_the_night_goes_on_with_the_next_instant(tmp_path: Path) -> None:
    first = pace_at(tmp_path / "night.json")
    first.begin(START_MS)
    first.go_on(20)
    first.close()
    second = pace_at(tmp_path / "night.json")
    second.begin(START_MS)
    assert (second.start_ms, second.go_on(1)) == (START_MS, (START_MS + 20_000, START_MS + 21_000))


@pytest.mark.parametrize("steps", [1, 57, 100, 101, 250])
def test_after_a_kill_no_instant_comes_twice(tmp_path: Path, steps: int) -> None:
    killed = pace_at(tmp_path / "night.json")
    killed.begin(START_MS)
    for _ in range(steps):
        killed.go_on(1)
    again = pace_at(tmp_path / "night.json")
    again.begin(START_MS)
    assert again.start_ms == START_MS
    assert 0 <= again.time_ms - killed.time_ms <= 100_000


def test_after_a_kill_the_night_is_not_ahead_of_the_wall_for_long(tmp_path: Path) -> None:
    killed = pace_at(tmp_path / "night.json", speed=1000)
    killed.begin(START_MS)
    wall_ms = START_MS + 300_000
    killed.go_on(killed.due(0.1, wall_ms))
    again = pace_at(tmp_path / "night.json", speed=1000)
    again.begin(START_MS)
    assert killed.time_ms <= again.time_ms <= wall_ms + 10_000


def test_after_a_long_stop_the_night_goes_on_later(tmp_path: Path) -> None:
    first = pace_at(tmp_path / "night.json")
    first.begin(START_MS)
    first.go_on(20)
    first.close()
    second = pace_at(tmp_path / "night.json")
    second.begin(START_MS + 3_600_000)
    assert (second.start_ms, second.time_ms) == (START_MS, START_MS + 3_600_000)


def test_another_fleet_starts_a_new_night_but_not_an_earlier_one(tmp_path: Path) -> None:
    first = pace_at(tmp_path / "night.json")
    first.begin(START_MS)
    first.go_on(20)
    first.close()
    second = pace_at(tmp_path / "night.json", seed=2)
    second.begin(START_MS)
    assert second.start_ms == second.time_ms == START_MS + 20_000


@pytest.mark.parametrize("content", ["{", "[]", '{"format":1}', '{"format":2}'])
def test_a_file_that_is_not_ours_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "night.json"
    path.write_text(content)
    with pytest.raises(StateError, match=r"night\.json: .*remove the file"):
        pace_at(path).begin(START_MS)
