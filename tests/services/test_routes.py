"""`snowtrack routes`: how far they are, and files to start from."""

import re
from collections.abc import Callable
from pathlib import Path

import orjson
import psycopg
import pytest

from snowtrack.cli import main
from snowtrack.fleet.tables import BY_NAME
from snowtrack.model.ids import DeviceId
from snowtrack.network.arrays import Network
from snowtrack.services.fleet import read_files
from tests.services.registry import NOTE, register
from tests.services.town import PLOUGH, streets
from tests.store.databases import count, rows
from tests.store.test_routes import add_route

Command = Callable[..., str]


@pytest.fixture
def command(
    clean_database: str, network_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Runs it, and gives what it printed; the line in which it failed begins with `snowtrack:`."""
    monkeypatch.setenv("SNOWTRACK_CONFIG", "")
    monkeypatch.setenv("SNOWTRACK_NETWORK_FOLDER", str(network_folder))
    monkeypatch.setenv("COLUMNS", "40")  # which a pipe is not

    def run(*arguments: str) -> str:
        monkeypatch.setattr("sys.argv", ["snowtrack", *arguments, "--database", clean_database])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert (ended.value.code == 0) == (said.err == "")
        return said.out + said.err

    return run


BEGUN = "insert into fold_progress values (%s, 1, now() - interval '5 hours')"
DONE = """
insert into segment_state (segment_id, direction, length_mm, covered_mm, covered, passes, first_at, last_at, done_at,
    fresh_at, evidence, confidence, last_device, spreads)
select %s, 0, %s, %s, '{}', 1, now(), now(), now(), now(), 0, 900, device, 0 from device
"""


def folded(url: str, network: Network, segment: int) -> None:
    """An event began five hours ago; a street is done, and another one is not."""
    length = int(network.length_mm[network.rows_of([segment])[0]])
    with psycopg.connect(url) as connection:
        connection.execute(BEGUN, [network.network_id])
        connection.execute(DONE, [segment, length, length])


def test_what_is_late_stands_first(command: Command, clean_database: str, network: Network) -> None:
    register(clean_database, PLOUGH)
    street, other = streets(network)
    add_route(clean_database, "1", (street, 0))
    add_route(clean_database, "2", (other, 0), due_min=60)
    folded(clean_database, network, street)
    lines = command("routes").splitlines()
    late, done = (line for line in lines if "号線" in line)
    assert "2号線" in late
    assert "未着手" in late
    assert "遅れ" in late
    assert "1号線" in done
    assert "完了" in done
    assert "100" in done


def test_as_json_it_is_for_machines(command: Command, clean_database: str, network: Network) -> None:
    register(clean_database, PLOUGH)
    add_route(clean_database, "1", (streets(network)[0], 0))
    (route,) = orjson.loads(command("routes", "--json"))
    assert (route["agency"], route["route"], route["percent"], route["state"]) == ("kanazawa", "1", 0, "waiting")


def test_what_the_roads_come_to_can_be_imported_as_it_is(
    command: Command, clean_database: str, network: Network, tmp_path: Path
) -> None:
    register(clean_database, PLOUGH)
    said = command("routes", "propose", "--out", str(tmp_path / "routes"))
    assert re.fullmatch(rf"{tmp_path / 'routes'}: (\d+) routes, {len(network):,} segments\n", said)
    sheets, problems = read_files([tmp_path / "routes"])
    assert problems == []
    assert [problem for sheet in sheets for problem in sheet.problems] == []
    assert {sheet.table for sheet in sheets} == {BY_NAME["routes"], BY_NAME["route_segments"]}
    command("fleet", "import", str(tmp_path / "routes"))
    assert count(clean_database, "route_segment") == len(network)
    found = rows(clean_database, "select name, priority, machine from route where route = %s", "国道900号")
    assert found == [("国道900号", 0, None)]
    assert f": {count(clean_database, 'route')} routes" in said
    again = command("routes", "propose", "--out", str(tmp_path / "again"))
    assert again.partition(": ")[2] == said.partition(": ")[2]


def test_roads_of_nobody_are_not_proposed_and_that_is_said(
    command: Command, clean_database: str, network: Network, tmp_path: Path
) -> None:
    register(clean_database, DeviceId("ken", "d1"))
    with psycopg.connect(clean_database) as connection:
        connection.execute("update agency set manages = 'prefecture'")
        connection.execute(NOTE.encode())
    said = command("routes", "propose", "--out", str(tmp_path / "routes"))
    assert "1 routes, 386 segments" in said
    assert f"{len(network) - 386:,} segments are left out" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ("routes",),
        ("routes", "propose", "--out", "x"),
        ("indicators", "--from", "2026-11-01", "--to", "2026-11-02"),
        ("events",),
        ("closures", "add", "5", "--reason", "ice", "--by", "Sato"),
    ],
)
def test_where_no_snowtrack_runs_that_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("SNOWTRACK_CONFIG", "")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["snowtrack", *arguments, "--data", "nosuch"])
    with pytest.raises(SystemExit) as ended:
        main()
    said = "snowtrack: no snowtrack runs in nosuch; start 'snowtrack up' there, or name one with --database\n"
    assert (ended.value.code, capsys.readouterr().err) == (1, said)


def test_a_folder_that_cannot_be_written_is_one_line(command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = command("routes", "propose", "--out", str(tmp_path / "file"))
    assert said.startswith(f"snowtrack: {tmp_path / 'file'}: cannot be written: ")
    assert said.count("\n") == 1
