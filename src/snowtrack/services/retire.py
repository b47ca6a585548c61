"""`snowtrack retire`: whole days leave the database for files, each read back before its day goes.

A day goes and its file is noted in one transaction, after the file is on the disk for good. So whenever this is killed,
each day is in the database or in a file that is noted, and doing it again ends well.
"""

import asyncio
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple

from psycopg import AsyncConnection, IsolationLevel, Rollback
from psycopg.errors import LockNotAvailable

from snowtrack import wall_clock
from snowtrack.model.calendar import DAY_US, HOUR_US
from snowtrack.model.errors import ConfigError, SourceError, StoreError
from snowtrack.services.instance import database_url
from snowtrack.services.progress import shown_progress
from snowtrack.services.retire_told import Left, Told, tell
from snowtrack.settings import Settings
from snowtrack.store.archive import ArchiveWriter, writing_archive
from snowtrack.store.database import connect, store_errors
from snowtrack.store.fixes import read_fixes, read_undated
from snowtrack.store.migrate import database_kind, missing_migrations
from snowtrack.store.partitions import day_date
from snowtrack.store.replays import Replayed, read_archived_devices, read_held
from snowtrack.store.retired import (
    Counted,
    RetiredFile,
    be_sole_to_retire,
    came_since,
    close_day,
    count_day,
    count_waiting,
    devices_behind,
    drop_day,
    file_sha256,
    is_to_compute,
    note_retired,
    read_retired,
    stored_days,
    wait_for_locks,
)
from snowtrack.whole_files import sync_folder

