"""What the keys of a scenario may hold: each field of a settings class carries its rule.

machines: int = field(default=40, metadata=whole(1, 10_000))
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar

from ploughsim.errors import ScenarioError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Settings = TypeVar("Settings", bound="DataclassInstance")

ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Rule:
    """`fits` sees only values of one of the types."""

    types: tuple[type, ...]
    expected: str
    fits: Callable[[Any], bool]

    def accepts(self, value: object) -> bool:
        return type(value) in self.types and self.fits(value)


def whole(lowest: int, highest: int) -> dict[str, Rule]:
    """A whole number."""
    expected = f"a whole number from {lowest} to {highest}"
    return {"rule": Rule((int,), expected, lambda value: lowest <= value <= highest)}


def number(lowest: float, highest: float) -> dict[str, Rule]:
    """Any number."""
    expected = f"a number from {lowest:g} to {highest:g}"
    return {"rule": Rule((int, float), expected, lambda value: lowest <= value <= highest)}


def share() -> dict[str, Rule]:
    """A part of the whole."""
    return number(0, 1)


def yes_or_no() -> dict[str, Rule]:
    """True or false."""
    return {"rule": Rule((bool,), "true or false", lambda _: True)}


def one_of(*choices: str | int) -> dict[str, Rule]:
    """One of a few words or numbers."""
    expected = ", ".join(map(str, choices[:-1])) + f" or {choices[-1]}"
    return {"rule": Rule((type(choices[0]),), expected, choices.__contains__)}


def text(expected: str, pattern: re.Pattern[str]) -> dict[str, Rule]:
    """A word of a certain form."""
    return {"rule": Rule((str,), expected, lambda value: pattern.fullmatch(value) is not None)}


def shares(*names: str) -> dict[str, Rule]:
    """A table of weights, at least one above 0."""
    expected = f"a table of numbers from 0 to 1000, one of them above 0, for some of {', '.join(names)}"
    return {"rule": Rule((dict,), expected, lambda table: _are_weights(table, names))}


def read_settings(kind: type[Settings], values: object, place: str) -> Settings:
    """Settings from a table of a scenario; `place` names file and section in errors."""
    if not isinstance(values, dict):
        raise ScenarioError(f"{place}: expected a table")
    known = {one.name: one for one in fields(kind)}
    for key, value in values.items():
        if key not in known:
            raise ScenarioError(f"{place}: unknown key {key}; known are {', '.join(known)}")
        rule = rule_of(known[key])
        if not rule.accepts(value):
            raise ScenarioError(f"{place}: {key} is {value!r}; expected {rule.expected}")
    missing = [one.name for one in known.values() if _is_needed(one) and one.name not in values]
    if missing:
        raise ScenarioError(f"{place}: {missing[0]} is missing; expected {rule_of(known[missing[0]]).expected}")
    try:
        return kind(**values)
    except ScenarioError as error:
        raise ScenarioError(f"{place}: {error}") from error


def rule_of(key: Field[Any]) -> Rule:
    rule: Rule = key.metadata["rule"]
    return rule


def _is_needed(key: Field[Any]) -> bool:
    return key.default is MISSING and key.default_factory is MISSING


def _are_weights(table: Mapping[Any, Any], names: tuple[str, ...]) -> bool:
    weights = list(table.values())
    numbers = all(type(weight) in (int, float) and 0 <= weight <= 1000 for weight in weights)
    return set(table) <= set(names) and numbers and sum(weights) > 0
