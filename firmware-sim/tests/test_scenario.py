"""Scenarios: what they may say, and what is said of a wrong one."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from ploughsim.errors import ScenarioError
from ploughsim.scenario import SECTIONS, NightSettings, Scenario, adjust, load_scenario, shipped

GOOD = '[night]\nname = "x"\n'
NAMES = [name for name, _ in shipped()]


def load(folder: Path, text: str) -> Scenario:
    path = folder / "night.toml"
    path.write_text(text, encoding="utf-8")
    return load_scenario(str(path))


def test_the_demo_is_forty_ploughs_of_ishikawa_ten_times_as_fast() -> None:
    demo = load_scenario("demo")
    assert (demo.fleet.agencies, demo.fleet.machines, demo.night.speed) == (["ishikawa"], 40, 10)


def test_all_that_come_along_are_read_and_say_what_they_are() -> None:
    assert set(NAMES) >= {"demo", "quiet", "storm", "flood", "clocks", "parallel", "pass", "echelon", "fraud", "load"}
    for name, words in shipped():
        assert load_scenario(name).night.name == name
        assert 10 < len(words) < 120


def test_keys_with_a_default_may_be_left_out(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD) == Scenario(night=NightSettings(name="x"))


@pytest.mark.parametrize(("start", "lag_s"), [("now", 0), ("now-3h", 10800), ("now-30m", 1800), ("now-90s", 90)])
def test_a_start_is_so_far_in_the_past(start: str, lag_s: int) -> None:
    assert NightSettings(name="x", start=start).start_ms(1_000_000_000) == 1_000_000_000 - lag_s * 1000


def test_a_night_in_a_file_begins_at_its_date_in_japan() -> None:
    night = NightSettings(name="x", date="2026-01-14 18:00", hours=1.5)
    assert (night.date_ms, night.lasts_ms) == (1_768_381_200_000, 5_400_000)
    for date, said in (("2026-02-30 18:00", "which is no time"), ("9999-12-31 23:59", "the years 1981 to 2078")):
        with pytest.raises(ScenarioError, match=f"date is '{date}'.*{said}"):
            NightSettings(name="x", date=date)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sede = 3", r"night\.toml: \[night\]: unknown key sede; known are name, seed, speed"),
        ('seed = "1"', r"night\.toml: \[night\]: seed is '1'; expected a whole number from 0"),
        ("seed = true", "seed is True; expected a whole number"),
        ("speed = 0", "speed is 0; expected a number from 0.1 to 1000"),
        ("speed = nan", "speed is nan; expected a number"),
        ('start = "yesterday"', 'start is \'yesterday\'; expected "now", or "now-3h"'),
        ("[receiver]\nrate_hz = 3", r"\[receiver\]: rate_hz is 3; expected 1, 2, 5 or 10"),
        ("[receiver]\nmultipath = 1", "multipath is 1; expected true or false"),
        ('[receiver]\nfamilies = "ublox"', "families is 'ublox'; expected mixed, "),
        ("[tracker]\nepochs_per_message = 11", r"\[tracker\]: .* expected a whole number from 1 to 10"),
        ('[fleet]\nagencies = ["a/b"]', r"agencies is \['a/b'\]; expected a list of 1 to 100"),
        ("[fleet]\nkinds = { truck = 0 }", "expected a table of numbers from 0 to 1000, one of them above 0"),
        ("[fleet]\nkinds = { car = 1 }", "for some of grader, dozer"),
        ("[radio]\nloss = 1.5", "loss is 1.5; expected a number from 0 to 1"),
        ("[clock]\nfuture = 0.6\njump = 0.6", "the shares make 1.2 together"),
        ("[fleets]", r"night\.toml: unknown section fleets; known are night, network"),
        ("= 5", r"night\.toml: Invalid"),
    ],
)
def test_a_wrong_key_is_named_with_its_file_and_what_was_expected(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        load(tmp_path, f"{GOOD}{text}")


def test_what_is_needed_is_missed(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"\[night\]: name is missing; expected 1 to 64 letters"):
        load(tmp_path, "[night]\nseed = 1\n")
    with pytest.raises(ScenarioError, match=r"section \[night\] is missing"):
        load(tmp_path, "")
    with pytest.raises(ScenarioError, match=r"\[night\]: expected a table"):
        load(tmp_path, "night = 1")


def test_an_unknown_name_lists_the_scenarios_that_come_along() -> None:
    with pytest.raises(ScenarioError, match="nowhere: no such file, and no such scenario; there are: clocks, demo"):
        load_scenario("nowhere")


def test_flags_replace_keys_and_are_checked_alike() -> None:
    demo = load_scenario("demo")
    changed = adjust(demo, "night", {"seed": None, "speed": 2.5})
    assert (changed.night.seed, changed.night.speed, changed.fleet) == (demo.night.seed, 2.5, demo.fleet)
    with pytest.raises(ScenarioError, match="command line: machines is 0"):
        adjust(demo, "fleet", {"machines": 0})


@pytest.mark.parametrize("section", SECTIONS)
def test_the_readme_explains_every_key_and_no_other(section: str) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    _, _, text = readme.partition(f"\n### [{section}]")
    explained = re.findall(r"^\| `(\w+)` \|", text.partition("\n##")[0], re.MULTILINE)
    assert explained == [key.name for key in fields(SECTIONS[section])]
