"""Scenarios: what they may say, and what is said of a wrong one."""

import re
from dataclasses import fields
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from ploughsim.errors import ScenarioError
from ploughsim.thin.scenario import Scenario, adjust, load_scenario

_GOOD = 'name = "x"\nagency = "kanazawa"\nploughs = 2\n'


def _load(folder: Path, text: str) -> Scenario:
    path = folder / "night.toml"
    path.write_text(text, encoding="utf-8")
    return load_scenario(str(path))


def test_the_demo_is_forty_ploughs_of_ishikawa_ten_times_as_fast() -> None:
    demo = load_scenario("demo")
    assert (demo.agency, demo.ploughs, demo.speed) == ("ishikawa", 40, 10)
    assert (demo.noise_sigma_m, demo.noise_correlation_s) == (1.5, 60)


def test_keys_with_a_default_may_be_left_out(tmp_path: Path) -> None:
    assert _load(tmp_path, _GOOD) == Scenario(name="x", agency="kanazawa", ploughs=2)


@pytest.mark.parametrize(("start", "lag_s"), [("now", 0), ("now-3h", 10800), ("now-30m", 1800), ("now-90s", 90)])
def test_a_start_is_so_far_in_the_past(tmp_path: Path, start: str, lag_s: int) -> None:
    assert _load(tmp_path, f'{_GOOD}start = "{start}"').start_ms(1_000_000_000) == 1_000_000_000 - lag_s * 1000


@pytest.mark.parametrize(("clock", "starts"), [("12:05", "12:00"), ("14:30", "13:00"), ("00:30", "23:00")])
def test_the_demo_never_starts_before_the_noon_of_its_event(clock: str, starts: str) -> None:
    japan = timezone(timedelta(hours=9))
    wall = datetime.fromisoformat(f"2026-01-14T{clock}").replace(tzinfo=japan)
    start_ms = load_scenario("demo").start_ms(int(wall.timestamp() * 1000))
    assert datetime.fromtimestamp(start_ms / 1000, japan).strftime("%H:%M") == starts


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("plouhgs = 3", r"night\.toml: unknown key plouhgs; known are name, agency, ploughs"),
        ('seed = "1"', r"night\.toml: seed is '1'; expected a whole number from 0"),
        ("seed = true", "seed is True; expected a whole number"),
        ("speed = 0", "speed is 0; expected a number from 0.1 to 100"),
        ("speed = nan", "speed is nan; expected a number"),
        ("rate_hz = 3", "rate_hz is 3; expected 1, 2, 5 or 10"),
        ('start = "yesterday"', 'start is \'yesterday\'; expected "now", or "now-3h"'),
        ("epochs_per_message = 11", "expected a whole number from 1 to 10"),
        ("ring_slots = 5", "ring_slots is 5; expected"),
        ("= 5", r"night\.toml: Invalid"),
    ],
)
def test_a_wrong_key_is_named_with_its_file_and_what_was_expected(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        _load(tmp_path, _GOOD + line)


def test_an_agency_that_is_no_topic_part_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="agency is 'a/b'; expected 1 to 64 letters"):
        _load(tmp_path, _GOOD.replace("kanazawa", "a/b"))


def test_a_key_that_is_needed_is_missed(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="ploughs is missing; expected a whole number"):
        _load(tmp_path, 'name = "x"\nagency = "y"')


def test_an_unknown_name_lists_the_scenarios_that_come_along() -> None:
    with pytest.raises(ScenarioError, match="nowhere: no such file, and no such scenario; there are: demo"):
        load_scenario("nowhere")


def test_flags_replace_keys_and_are_checked_alike() -> None:
    demo = load_scenario("demo")
    changed = adjust(demo, {"ploughs": 3, "seed": None, "speed": 2.5})
    assert (changed.ploughs, changed.seed, changed.speed) == (3, demo.seed, 2.5)
    with pytest.raises(ScenarioError, match="command line: ploughs is 0"):
        adjust(demo, {"ploughs": 0})


def test_the_readme_explains_every_key_and_no_other() -> None:
    readme = Path(__file__).parents[2].joinpath("README.md").read_text(encoding="utf-8")
    _, keys = readme.split("## Scenarios")
    explained = re.findall(r"^\| `(\w+)` \|", keys.split("## ")[0], re.MULTILINE)
    assert explained == [key.name for key in fields(Scenario)]
