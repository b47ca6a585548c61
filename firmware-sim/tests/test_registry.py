"""The registry of a scenario: every machine once, with its tracker; the twins are in no file."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest

from ploughsim import registry
from ploughsim.registry import write_registry
from ploughsim.roads.made import NetworkSettings, make_network
from ploughsim.running.night import open_night
from ploughsim.running.sensors import sensors_of
from ploughsim.scenario import Scenario, adjust, load_scenario
from ploughsim.world.machines import KINDS
from ploughsim.world.routes import WORK

TABLES = ("agencies", "contractors", "devices", "machines", "route_segments", "routes", "sensors")


def scenario_of(name: str = "fraud", **fleet: object) -> Scenario:
    return adjust(load_scenario(name), "fleet", {"machines": 12, **fleet})


def read(folder: Path, table: str) -> list[dict[str, str]]:
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_each_machine_has_one_tracker_and_twins_have_none(roads: Path, tmp_path: Path) -> None:
    scenario = scenario_of(twins=3)
    counts = write_registry(scenario, roads, tmp_path)
    own = {table: count for table, count in counts.items() if not table.startswith("route")}
    assert own == {"agencies": 1, "contractors": 1, "machines": 12, "devices": 12, "sensors": 0}
    units = open_night(scenario, roads, scenario.night.date_ms).world.units
    assert len(units) == 15
    expected = {(unit.device, unit.machine_number) for unit in units[:12]}
    assert {(row["device"], row["machine"]) for row in read(tmp_path, "devices")} == expected
    assert not {unit.device for unit in units[12:]} & {row["device"] for row in read(tmp_path, "devices")}
    kinds = {(row["machine"], row["kind"]) for row in read(tmp_path, "machines")}
    assert kinds == {(unit.machine_number, unit.kind) for unit in units}
    assert {row["valid_from"] for row in read(tmp_path, "devices")} == {"2020-01-01 00:00"}


def test_the_first_agency_manages_all_roads_and_all_share(roads: Path, tmp_path: Path) -> None:
    write_registry(scenario_of(agencies=["b", "a"]), roads, tmp_path)
    rows = [(row["agency"], row["manages"], row["shares_passes"]) for row in read(tmp_path, "agencies")]
    assert rows == [("b", "others", "yes"), ("a", "nothing", "yes")]
    assert [row["agency"] for row in read(tmp_path, "contractors")] == ["b", "a"]
    assert {row["agency"] for row in read(tmp_path, "machines")} == {"a", "b"}


def test_the_sensors_of_a_night_are_where_they_read(roads: Path, tmp_path: Path) -> None:
    scenario = scenario_of("demo")
    assert write_registry(scenario, roads, tmp_path)["sensors"] == scenario.snow.sensors == 4
    world = open_night(scenario, roads, scenario.night.date_ms).world
    placed = [(one.agency, one.name, one.lat_e7, one.lon_e7) for one in sensors_of(scenario, world).sensors]
    rows = read(tmp_path, "sensors")
    assert placed == [
        (row["agency"], row["sensor"], round(float(row["lat"]) * 1e7), round(float(row["lon"]) * 1e7)) for row in rows
    ]


def test_a_machine_is_described_by_its_kind(roads: Path, tmp_path: Path) -> None:
    write_registry(scenario_of(machines=20), roads, tmp_path)
    kinds = {row["kind"]: row for row in read(tmp_path, "machines")}
    assert (kinds["grader"]["class"], kinds["grader"]["blade_m"], kinds["grader"]["footways"]) == ("4.0m", "4.0", "no")
    assert (kinds["spreader"]["class"], kinds["spreader"]["blade_m"]) == ("散布幅3.5m", "")
    assert kinds["small"]["footways"] == "yes"


def test_without_footways_small_machines_work_on_roads(tmp_path: Path) -> None:
    make_network(NetworkSettings(kind="parallel", segments=1_000), tmp_path / "net")
    write_registry(scenario_of(machines=20), tmp_path / "net", tmp_path / "out")
    assert {row["footways"] for row in read(tmp_path / "out", "machines")} == {"no"}


def test_the_command_writes_the_same_files_again(roads: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ploughsim", "fleet", "demo", "--network", str(roads), "--out", str(tmp_path)]
    done = subprocess.run([*command, "--ploughs", "7"], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.startswith(f"{tmp_path}: 1 agencies, 1 contractors, 7 machines, 7 devices, ")
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    subprocess.run([*command, "--ploughs", "7"], capture_output=True, timeout=60, check=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == first
    assert sorted(first) == sorted(f"{name}.csv" for name in TABLES)


def test_the_roads_that_a_machine_ploughs_are_its_route_in_the_order_of_its_round(roads: Path, tmp_path: Path) -> None:
    scenario = scenario_of("demo", machines=20)
    write_registry(scenario, roads, tmp_path)
    world = open_night(scenario, roads, scenario.night.date_ms).world
    routes = {row["route"]: row for row in read(tmp_path, "routes")}
    lines: dict[str, list[tuple[str, str]]] = {}
    for position, row in enumerate(read(tmp_path, "route_segments")):
        assert row["position"] == str(len(lines.setdefault(row["route"], [])) + 1), position
        lines[row["route"]].append((row["segment_id"], row["direction"]))
    ids = world.network.segment_id.tolist()
    for unit in world.units:
        route = world.machines[unit.machine].route
        worked = [(int(lane) - WORK) for lane in route.tolist() if lane >= WORK]
        if KINDS[unit.kind].spreads or not worked:
            assert unit.machine_number not in routes
            continue
        own = routes[unit.machine_number]
        assert (own["agency"], own["machine"]) == (unit.agency, unit.machine_number)
        expected = [(str(ids[lane // 2]), ("along", "against")[lane % 2]) for lane in worked]
        assert lines[unit.machine_number] == expected
    assert set(lines) == set(routes)
    assert len(routes) > 10


def test_the_priority_of_a_route_is_that_of_most_of_its_length(roads: Path, tmp_path: Path) -> None:
    scenario = scenario_of("demo", machines=20)
    write_registry(scenario, roads, tmp_path)
    kinds = {row["machine"]: row["kind"] for row in read(tmp_path, "machines")}
    priorities = {kinds[row["machine"]]: row["priority"] for row in read(tmp_path, "routes")}
    assert priorities["small"] == "3"
    assert priorities["rotary"] in ("1", "2")


def test_more_lines_than_an_engine_takes_are_left_out(
    roads: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "ROUTE_LINES_MAX", 10)
    assert "routes" not in write_registry(scenario_of(), roads, tmp_path)


@pytest.mark.parametrize("more", [["--ploughs", "0"], ["--network", "/dev/null/x"]])
def test_wrong_input_is_one_clear_line(roads: Path, tmp_path: Path, more: list[str]) -> None:
    command = [sys.executable, "-m", "ploughsim", "fleet", "demo", "--network", str(roads), "--out", str(tmp_path)]
    done = subprocess.run([*command, *more], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in (1, 2)
    assert done.stderr.startswith("plough-sim: ")
    assert done.stderr.count("\n") == 1
