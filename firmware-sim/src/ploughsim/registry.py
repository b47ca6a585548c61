"""A scenario's machines as an engine's registry would have them: CSV files of agencies, firms, machines, trackers and
routes.

The format is that of `snowtrack fleet import`. A second tracker on a machine is the fraud, and nobody registered it.
The roads that a machine ploughs are its route, in the order of its round.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ploughsim.roads.read import CARRIAGEWAY, FOOTWAY, MAIN, NATIONAL, PREFECTURAL, RAMP, RoadNetwork
from ploughsim.running.night import open_night
from ploughsim.running.sensors import sensors_of
from ploughsim.scenario import Scenario
from ploughsim.whole import write_whole
from ploughsim.world.fleet import Machine
from ploughsim.world.machines import KINDS, Unit
from ploughsim.world.night import World
from ploughsim.world.routes import WORK
from ploughsim.world.sensors import Sensor

# Before any night that a scenario can be about.
REGISTERED = "2020-01-01 00:00"
CONTRACTOR = "C-1"
# More an engine does not take in one file; it makes routes of its roads by itself then.
ROUTE_LINES_MAX = 500_000
_PRIORITY = {NATIONAL: 1, PREFECTURAL: 1, MAIN: 2, RAMP: 2}
_LAST_PRIORITY = 3

Rows = Iterator[Sequence[object]]
"""A header, then rows."""
Lanes = NDArray[np.int64]


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
        "sensors": _sensors(sensors_of(scenario, world).sensors),
    }
    planned = _planned(world, mounted)
    if sum(len(lanes) for _, lanes in planned) <= ROUTE_LINES_MAX:
        tables |= {"routes": _routes(world, planned), "route_segments": _route_segments(world.network, planned)}
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


def _sensors(sensors: Sequence[Sensor]) -> Rows:
    yield "agency", "sensor", "name", "lat", "lon"
    for sensor in sensors:
        yield sensor.agency, sensor.name, f"積雪計 {sensor.name}", sensor.lat_e7 / 1e7, sensor.lon_e7 / 1e7


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


def _planned(world: World, mounted: Sequence[Unit]) -> list[tuple[Unit, Lanes]]:
    """Who ploughs which lanes, in the order of the round. One that follows or only stands has none of its own."""
    ploughs = [unit for unit in mounted if not KINDS[unit.kind].spreads]
    planned = [(unit, _worked(world.machines[unit.machine])) for unit in ploughs]
    return [(unit, lanes) for unit, lanes in planned if len(lanes)]


def _worked(machine: Machine) -> Lanes:
    route = machine.route.astype(np.int64)
    return route[route >= WORK] - WORK


def _routes(world: World, planned: Sequence[tuple[Unit, Lanes]]) -> Rows:
    yield "agency", "route", "name", "district", "priority", "contractor", "machine"
    for unit, lanes in planned:
        named = unit.agency, unit.machine_number, f"{unit.machine_number} 受持路線"
        district = f"第{world.machines[unit.machine].yard + 1}工区"
        yield *named, district, _priority(world.network, lanes), CONTRACTOR, unit.machine_number


def _route_segments(network: RoadNetwork, planned: Sequence[tuple[Unit, Lanes]]) -> Rows:
    yield "agency", "route", "position", "segment_id", "direction"
    for unit, lanes in planned:
        for position, lane in enumerate(lanes.tolist(), start=1):
            along = "against" if lane % 2 else "along"
            yield unit.agency, unit.machine_number, position, int(network.segment_id[lane // 2]), along


def _priority(network: RoadNetwork, lanes: Lanes) -> int:
    """That of most of its length; footways come last."""
    rows = lanes // 2
    length = dict.fromkeys(range(1, _LAST_PRIORITY + 1), 0)
    columns = (network.kind, network.road_class, network.length_mm)
    for kind, road_class, mm in zip(*(column[rows].tolist() for column in columns), strict=True):
        length[_PRIORITY.get(road_class, _LAST_PRIORITY) if kind == CARRIAGEWAY else _LAST_PRIORITY] += mm
    return max(length, key=lambda priority: length[priority])
