"""The settings file of the repository shows every key, with the default that the program has."""

import re
import tomllib
from pathlib import Path
from typing import Any

from snowtrack.settings import Settings, load_settings

FILE = Path(__file__).parents[2] / "config" / "snowtrack.toml"
# A key whose default is that it is not set stands there as a comment.
UNSET = re.compile(r"^# (\w+ = .*)$", re.MULTILINE)


def test_the_file_has_all_keys_in_the_program_s_order() -> None:
    shown = tomllib.loads(UNSET.sub(r"\1", FILE.read_text("utf-8")))
    assert {group: list(keys) for group, keys in shown.items()} == {
        group: list(keys) for group, keys in Settings().model_dump().items()
    }


def test_the_file_has_the_defaults_of_the_program() -> None:
    defaults: dict[str, dict[str, Any]] = Settings().model_dump(mode="json", exclude_none=True)
    assert tomllib.loads(FILE.read_text("utf-8")) == defaults
    assert load_settings(FILE, {}) == Settings()


def test_only_keys_that_are_not_set_are_commented_out() -> None:
    unset = {key for keys in Settings().model_dump().values() for key, value in keys.items() if value is None}
    assert {line.partition(" ")[0] for line in UNSET.findall(FILE.read_text("utf-8"))} == unset


def test_each_key_is_explained_in_one_line() -> None:
    keys = [line for line in FILE.read_text("utf-8").splitlines() if re.match(r"(# )?\w+ = ", line)]
    assert len(keys) == sum(len(group) for group in Settings().model_dump().values())
    for line in keys:
        assert re.search(r" # .{8,}$", line), line
