"""`snowtrack fleet`: files into the registry, all or nothing, and out of it again; and what a change sets off."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import orjson
import pytest
from psycopg import AsyncConnection

from snowtrack import wall_clock
from snowtrack.fleet.tables import TABLES
from snowtrack.model.calendar import DAY_US, SECOND_US
from snowtrack.model.errors import SnowtrackError
from snowtrack.model.fleet import FOREVER_US
from snowtrack.model.ids import DeviceId
from snowtrack.model.machines import MachineKind
from snowtrack.model.passes import PassBatch
from snowtrack.services.fleet import Import, export_fleet, import_fleet, show_fleet
from snowtrack.settings import Settings, load_settings
from snowtrack.store.database import connect
from snowtrack.store.devices import Note, device_number, find_device, note_devices
from snowtrack.store.fixes import FixWriter
from snowtrack.store.fleet import hold_fleet, read_fleet
from snowtrack.store.instants import to_instant
from snowtrack.store.passes import add_passes
from snowtrack.store.states import take_touched
from tests.services.waiting import until
from tests.store.databases import count, rows
from tests.store.test_fixes import batch, fix

pytestmark = pytest.mark.anyio
SAMPLE = Path(__file__).parents[2] / "config" / "fleet"
AT = 1_700_000_000 * SECOND_US
FILES = {
    "agencies": "agency,name,manages,shares_passes\nken,石川県,県,no\n",
    "machines": "agency,machine,kind\nken,KG-1,grader\nken,YM-1,small\n",
    "devices": "agency,device,machine,valid_from,valid_to\nken,d1,KG-1,2020-01-01,\n",
}


@pytest.fixture
def settings(clean_database: str, tmp_path: Path) -> Settings:
    flags = [f"database.url={clean_database}", f"data.folder={tmp_path / 'data'}"]
    return load_settings(None, {"SNOWTRACK_CONFIG": ""}, flags)


@pytest.fixture
async def connection(clean_database: str) -> AsyncIterator[AsyncConnection]:
    async with connect(clean_database, name="test") as connection:
        yield connection


def written(folder: Path, files: dict[str, str], **changed: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in (files | changed).items():
        (folder / f"{name}.csv").write_text(text, "utf-8")
    return folder


async def taken(settings: Settings, *paths: Path, dry_run: bool = False, network: Path | None = None) -> bool:
    return await import_fleet(settings, Import(paths=paths, dry_run=dry_run, network=network))


async def test_the_sample_is_imported_exported_and_then_nothing_is_new(
    settings: Settings, network_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sorted(path.stem for path in SAMPLE.iterdir()) == sorted(table.name for table in TABLES)
    assert await taken(settings, SAMPLE, network=network_folder)
    said = capsys.readouterr().out
    assert "machines: 7 added\n" in said
    assert "registry: version 1\n" in said
    await export_fleet(settings, tmp_path / "out", personal=True)
    capsys.readouterr()
    assert await taken(settings, tmp_path / "out", network=network_folder)
    said = capsys.readouterr().out
    assert "devices: 6 as before\n" in said
    assert said.endswith("nothing is new; nothing was written\n")
    assert "added" not in said


async def test_devices_of_a_file_have_numbers_before_they_are_heard(
    settings: Settings, connection: AsyncConnection, tmp_path: Path
) -> None:
    assert await taken(settings, written(tmp_path / "in", FILES))
    device = await find_device(connection, DeviceId("ken", "d1"))
    assert device is not None
    start_us = 1_577_804_400 * SECOND_US
    fleet = await read_fleet(connection)
    assert fleet.mountings.rows() == [(device, start_us, FOREVER_US, MachineKind.GRADER, 0, 0)]
    assert fleet.version == 1


async def test_a_dry_run_says_what_would_be_and_writes_nothing(
    settings: Settings, clean_database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await taken(settings, written(tmp_path / "in", FILES))
    tables = ("agency", "machine", "mounting", "device", "dirty", "touched")
    before = [rows(clean_database, f"select * from {table}") for table in (*tables, "fleet_version")]
    capsys.readouterr()
    machines = "agency,machine,kind,class\nken,KG-1,small,14t\nken,KG-3,patrol,\n"
    devices = "agency,device,machine,valid_from\nken,d2,KG-3,2026-11-01\n"
    assert await taken(settings, written(tmp_path / "more", {"machines": machines, "devices": devices}), dry_run=True)
    assert capsys.readouterr().out == (
        "machines: 1 added, 1 changed\n"
        "devices: 1 added\n"
        "machines ken/KG-1: kind 除雪グレーダ → 小形除雪車, class nothing → 14t\n"
        "dry run: nothing was written\n"
    )
    assert [rows(clean_database, f"select * from {table}") for table in (*tables, "fleet_version")] == before


async def test_with_problems_nothing_is_written_and_each_is_a_line(
    settings: Settings, clean_database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    machines = "agency,machine,kind\nken,KG-1,ドーザー\nkuni,KG-2,grader\n"
    folder = written(tmp_path / "in", FILES, machines=machines, tractors="x\n")
    assert not await taken(settings, folder)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[0] for line in lines[:-1]] == [
        f"{folder}/tractors.csv:1",
        "machines.csv:2",
        "machines.csv:3",
    ]
    assert lines[1].startswith('machines.csv:2: kind: "ドーザー" is no kind; expected one of grader 除雪グレーダ')
    assert lines[-1] == "3 problems; nothing was written"
    assert [count(clean_database, table) for table in ("agency", "machine", "mounting", "fleet_version")] == [0] * 4


async def test_a_file_that_is_no_table_keeps_the_others_from_being_written(
    settings: Settings, clean_database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = written(tmp_path / "in", FILES, machine="agency\n")
    assert not await taken(settings, folder)
    assert "machine.csv:1: there is no such table; call the file one of agencies.csv, con" in capsys.readouterr().out
    (folder / "machine.csv").unlink()
    assert not await taken(settings, folder, folder / "machines.csv")
    assert "machines.csv:1: machines.csv is given twice" in capsys.readouterr().out
    assert count(clean_database, "agency") == 0


async def test_segments_are_looked_up_in_the_network_that_is_named_or_set(
    settings: Settings, network_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {
        "agencies": FILES["agencies"],
        "routes": "agency,route,name\nken,R,大通り\n",
        "route_segments": "agency,route,position,segment_id\nken,R,1,5\n",
    }
    folder = written(tmp_path / "in", files)
    assert await taken(settings, folder, dry_run=True)
    assert not await taken(settings, folder, network=network_folder)
    assert "route_segments.csv:2: segment_id: segment 5 is not in the network" in capsys.readouterr().out
    set_network = [f"database.url={settings.database.url}", f"network.folder={network_folder}"]
    assert not await taken(load_settings(None, {"SNOWTRACK_CONFIG": ""}, set_network), folder)


async def test_what_is_private_is_exported_when_it_is_asked_for(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await taken(settings, SAMPLE)
    capsys.readouterr()
    for personal in (False, True):
        out = tmp_path / str(personal)
        await export_fleet(settings, out, personal=personal)
        texts = {path.name: path.read_text("utf-8-sig") for path in out.iterdir()}
        assert all((file.stat().st_mode & 0o077 == 0) == personal for file in out.iterdir())
        assert ("operators.csv" in texts) == ("operators" in capsys.readouterr().out) == personal
        everything = "".join(texts.values())
        assert [word in everything for word in ("雪野", "example.jp", "当直", "白山建設")] == [*[personal] * 3, True]
    assert await taken(settings, tmp_path / "False")
    assert capsys.readouterr().out.endswith("nothing is new; nothing was written\n")


async def test_the_summary_shows_who_has_what_and_what_nobody_registered(
    settings: Settings, connection: AsyncConnection, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await taken(settings, written(tmp_path / "in", FILES))
    stranger = await device_number(connection, DeviceId("shi", "stranger"))
    await note_devices(connection, {stranger: Note(7, AT, AT)}, 1)
    capsys.readouterr()
    await show_fleet(settings, as_json=False)
    said = capsys.readouterr().out
    for words in (
        "registry: version 1\n",
        "mounted now: 1 (ken 1)\n",
        "(kept, and credited with nothing): 1\n  shi/stranger, 7 fixes, last heard 2023-11-15 07:13\n",
        "machines without a device: 1\n  ken/YM-1\n",
    ):
        assert words in said
    await show_fleet(settings, as_json=True)
    told = orjson.loads(capsys.readouterr().out)
    assert told["unregistered"][0]["device"] == "shi/stranger"
    assert told["mounted"] == [{"device": "ken/d1", "machine": "KG-1"}]


async def worked(connection: AsyncConnection) -> int:
    """A device with fixes on two days, and a pass on each."""
    device = await device_number(connection, DeviceId("ken", "d1"))
    fixes = batch(fix(1, AT), fix(2, AT + 5 * DAY_US), device=device)
    await FixWriter(connection).write(fixes, np.ones(2, np.bool_))
    passes = [(device, 7 + day, 1, 0, 9, AT + day * DAY_US, AT + day * DAY_US + 5, 0, 0, 900, 0) for day in (0, 5)]
    await add_passes(connection, PassBatch.from_rows(passes))
    await take_touched(connection, 100)
    return device


async def test_a_device_that_is_registered_is_computed_again_from_its_first_fix(
    settings: Settings, clean_database: str, connection: AsyncConnection, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    device = await worked(connection)
    assert await taken(settings, written(tmp_path / "in", FILES))
    assert "computed again: 1 stretch of tracks; looked at again: 2 segments\n" in capsys.readouterr().out
    ((marked, from_time, to_time),) = rows(clean_database, "select device, from_time, to_time from dirty")
    assert (marked, from_time) == (device, to_instant(AT))
    assert to_time > to_instant(AT + 5 * DAY_US)
    assert await take_touched(connection, 100) == [7, 12]


# Which file is how, from when on the device is computed again, and which segments are looked at again.
CHANGES = [
    ({"machines": FILES["machines"].replace("KG-1,grader", "KG-1,small")}, to_instant(AT), []),
    ({"devices": FILES["devices"].replace("KG-1,2020-01-01,", "YM-1,2020-01-01,")}, to_instant(AT), []),
    (
        {"devices": FILES["devices"].replace("-01-01,", "-01-01,2023-11-16")},
        datetime(2023, 11, 15, 15, tzinfo=UTC),
        [12],
    ),
    ({"agencies": FILES["agencies"].replace("no", "yes")}, None, [7, 12]),
    ({"agencies": FILES["agencies"].replace("石川県", "県")}, None, []),
    ({"machines": "agency,machine,kind,class\nken,KG-1,grader,4.0m\n"}, None, []),
]


@pytest.mark.parametrize("number", range(len(CHANGES)))
async def test_a_change_sets_off_what_depends_on_it_and_no_more(
    settings: Settings, connection: AsyncConnection, tmp_path: Path, number: int
) -> None:
    changed, computed_from, looked_at = CHANGES[number]
    assert await taken(settings, written(tmp_path / "in", FILES))
    device = await worked(connection)
    assert await taken(settings, written(tmp_path / "in", FILES, **changed))
    found = rows(settings.database.url, "select device, from_time from dirty")
    assert found == ([] if computed_from is None else [(device, computed_from)])
    assert await take_touched(connection, 100) == looked_at
    assert (await read_fleet(connection)).version == 2


async def test_when_roads_come_to_be_another_agency_s_what_was_worked_of_late_is_looked_at_again(
    settings: Settings, connection: AsyncConnection, tmp_path: Path
) -> None:
    assert await taken(settings, written(tmp_path / "in", FILES))
    device = await worked(connection)
    now_us = wall_clock.now_us()
    await add_passes(connection, PassBatch.from_rows([(device, 99, 1, 0, 9, now_us - 5, now_us, 0, 0, 900, 0)]))
    await take_touched(connection, 100)
    assert await taken(settings, written(tmp_path / "in", FILES, agencies=FILES["agencies"].replace("県,no", "国,no")))
    assert await take_touched(connection, 100) == [99]


async def test_a_route_can_become_shorter(settings: Settings, connection: AsyncConnection, tmp_path: Path) -> None:
    header = "agency,route,position,segment_id\n"
    files = {"agencies": FILES["agencies"], "routes": "agency,route,name\nken,R,大通り\n"}
    both = f"{header}ken,R,1,5\nken,R,2,6\n"
    assert await taken(settings, written(tmp_path / "in", files, route_segments=both))
    shorter = written(tmp_path / "next", {"route_segments": f"{header}ken,R,1,5\n"})
    assert await taken(settings, shorter)
    assert rows(settings.database.url, "select segment_id from route_segment") == [(5,)]
    assert (await read_fleet(connection)).version == 2


async def test_imports_are_made_one_after_the_other(
    settings: Settings, connection: AsyncConnection, tmp_path: Path
) -> None:
    folder = written(tmp_path / "in", FILES)
    async with connection.transaction():
        await hold_fleet(connection)
        other = asyncio.create_task(taken(settings, folder))
        await until(
            lambda: rows(settings.database.url, "select from pg_locks where locktype = 'advisory' and not granted")
        )
        assert count(settings.database.url, "agency") == 0
    assert await other
    assert count(settings.database.url, "agency") == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("agencies.csv", "agencies.csv: there is no such file or folder"),
        ("nosuch", "nosuch: there is no such file or"),
        ("empty", "there is no CSV file in this folder"),
    ],
)
async def test_a_path_that_leads_nowhere_is_one_line(settings: Settings, tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SnowtrackError, match=said):
        await taken(settings, tmp_path / name)


async def test_a_folder_that_cannot_be_written_is_one_line(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(SnowtrackError, match="cannot be written"):
        await export_fleet(settings, tmp_path / "file", personal=False)


@pytest.mark.slow
def test_the_command_ends_with_1_when_there_are_problems(clean_database: str, tmp_path: Path) -> None:
    def run(*arguments: str | Path) -> tuple[int, str]:
        command = [sys.executable, "-m", "snowtrack", "fleet", *map(str, arguments), "--database", clean_database]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path)
        assert done.stderr == ""
        return done.returncode, done.stdout

    wrong = written(tmp_path / "wrong", FILES, machines="agency,machine,kind\nken,KG-1,plough\n")
    code, said = run("import", wrong)
    assert (code, said.startswith('machines.csv:2: kind: "plough" is no kind')) == (1, True)
    right = written(tmp_path / "right", FILES)
    assert run("import", right, "--dry-run")[0] == 0
    assert run("show")[1].startswith("registry: version 0\n")
    assert run("import", right) == (0, "agencies: 1 added\nmachines: 2 added\ndevices: 1 added\nregistry: version 1\n")
    assert run("export", tmp_path / "out") == (0, f"{tmp_path}/out: agencies 1, machines 2, devices 1\n")