# Fixes that come up to 72 h late are normal.
LATE_DAYS, LATE_US = 3, 72 * HOUR_US
# Who reads or writes fixes waits behind us for so long at most, and has this time in between.
LOCK_MS, PAUSE_S, TRIES = 200, 1.0, 60
# Of a file that is being written, with all that waits for it: thrice what was measured of noisy drives.
BYTES_A_FIX = 64
ROUNDS = 3
HALF = ".retiring"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which days, in UTC, and where to."""

    before: date
    folder: Path
    dry_run: bool = False
    as_json: bool = False


class Written(NamedTuple):
    """What a file holds, and the devices of which it has fixes without a time of their own."""

    counted: Counted
    undated: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """The connection that drops days, one that sees each as it is at one moment, and the files that there are."""

    connection: AsyncConnection
    reader: AsyncConnection
    folder: Path
    free_min: int
    files: list[RetiredFile] = field(default_factory=list)


def first_kept(keep_days: int) -> date:
    """The first of the last days, today's not counted."""
    return day_date(wall_clock.now_us() // DAY_US - keep_days)


async def retire(settings: Settings, wanted: Wanted) -> None:
    """All days before one that can go, and then say what became of each."""
    _check(settings, wanted)
    url = database_url(settings)
    with store_errors("cannot retire days"), _folder_to_itself(wanted.folder):
        async with connect(url, name="retire") as connection, connect(url, name="retire reader") as reader:
            await _check_database(connection)
            await be_sole_to_retire(connection)
            await reader.set_isolation_level(IsolationLevel.REPEATABLE_READ)
            await reader.set_read_only(True)
            work = _Work(
                connection=connection,
                reader=reader,
                folder=wanted.folder,
                free_min=settings.data.free_mb_min << 20,
                files=await read_retired(connection),
            )
            told = await _retire_days(work, wanted)
            waiting, span = await count_waiting(connection)
    tell(told, waiting=waiting, span=span, files=work.files, as_json=wanted.as_json)


async def _retire_days(work: _Work, wanted: Wanted) -> Told:
    told = Told(before=wanted.before, folder=wanted.folder, dry_run=wanted.dry_run)
    days = await stored_days(work.connection, wanted.before)
    with shown_progress(len(days)) as shown:
        for done, day in enumerate(days):
            shown(done, str(day_date(day)))
            why = await _why_it_stays(work.connection, day)
            left = None if why else await _leave(work, day, dry_run=wanted.dry_run)
            if left is None:
                told.stays[day] = why or "fixes come for it just now"
            else:
                told.left.append(left)
    return told


async def _leave(work: _Work, day: int, *, dry_run: bool) -> Left | None:
    """One day, unless more fixes come for it each time."""
    for _ in range(ROUNDS):
        known = await count_day(work.connection, day)
        if dry_run or not sum(known):
            if dry_run or await _drop(work.connection, day, known, None):
                return Left(day=day, counted=known)
            continue
        _check_room(work, day, sum(known))
        half = work.folder / HALF / f"{day_date(day)}.parquet"
        written = await _write(work.reader, day, half)
        file, is_new = _put(work, day, half, written)
        if await _drop(work.connection, day, written.counted, file):
            work.files.append(file)
            return Left(day=day, counted=written.counted, file=file)
        if is_new:
            (work.folder / file.name).unlink()
    return None


async def _why_it_stays(connection: AsyncConnection, day: int) -> str | None:
    """What has to be over before a day goes."""
    if await came_since(connection, day, wall_clock.now_us() - LATE_US):
        return "fixes came for it less than 72 h ago"
    if await is_to_compute(connection, day):
        return "results near it are to be computed again; ingest does that while it runs"
    for device in await devices_behind(connection, day):
        held = await read_held(connection, device)
        # What is stored and not computed yet is found again from the fixes, from where the stages stood.
        if held is not None and held.settled_us < (day + 1) * DAY_US:
            return f"ingest has still to compute fixes of {device.id}; start it"
    return None


async def _write(connection: AsyncConnection, day: int, path: Path) -> Written:
    """The fixes of a day as they are at one moment."""
    async with connection.transaction():
        devices = await read_archived_devices(connection, day * DAY_US, (day + 1) * DAY_US)
        with writing_archive(path) as writer:
            counts = {one.number: await _add(connection, writer, one, day) for one in devices}
    return Written(
        Counted(sum(one.dated for one in counts.values()), sum(one.undated for one in counts.values())),
        tuple(number for number, one in counts.items() if one.undated),
    )


async def _add(connection: AsyncConnection, writer: ArchiveWriter, device: Replayed, day: int) -> Counted:
    dated = await read_fixes(connection, device.number, day * DAY_US, (day + 1) * DAY_US - 1)
    undated = await read_undated(connection, device.number, day * DAY_US, (day + 1) * DAY_US)
    writer.add(device.id, dated)
    writer.add(device.id, undated)
    return Counted(len(dated), len(undated))


def _put(work: _Work, day: int, half: Path, written: Written) -> tuple[RetiredFile, bool]:
    """Give a file its name for good, and say whether it is new: one that is there with these very bytes is left by who
    was killed. No other is ever replaced, since the database it was made from may have been another."""
    sha256 = file_sha256(half)
    part = max((file.part for file in work.files if file.day == day), default=0) + 1
    while (path := work.folder / _name(day, part)).exists() and file_sha256(path) != sha256:
        part += 1
    is_new = not path.exists()
    if is_new:
        half.rename(path)
    else:
        half.unlink()
    sync_folder(work.folder)
    file = RetiredFile(
        day=day, part=part, name=path.name, fixes=sum(written.counted), sha256=sha256, undated=written.undated
    )
    return file, is_new


def _name(day: int, part: int) -> str:
    return f"fixes-{day_date(day)}.parquet" if part == 1 else f"fixes-{day_date(day)}.{part}.parquet"


async def _drop(connection: AsyncConnection, day: int, known: Counted, file: RetiredFile | None) -> bool:
    """Have a day no more, and its file noted; nothing of that where it has other fixes than are known."""
    for _ in range(TRIES):
        same = False
        try:
            async with connection.transaction() as transaction:
                await wait_for_locks(connection, LOCK_MS)
                same = await close_day(connection, day) == known
                if not same:
                    raise Rollback(transaction)
                if file is not None:
                    await note_retired(connection, file)
                await drop_day(connection, day)
        except LockNotAvailable:
            await asyncio.sleep(PAUSE_S)
        else:
            return same
    raise StoreError(
        f"database: {day_date(day)} stays, since somebody reads fixes, or adds some to it, all the time; "
        "do it again when that is over"
    )


def _check(settings: Settings, wanted: Wanted) -> None:
    """What can be said before anything is read."""
    last = day_date(wall_clock.now_us() // DAY_US - LATE_DAYS)
    if wanted.before > last:
        raise ConfigError(f"--before {wanted.before}: fixes up to 72 h late are normal; expected a day up to {last}")
    if not wanted.folder.is_dir():
        raise ConfigError(f"--into {wanted.folder}: there is no such folder")
    own = settings.data.folder.resolve()
    if wanted.folder.resolve().is_relative_to(own):
        raise ConfigError(f"--into {wanted.folder}: lies in the data folder; archives belong elsewhere, into backups")


async def _check_database(connection: AsyncConnection) -> None:
    if await missing_migrations(connection):
        raise StoreError("database: its schema is of an older snowtrack; start ingest of this one first")
    if await database_kind(connection) == "timescale":
        raise StoreError("database: days of TimescaleDB are not retired by snowtrack; see docs/database.md")


def _check_room(work: _Work, day: int, fixes: int) -> None:
    free, wanted = shutil.disk_usage(work.folder).free, fixes * BYTES_A_FIX + work.free_min
    if free < wanted:
        raise SourceError(
            f"{work.folder}: {free >> 20:,} MB are free; {day_date(day)} with {fixes:,} fixes wants {wanted >> 20:,} MB"
        )


@contextmanager
def _folder_to_itself(folder: Path) -> Iterator[None]:
    """Nobody else retires into it meanwhile; what one that was killed has left half is gone."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder / HALF, ignore_errors=True)
            (folder / HALF).mkdir()
            yield
            (folder / HALF).rmdir()
        finally:
            os.close(handle)
    except BlockingIOError as error:
        raise SourceError(f"{folder}: another 'snowtrack retire' writes to it") from error
    except OSError as error:
        raise SourceError(f"{folder}: {error.strerror or error}") from error
