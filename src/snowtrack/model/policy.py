"""What the agencies agreed: when a segment is done, when it needs work again. By version, agency and class of road.

A version is valid from a day on. The one valid when an event began makes its facts; the one valid now makes labels.
What a version does not say is as in `BUILT_IN`, which `config/policy.toml` shows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from itertools import pairwise
from typing import Any, NoReturn

from snowtrack.model.calendar import HOUR_US, MINUTE_US, day_range_us
from snowtrack.model.errors import ConfigError
from snowtrack.model.ids import ID_PATTERN

# In the order of the numbers that the network gives them, then footways, which are a class here.
ROAD_CLASSES = ("unknown", "national", "prefectural", "main", "local", "ramp", "frontage", "footway")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRules:
    """For one class of road. `criterion_mm` is the new snow that asks for work (出動基準)."""

    criterion_mm: int
    done_permille: int = 900
    passes: int = 1
    both_ways: bool = False
    aged_us: int = 6 * HOUR_US
    due_us: int = 12 * HOUR_US


_WIDE = ClassRules(criterion_mm=100, both_ways=True, due_us=4 * HOUR_US)
_NARROW = ClassRules(criterion_mm=300)
_DEFAULT = {
    "unknown": _NARROW,
    "national": _WIDE,
    "prefectural": _WIDE,
    "main": _WIDE,
    "local": _NARROW,
    "ramp": replace(_WIDE, both_ways=False),
    "frontage": _NARROW,
    "footway": replace(_NARROW, criterion_mm=150, due_us=24 * HOUR_US),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version. `agencies` holds what some of them have otherwise."""

    version: int = 1
    valid_from: date = date(2020, 1, 1)
    under_way_us: int = 10 * MINUTE_US
    quiet_us: int = 6 * HOUR_US
    sensor_reach_mm: int = 10_000_000
    default: Mapping[str, ClassRules] = field(default_factory=lambda: dict(_DEFAULT))
    agencies: Mapping[str, Mapping[str, ClassRules]] = field(default_factory=dict)

    @property
    def valid_from_us(self) -> int:
        """Midnight in Japan."""
        return day_range_us(self.valid_from)[0]

    def rules_of(self, agency: str | None) -> Mapping[str, ClassRules]:
        """By class; of an agency that has nothing else, the default."""
        return self.default if agency is None else self.agencies.get(agency, self.default)

    def as_json(self) -> dict[str, Any]:
        """All of it, whatever it was left to the default; the same for the same policy."""
        return {**asdict(self), "valid_from": self.valid_from.isoformat()}


BUILT_IN = Policy()


@dataclass(frozen=True, slots=True)
class Policies:
    """All versions, in the order in which they become valid."""

    versions: tuple[Policy, ...] = (BUILT_IN,)

    def at(self, time_us: int) -> Policy:
        """The version that is valid then; before the first one, the first."""
        valid = [one for one in self.versions if one.valid_from_us <= time_us]
        return valid[-1] if valid else self.versions[0]

    def quiet_us(self, time_us: int) -> int:
        """How much quiet ends a snow event that was last known to go on then."""
        return self.at(time_us).quiet_us


@dataclass(frozen=True, slots=True)
class _Unit:
    """A key of the file: where it goes, in which unit, and which numbers make sense."""

    name: str
    scale: int
    low: float
    high: float

    def read(self, value: object, place: str) -> int:
        kinds, what = (int | float, "a number") if self.scale > 1 else (int, "a whole number")
        if isinstance(value, bool) or not isinstance(value, kinds) or not self.low <= value <= self.high:
            _refuse(place, f"{value!r} does not fit; expected {what} from {self.low:g} to {self.high:g}")
        return round(value * self.scale)


