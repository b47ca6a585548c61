"""What results rest on beside the fixes: the program, the roads, the settings and the registry; and what differs.

It is noted of each track, so that it can be said why it would come to something else today.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from snowtrack.model.calendar import SECOND_US, utc_text
from snowtrack.model.fleet import Fleet
from snowtrack.model.machines import MachineKind
from snowtrack.pipeline.engine import Engine

# Grows when the same fixes on the same roads, by the same settings, come to other results.
RESULTS_VERSION = 2
NOBODYS = "unregistered"


class Reason(StrEnum):
    """Why stored results differ from what their fixes come to now."""

    PROGRAM = "program"
    NETWORK = "network"
    SETTINGS = "settings"
    REGISTRY = "registry"
    WAITING = "not computed yet"
    """Fixes came late, or the registry changed, and the stretch still waits for ingest."""
    OTHER_FIXES = "other fixes"
    """An archive has not the fixes that the results were computed from."""
    NO_FIXES = "no fixes"
    """Fixes that they were computed from are no longer there, so nobody could make them again."""
    NOT_NOTED = "not noted"
    """Nothing was noted of what they were computed with."""
    UNEXPLAINED = "unexplained"
    """They should be the same. This is a fault of the program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What an engine computes with. `settings` are those of its policy, by name."""

    results: int
    network_id: str
    settings: Mapping[str, int]
    fleet_version: int

    @classmethod
    def of(cls, engine: Engine) -> Self:
        return cls(
            results=RESULTS_VERSION,
            network_id=engine.network.network_id,
            settings=dict(_flat(asdict(engine.policy))),
            fleet_version=engine.fleet.version,
        )

    def differs(self, other: "Basis") -> dict[Reason, str]:
        """Why these two come to different results, but for the registry; with what it was and what it is."""
        found = {}
        if self.results != other.results:
            found[Reason.PROGRAM] = f"results version {self.results} → {other.results}"
        if self.network_id != other.network_id:
            found[Reason.NETWORK] = f"{self.network_id} → {other.network_id}"
        names = sorted({*self.settings, *other.settings})
        values = ((name, self.settings.get(name), other.settings.get(name)) for name in names)
        changed = [
            f"{name.removesuffix('_us')} {_said(name, was)} → {_said(name, is_)}"
            for name, was, is_ in values
            if was != is_
        ]
        if changed:
            found[Reason.SETTINGS] = ", ".join(changed)
        return found


def known_as(fleet: Fleet, device: int, from_us: int, to_us: int) -> str:
    """What the registry says that a device was on during a track: kinds of machines, and when they changed."""
    own = fleet.mountings_of(device)
    said: list[tuple[int, str]] = [(from_us, NOBODYS)]
    for start_us, end_us, kind, footways in zip(
        own.from_us.tolist(), own.to_us.tolist(), own.kind.tolist(), own.footways.tolist(), strict=True
    ):
        if start_us <= to_us and end_us > from_us:
            word = f"{MachineKind(kind).word}{' on footways' if footways == 1 else ''}"
            begins_us = max(start_us, from_us)
            said = [one for one in said if one[0] < begins_us]
            said += [(begins_us, word), (end_us, NOBODYS)]
    words: list[str] = []
    last = None
    for at_us, word in said:
        if word != last and at_us <= to_us:
            words.append(word if at_us == from_us else f"{word} from {utc_text(at_us)}")
            last = word
    return ", ".join(words)


def _flat(settings: Mapping[str, Any], within: str = "") -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    for name, value in settings.items():
        found += _flat(value, f"{within}{name}.") if isinstance(value, Mapping) else [(f"{within}{name}", value)]
    return found


def _said(name: str, value: int | None) -> str:
    if value is None:
        return "nothing"
    return f"{value / SECOND_US:g} s" if name.endswith("_us") else str(value)
