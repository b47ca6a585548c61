"""Attribute mappings: which column of a source holds what, and what its values mean. Examples: config/roads/.

attribution = "…"                        who made the data
encoding = "cp932"                       of its texts, where the file does not say
[columns]         name = "路線名"          ours = theirs
[values.manager]  "1" = "nation"         for one of ours: their value = our word
[defaults]        manager = "municipality"   where there is no column or nothing in it
"""

import tomllib
from codecs import lookup
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

from snowtrack.model.errors import NetworkDataError
from snowtrack.network.arrays import Kind, Manager, RoadClass, Structure
from snowtrack.roads.lines import TEXTS

YES_NO = {"yes": 1, "no": 0, "true": 1, "false": 0, "1": 1, "0": 0}
ONEWAY = {"both": 0, "forward": 1, "backward": -1, "yes": 1, "no": 0, "true": 1, "false": 0, "1": 1, "0": 0, "-1": -1}


def _words(kind: type[IntEnum]) -> dict[str, int]:
    return {member.name.lower(): int(member) for member in kind}


# What stands in words, and the number of each word.
WORDS: Mapping[str, Mapping[str, int]] = {
    "class": _words(RoadClass),
    "manager": _words(Manager),
    "kind": _words(Kind),
    "structure": _words(Structure),
    "oneway": ONEWAY,
    "footway": YES_NO,
    "bridge": YES_NO,
    "tunnel": YES_NO,
}
# What is a number: its smallest and largest value, and how many of the network's units one of it is.
NUMBERS = {"level": (-20, 20, 1), "lanes": (0, 20, 1), "width_m": (0, 100, 1000), "priority": (0, 255, 1)}
OURS = (*TEXTS, *WORDS, *NUMBERS)
SAYINGS = ("attribution", "encoding")
TABLES = ("columns", "values", "defaults")


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeMapping:
    """A mapping, checked. `values` are by the value of the source, `defaults` numbers of the network."""

    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    defaults: Mapping[str, int] = field(default_factory=dict)
    attribution: str | None = None
    encoding: str | None = None


def read_mapping(path: Path) -> AttributeMapping:
    """A mapping file, refused with the key that is wrong."""
    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except FileNotFoundError:
        raise NetworkDataError(f"{path}: there is no such mapping") from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NetworkDataError(f"{path}: cannot be read: {error}") from error
    _known(path, "key", content, (*SAYINGS, *TABLES))
    tables = {name: content.get(name, {}) for name in TABLES}
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise NetworkDataError(f"{path}: {name} must be a table, [{name}]")
    _known(path, "columns", tables["columns"], OURS)
    _known(path, "values", tables["values"], tuple(WORDS))
    _known(path, "defaults", tables["defaults"], (*WORDS, *NUMBERS))
    for ours, theirs in tables["columns"].items():
        if not isinstance(theirs, str):
            raise NetworkDataError(f"{path}: columns.{ours}: expected the name of a column, found {theirs!r}")
    for key in SAYINGS:
        if not isinstance(content.get(key, ""), str):
            raise NetworkDataError(f"{path}: {key}: expected a text")
    encoding = content.get("encoding")
    if encoding is not None and not _is_encoding(encoding):
        raise NetworkDataError(f"{path}: encoding: {encoding!r} is unknown; Japanese files often have cp932")
    return AttributeMapping(
        columns=tables["columns"],
        values={ours: _values(path, ours, given) for ours, given in tables["values"].items()},
        defaults={ours: _default(path, ours, given) for ours, given in tables["defaults"].items()},
        attribution=content.get("attribution"),
        encoding=encoding,
    )


def _is_encoding(name: str) -> bool:
    try:
        lookup(name)
    except LookupError:
        return False
    return True


def _known(path: Path, what: str, given: Iterable[str], known: tuple[str, ...]) -> None:
    wrong = [key for key in given if key not in known]
    if wrong:
        raise NetworkDataError(f"{path}: {what}: {wrong[0]!r} is unknown; there are {', '.join(known)}")


def _values(path: Path, ours: str, given: object) -> dict[str, int]:
    if not isinstance(given, dict):
        raise NetworkDataError(f"{path}: values.{ours} must be a table, [values.{ours}]")
    return {theirs: _word(path, f"values.{ours}.{theirs}", ours, word) for theirs, word in given.items()}


def _default(path: Path, ours: str, given: object) -> int:
    if ours in WORDS:
        return _word(path, f"defaults.{ours}", ours, given)
    least, most, units = NUMBERS[ours]
    if isinstance(given, bool) or not isinstance(given, int | float) or not least <= given <= most:
        raise NetworkDataError(f"{path}: defaults.{ours}: expected a number from {least} to {most}, found {given!r}")
    return round(given * units)


def _word(path: Path, where: str, ours: str, word: object) -> int:
    number = WORDS[ours].get(str(word).lower())
    if number is None:
        raise NetworkDataError(f"{path}: {where}: {word!r} is unknown; there are {', '.join(WORDS[ours])}")
    return number
