"""Scenarios: what night to simulate, as TOML. Each section is checked against the rules of its settings."""

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta, timezone
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from ploughsim.errors import ScenarioError
from ploughsim.radio.settings import RadioSettings
from ploughsim.receiver.settings import ClockSettings, ReceiverSettings
from ploughsim.roads.made import NetworkSettings
from ploughsim.rules import ID, number, read_settings, text, whole
from ploughsim.tracker.settings import TrackerSettings
from ploughsim.world.settings import FleetSettings, SnowSettings

JAPAN = timezone(timedelta(hours=9))
_AGO = re.compile(r"now(?:-(\d{1,4})([hms]))?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}")
_FIRST_YEAR, _LAST_YEAR = 1981, 2078
_UNIT_S = {"h": 3600, "m": 60, "s": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class NightSettings:
    """Section [night].

    Against a broker the night begins at `start`, and runs `speed` times as fast as real time until it reaches the clock
    on the wall. In a file it begins at `date`, in Japan. After `hours` it is over; 0 is never. With `gateways`,
    messages of all trackers come over so many connections, as from a maker's own servers, and no tracker keeps
    anything.
    """

    name: str = field(metadata=text("1 to 64 letters, digits, _ or -", ID))
    seed: int = field(default=1, metadata=whole(0, 2**62))
    speed: float = field(default=1.0, metadata=number(0.1, 1000))
    start: str = field(default="now", metadata=text('"now", or "now-3h", "now-30m", "now-90s"', _AGO))
    date: str = field(default="2026-01-14 18:00", metadata=text('a time such as "2026-01-14 18:00"', _DAY))
    hours: float = field(default=0.0, metadata=number(0, 2400))
    gateways: int = field(default=0, metadata=whole(0, 1000))

    def start_ms(self, wall_ms: int) -> int:
        """When it begins against a broker."""
        match = _AGO.fullmatch(self.start)
        amount, unit = match.groups() if match else (None, None)
        return wall_ms - (int(amount) * _UNIT_S[unit] * 1000 if amount and unit else 0)

    @property
    def lasts_ms(self) -> int:
        """Whole seconds; without an end 0."""
        return math.ceil(round(self.hours * 3600, 6)) * 1000

    @property
    def date_ms(self) -> int:
        """When it begins in a file."""
        begins = datetime.strptime(self.date, "%Y-%m-%d %H:%M").replace(tzinfo=JAPAN)
        return round(begins.timestamp() * 1000)

    def __post_init__(self) -> None:
        try:
            year = datetime.strptime(self.date, "%Y-%m-%d %H:%M").replace(tzinfo=JAPAN).year
        except ValueError as error:
            raise ScenarioError(f"date is {self.date!r}, which is no time") from error
        if not _FIRST_YEAR <= year <= _LAST_YEAR:
            raise ScenarioError(f"date is {self.date!r}; receivers know the years {_FIRST_YEAR} to {_LAST_YEAR}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Names are the sections of the file."""

    night: NightSettings
    network: NetworkSettings = field(default_factory=NetworkSettings)
    fleet: FleetSettings = field(default_factory=FleetSettings)
    snow: SnowSettings = field(default_factory=SnowSettings)
    receiver: ReceiverSettings = field(default_factory=ReceiverSettings)
    clock: ClockSettings = field(default_factory=ClockSettings)
    tracker: TrackerSettings = field(default_factory=TrackerSettings)
    radio: RadioSettings = field(default_factory=RadioSettings)


SECTIONS: dict[str, type[Any]] = {
    "night": NightSettings,
    "network": NetworkSettings,
    "fleet": FleetSettings,
    "snow": SnowSettings,
    "receiver": ReceiverSettings,
    "clock": ClockSettings,
    "tracker": TrackerSettings,
    "radio": RadioSettings,
}


def load_scenario(name_or_path: str) -> Scenario:
    """A file, or the name of a scenario that comes along."""
    ours = _shipped() / f"{name_or_path}.toml"
    source: Path | Traversable = ours if ours.is_file() else Path(name_or_path)
    if not source.is_file():
        names = ", ".join(name for name, _ in shipped())
        raise ScenarioError(f"{name_or_path}: no such file, and no such scenario; there are: {names}")
    try:
        tables = tomllib.loads(source.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScenarioError(f"{source}: {error}") from error
    unknown = [key for key in tables if key not in SECTIONS]
    if unknown:
        raise ScenarioError(f"{source}: unknown section {unknown[0]}; known are {', '.join(SECTIONS)}")
    if "night" not in tables:
        raise ScenarioError(f"{source}: section [night] is missing; it holds at least name")
    return Scenario(
        **{name: read_settings(SECTIONS[name], table, f"{source}: [{name}]") for name, table in tables.items()}
    )


def shipped() -> list[tuple[str, str]]:
    """The scenarios that come along, and the first line of each, which says what it is."""
    texts = {entry.name: entry.read_text(encoding="utf-8") for entry in _shipped().iterdir()}
    return sorted((name.removesuffix(".toml"), text.partition("\n")[0].lstrip("# ")) for name, text in texts.items())


def adjust(scenario: Scenario, section: str, flags: Mapping[str, Any]) -> Scenario:
    """The scenario with keys of a section replaced by the command's flags; None leaves a key as it is."""
    given = {key: value for key, value in flags.items() if value is not None}
    before = getattr(scenario, section)
    values = {one.name: getattr(before, one.name) for one in fields(before)} | given
    return replace(scenario, **{section: read_settings(SECTIONS[section], values, "command line")})


def _shipped() -> Traversable:
    """Beside the sources, or where a wheel puts them."""
    beside = Path(__file__).parents[2] / "scenarios"
    return beside if beside.is_dir() else resources.files("ploughsim") / "scenarios"
