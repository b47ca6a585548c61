"""`snowtrack fleet`: files into the registry and out of it, and what the registry comes to."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson
from psycopg import AsyncConnection

from snowtrack import wall_clock
from snowtrack.fleet.changes import TableChange, told
from snowtrack.fleet.checks import KnownSegments
from snowtrack.fleet.intake import Intake, take_in
from snowtrack.fleet.problems import Problem
from snowtrack.fleet.proposal import registry_of
from snowtrack.fleet.sheets import BYTES_MAX, Sheet, read_sheet, table_of, write_sheet
from snowtrack.fleet.summary import Summary, summarise
from snowtrack.fleet.tables import TABLES
from snowtrack.model.calendar import tokyo_minute
from snowtrack.model.errors import ConfigError
from snowtrack.roads.files import MANIFEST, open_network
from snowtrack.services.instance import database_url
from snowtrack.services.shown_tables import make_table, show_table
from snowtrack.settings import Settings
from snowtrack.store.database import connect, store_errors
from snowtrack.store.devices import read_devices
from snowtrack.store.fleet import fleet_version, hold_fleet, read_tables
from snowtrack.store.instants import to_us
from snowtrack.whole_files import replacing

SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """What is asked for. Without a network of its own it is that of the settings, where that is there."""

    paths: Sequence[Path]
    network: Path | None = None
    dry_run: bool = False


async def import_fleet(settings: Settings, wanted: Import) -> bool:
    """Take files into the registry and say what that changed; whether all was right."""
    sheets, problems = read_files(wanted.paths)
    known_segments = _known_segments(settings, wanted.network)
    async with connect(database_url(settings), name="fleet") as connection:
        with store_errors("cannot change the registry"):
            intake = await take_in(
                connection,
                sheets,
                now_us=wall_clock.now_us(),
                known_segments=known_segments,
                dry_run=wanted.dry_run or bool(problems),
            )
    problems += intake.problems
    if problems:
        for problem in problems:
            print(problem)
        print(f"{_count(len(problems), 'problem')}; nothing was written")
        return False
    _tell(intake, dry_run=wanted.dry_run)
    return True


async def export_fleet(settings: Settings, folder: Path, *, personal: bool) -> None:
    """Write a file of each table."""
    async with connect(database_url(settings), name="fleet") as connection:
        with store_errors("cannot read the registry"):
            async with connection.transaction():
                await hold_fleet(connection)
                tables = await read_tables(connection)
    written = {table: tables[table.name] for table in TABLES if personal or not table.private}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for table, rows in written.items():
            with replacing(folder / table.file) as half:
                half.touch(0o600 if personal else 0o666)  # before anything stands in it
                half.write_bytes(write_sheet(table, rows, private=personal))
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be written: {error.strerror}") from error
    counts = ", ".join(f"{table.name} {len(rows):,}" for table, rows in written.items() if rows)
    print(f"{folder}: {counts or 'nothing is registered'}")


async def show_fleet(settings: Settings, *, as_json: bool) -> None:
    """What the registry comes to."""
    async with connect(database_url(settings), name="fleet") as connection:
        with store_errors("cannot read the registry"):
            summary = await read_summary(connection)
    if as_json:
        print(orjson.dumps(summary.as_json(), option=orjson.OPT_INDENT_2).decode())
    else:
        _show(summary)


async def read_summary(connection: AsyncConnection) -> Summary:
    """The registry as it is now, beside the trackers that were heard."""
    async with connection.transaction():
        await hold_fleet(connection)
        version, tables = await fleet_version(connection), await read_tables(connection)
        devices = await read_devices(connection)
    return summarise(version, registry_of(tables), devices, datetime.now(UTC))


def read_files(paths: Iterable[Path]) -> tuple[list[Sheet], list[Problem]]:
    """The files of the registry among paths, a folder standing for the CSV files in it; and files that are none."""
    sheets: dict[str, Sheet] = {}
    problems = []
    for path in _files(paths):
        table = table_of(path.name)
        if table is None:
            names = ", ".join(table.file for table in TABLES)
            problems.append(Problem(str(path), 1, "", f"there is no such table; call the file one of {names}"))
        elif table.name in sheets:
            problems.append(Problem(str(path), 1, "", f"{table.file} is given twice; give all its rows in one file"))
        else:
            sheets[table.name] = read_sheet(path.name, table, _content(path))
    return [sheets[table.name] for table in TABLES if table.name in sheets], problems


def _files(paths: Iterable[Path]) -> list[Path]:
    found = []
    for path in paths:
        if not path.exists():
            raise ConfigError(f"{path}: there is no such file or folder")
        inside = sorted(file for file in path.iterdir() if file.suffix.lower() == ".csv") if path.is_dir() else [path]
        if not inside:
            raise ConfigError(
                f"{path}: there is no CSV file in this folder; expected {TABLES[0].file}, {TABLES[1].file} …"
            )
        found += inside
    return found


def _content(path: Path) -> bytes:
    """No more than shows that it is too much."""
    try:
        with path.open("rb") as file:
            return file.read(BYTES_MAX + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error


def _known_segments(settings: Settings, folder: Path | None) -> KnownSegments | None:
    if folder is None and not (settings.network_folder / MANIFEST).exists():
        return None
    network = open_network(folder or settings.network_folder)
    return lambda segments: (network.rows_of(segments) >= 0).tolist()


def _tell(intake: Intake, *, dry_run: bool) -> None:
    for change in intake.changes:
        print(_counts(change))
    for change in intake.changes:
        for line in told(change):
            print(line)
    if dry_run:
        print("dry run: nothing was written")
    elif intake.version is None:
        print("nothing is new; nothing was written")
    else:
        print(f"registry: version {intake.version}")
        if intake.stretches or intake.segments:
            again = f"{_count(intake.stretches, 'stretch', 'stretches')} of tracks"
            print(f"computed again: {again}; looked at again: {_count(intake.segments, 'segment')}")


def _counts(change: TableChange) -> str:
    counts = {
        "added": len(change.added),
        "changed": len(change.changed),
        "taken away": len(change.removed),
        "as before": change.same,
    }
    return f"{change.table.name}: {', '.join(f'{count:,} {what}' for what, count in counts.items() if count)}"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def _show(summary: Summary) -> None:
    agencies = make_table("agency", "name", "manages", "shares", "machines")
    for row in summary.agencies:
        shares = [what for what in ("passes", "states") if row[f"shares_{what}"]]
        own = [f"{count:,} {kind}" for (agency, kind), count in summary.kinds.items() if agency == row["agency"]]
        districts = row["districts"]
        where = f" in {', '.join(districts)}" if isinstance(districts, tuple) and districts else ""
        cells = (row["agency"], row["name"], f"{row['manages']}{where}", ", ".join(shares), ", ".join(own))
        agencies.add_row(*map(str, cells))
    print(f"registry: version {summary.version}")
    show_table(agencies)
    by_agency = Counter(device.agency for device in summary.mounted)
    mounted = ", ".join(f"{agency} {count:,}" for agency, count in by_agency.items())
    print(f"\nmounted now: {len(summary.mounted):,}{f' ({mounted})' if mounted else ''}")
    unregistered = [
        f"{row.id}, {row.fixes:,} fixes, last heard {tokyo_minute(to_us(row.heard_at))}"
        for row in summary.unregistered
        if row.heard_at is not None
    ]
    _list("heard, but registered by nobody (kept, and credited with nothing)", unregistered)
    _list("machines without a device", [f"{agency}/{machine}" for agency, machine in summary.bare])


def _list(title: str, lines: list[str]) -> None:
    print(f"{title}: {len(lines):,}")
    for line in lines[:SHOWN]:
        print(f"  {line}")
    if len(lines) > SHOWN:
        print(f"  and {len(lines) - SHOWN:,} more (--json has all)")
