"""Scenarios: what night to simulate. A TOML file, in which every key is checked against one table."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from ploughsim.errors import ScenarioError
from ploughsim.thin.tracker import LIVE_EPOCHS_MAX

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_START = re.compile(r"now(?:-(\d{1,4})([hms]))?")
_JAPAN_MS = 9 * 3_600_000
_UNIT_S = {"h": 3600, "m": 60, "s": 1}


@dataclass(frozen=True, slots=True)
class _Rule:
    """What a key may hold; `fits` sees only values of one of the types."""

    types: tuple[type, ...]
    expected: str
    fits: Callable[[Any], bool]

    def accepts(self, value: object) -> bool:
        return type(value) in self.types and self.fits(value)


def _text(expected: str, pattern: re.Pattern[str]) -> dict[str, _Rule]:
    return {"rule": _Rule((str,), expected, lambda value: pattern.fullmatch(value) is not None)}


def _whole(lowest: int, highest: int) -> dict[str, _Rule]:
    expected = f"a whole number from {lowest} to {highest}"
    return {"rule": _Rule((int,), expected, lambda value: lowest <= value <= highest)}


def _number(lowest: float, highest: float) -> dict[str, _Rule]:
    expected = f"a number from {lowest:g} to {highest:g}"
    return {"rule": _Rule((int, float), expected, lambda value: lowest <= value <= highest)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Names are the keys of the file. Keys with a default may be left out."""

    name: str = field(metadata=_text("1 to 64 letters, digits, _ or -", _ID))
    agency: str = field(metadata=_text("1 to 64 letters, digits, _ or -", _ID))
    ploughs: int = field(metadata=_whole(1, 10_000))
    seed: int = field(default=1, metadata=_whole(0, 2**63 - 1))
    speed: float = field(default=1.0, metadata=_number(0.1, 100))
    start: str = field(default="now", metadata=_text('"now", or "now-3h", "now-30m", "now-90s"', _START))
    not_before_hour: int = field(default=-1, metadata=_whole(-1, 23))
    rate_hz: int = field(default=1, metadata={"rule": _Rule((int,), "1, 2, 5 or 10", {1, 2, 5, 10}.__contains__)})
    epochs_per_message: int = field(default=10, metadata=_whole(1, LIVE_EPOCHS_MAX))
    message_wait_s: float = field(default=1.0, metadata=_number(0, 60))
    noise_sigma_m: float = field(default=1.5, metadata=_number(0, 100))
    noise_correlation_s: float = field(default=60.0, metadata=_number(0.1, 86_400))
    ring_slots: int = field(default=43_200, metadata=_whole(100, 1_000_000))

    def start_ms(self, wall_ms: int) -> int:
        """When the night starts: so far in the past, but not before the last `not_before_hour` in Japan."""
        match = _START.fullmatch(self.start)
        amount, unit = match.groups() if match else (None, None)
        start_ms = wall_ms - (int(amount) * _UNIT_S[unit] * 1000 if amount and unit else 0)
        if self.not_before_hour < 0:
            return start_ms
        since_ms = (wall_ms + _JAPAN_MS - self.not_before_hour * 3_600_000) % 86_400_000
        return max(start_ms, wall_ms - since_ms)


_RULES: dict[str, _Rule] = {key.name: key.metadata["rule"] for key in fields(Scenario)}
_REQUIRED = ("name", "agency", "ploughs")


def load_scenario(name_or_path: str) -> Scenario:
    """A file, or else a scenario that comes with the package, by its name."""
    path = Path(name_or_path)
    source: Path | Traversable = path if path.is_file() else _shipped() / f"{name_or_path}.toml"
    if not source.is_file():
        names = sorted(item.name.removesuffix(".toml") for item in _shipped().iterdir() if item.name.endswith(".toml"))
        raise ScenarioError(f"{name_or_path}: no such file, and no such scenario; there are: {', '.join(names)}")
    try:
        values = tomllib.loads(source.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"{source}: {error}") from error
    missing = [key for key in _REQUIRED if key not in values]
    if missing:
        raise ScenarioError(f"{source}: {missing[0]} is missing; expected {_RULES[missing[0]].expected}")
    _check(values, str(source))
    return Scenario(**values)


def adjust(scenario: Scenario, flags: Mapping[str, Any]) -> Scenario:
    """The scenario with keys replaced by the command's flags; None leaves a key as it is."""
    given = {key: value for key, value in flags.items() if value is not None}
    _check(given, "command line")
    return replace(scenario, **given)


def _check(values: Mapping[str, object], source: str) -> None:
    for key, value in values.items():
        rule = _RULES.get(key)
        if rule is None:
            raise ScenarioError(f"{source}: unknown key {key}; known are {', '.join(_RULES)}")
        if not rule.accepts(value):
            raise ScenarioError(f"{source}: {key} is {value!r}; expected {rule.expected}")


def _shipped() -> Traversable:
    return resources.files("ploughsim") / "scenarios"