_VERSION_KEYS = {
    "under_way_min": _Unit("under_way_us", MINUTE_US, 1, 24 * 60),
    "quiet_h": _Unit("quiet_us", HOUR_US, 1, 7 * 24),
    "sensor_reach_km": _Unit("sensor_reach_mm", 1_000_000, 0.1, 200),
}
_CLASS_KEYS = {
    "criterion_cm": _Unit("criterion_mm", 10, 1, 500),
    "done_percent": _Unit("done_permille", 10, 1, 100),
    "passes": _Unit("passes", 1, 1, 20),
    "aged_h": _Unit("aged_us", HOUR_US, 0.1, 24 * 30),
    "due_h": _Unit("due_us", HOUR_US, 0.1, 24 * 30),
}


def read_policies(content: Mapping[str, Any], source: str) -> Policies:
    """What a policy file says, checked; `source` names it in what is said about a fault."""
    _known(content, ("versions",), source)
    listed = content.get("versions")
    if not isinstance(listed, list) or not listed:
        _refuse(source, "no version; expected at least one [[versions]]")
    versions = tuple(_version(one, f"{source}: versions[{number}]") for number, one in enumerate(listed))
    for earlier, later in pairwise(versions):
        if not (earlier.version < later.version and earlier.valid_from < later.valid_from):
            _refuse(
                f"{source}: version {later.version}",
                f"does not follow version {earlier.version}; numbers and valid_from have to grow from one to the next",
            )
    return Policies(versions)


def _version(content: object, place: str) -> Policy:
    table = _table(content, place)
    _known(table, ("version", "valid_from", *_VERSION_KEYS, "default", "agencies"), place)
    number, valid_from = table.get("version"), table.get("valid_from")
    if type(number) is not int or number < 1:
        _refuse(f"{place}.version", f"{number!r} does not fit; expected a number from 1")
    if type(valid_from) is not date:
        _refuse(
            f"{place}.valid_from", f"{valid_from!r} does not fit; expected a day such as 2026-12-01, without quotes"
        )
    default = _classes(table.get("default", {}), _DEFAULT, f"{place}.default")
    agencies = _table(table.get("agencies", {}), f"{place}.agencies")
    for agency in agencies:
        if not ID_PATTERN.fullmatch(agency):
            _refuse(f"{place}.agencies", f"{agency!r} is no id of an agency; expected 1 to 64 of A-Z a-z 0-9 _ -")
    return Policy(
        version=number,
        valid_from=valid_from,
        default=default,
        agencies={one: _classes(said, default, f"{place}.agencies.{one}") for one, said in sorted(agencies.items())},
        **dict(_numbers(table, _VERSION_KEYS, place)),
    )


def _classes(content: object, base: Mapping[str, ClassRules], place: str) -> dict[str, ClassRules]:
    table = _table(content, place)
    _known(table, ROAD_CLASSES, place)
    return {name: _rules(table.get(name, {}), base[name], f"{place}.{name}") for name in ROAD_CLASSES}


def _rules(content: object, base: ClassRules, place: str) -> ClassRules:
    table = _table(content, place)
    _known(table, (*_CLASS_KEYS, "both_ways"), place)
    both_ways = table.get("both_ways", base.both_ways)
    if not isinstance(both_ways, bool):
        _refuse(f"{place}.both_ways", f"{both_ways!r} does not fit; expected true or false")
    return replace(base, both_ways=both_ways, **dict(_numbers(table, _CLASS_KEYS, place)))


def _numbers(table: Mapping[str, Any], units: Mapping[str, _Unit], place: str) -> Iterator[tuple[str, int]]:
    for key, unit in units.items():
        if key in table:
            yield unit.name, unit.read(table[key], f"{place}.{key}")


def _table(content: object, place: str) -> Mapping[str, Any]:
    if not isinstance(content, Mapping):
        _refuse(place, f"{content!r} does not fit; expected a table")
    return content


def _known(table: Mapping[str, Any], keys: Sequence[str], place: str) -> None:
    for key in table:
        if key not in keys:
            _refuse(place, f"unknown key {key!r}; expected one of {', '.join(keys)}")


def _refuse(place: str, what: str) -> NoReturn:
    raise ConfigError(f"{place}: {what}")
