"""A scenario's machines as an engine's registry would have them: CSV files of agencies, firms, machines and trackers.

The format is that of `snowtrack fleet import`. A second tracker on a machine is the fraud, and nobody registered it.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from ploughsim.roads.read import FOOTWAY
from ploughsim.running.night import open_night
from ploughsim.scenario import Scenario
from ploughsim.whole import write_whole
from ploughsim.world.machines import KINDS, Unit
from ploughsim.world.night import World

# Before any night that a scenario can be about.
REGISTERED = "2020-01-01 00:00"
CONTRACTOR = "C-1"

Rows = Iterator[Sequence[object]]
"""A header, then rows."""


def write_registry(scenario: Scenario, network: Path, folder: Path) -> dict[str, int]:
    """A file of each table, in place of what was there; how many rows each has. A network that is not there is made."""
    world = open_night(scenario, network, scenario.night.date_ms).world
    agencies = scenario.fleet.agencies
    mounted = [unit for unit in world.units if unit.twin_of is None]
    tables = {
        "agencies": _agencies(agencies),
        "contractors": _contractors(agencies),
        "machines": _machines(world, mounted),
        "devices": _devices(mounted),
    }
    folder.mkdir(parents=True, exist_ok=True)
    counts = {}
    for name, rows in tables.items():
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        counts[name] = sum(1 for row in rows if writer.writerow(row)) - 1
        write_whole(folder / f"{name}.csv", text.getvalue().encode("utf-8"))
    return counts


def _agencies(agencies: Sequence[str]) -> Rows:
    """The first one manages all roads, the others help."""
    yield "agency", "name", "manages", "shares_passes", "shares_states"
    for place, agency in enumerate(agencies):
        yield agency, agency, "nothing" if place else "others", "yes", "yes"


def _contractors(agencies: Sequence[str]) -> Rows:
    yield "agency", "contractor", "name"
    for agency in agencies:
        yield agency, CONTRACTOR, f"{agency} 除雪"


def _machines(world: World, mounted: Sequence[Unit]) -> Rows:
    """Where a network has no footways, small machines work on its roads."""
    footways = bool((world.network.kind == FOOTWAY).any())
    yield "agency", "machine", "kind", "class", "blade_m", "footways", "owner", "contractor"
    for unit in mounted:
        kind = KINDS[unit.kind]
        size = f"{kind.blade_m:.1f}m" if kind.blade_m else f"散布幅{kind.spread_m:.1f}m"
        works_there = "yes" if kind.footways and footways else "no"
        owner = "own" if unit.machine % 3 == 2 else "lent"
        yield unit.agency, unit.machine_number, unit.kind, size, kind.blade_m or "", works_there, owner, CONTRACTOR


def _devices(mounted: Sequence[Unit]) -> Rows:
    yield "agency", "device", "machine", "valid_from"
    for unit in mounted:
        yield unit.agency, unit.device, unit.machine_number, REGISTERED
