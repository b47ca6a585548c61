"""A database that stops, is killed, refuses, or has no room. Meanwhile messages are durable on ingest's disk."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from snowtrack.model.errors import StoreError
from tests.faults.faulty_database import IN_COMMIT, IN_COPY, FaultyDatabase, refusing
from tests.faults.parts import FleetSettings
from tests.faults.trial import Ground, Outcome, Plan, Trial, judged, opened, with_own_database
from tests.services.waiting import await_true
from tests.store.databases import rows

AWAY_S = (2.0, 8.0)
BETWEEN_S = (3.0, 8.0)
REFUSING_S = (5.0, 12.0)
STORED_S_MAX = 120.0
STORED = "select (select count(*) from fix) + (select count(*) from fix_undated)"
DISK_MB = 400
NO_ROOM_S = (5.0, 10.0)
BALLAST_BYTES = 1 << 20


def database_stopped(ground: Ground, times: int) -> Outcome:
    """Stopped in order, and started again."""
    return _away("database-stopped", ground, times, FaultyDatabase.stop)


def database_killed(ground: Ground, times: int) -> Outcome:
    """SIGKILL of the postmaster, and started again."""
    return _away("database-killed", ground, times, FaultyDatabase.kill)


def _away(name: str, ground: Ground, times: int, end: Callable[[FaultyDatabase], None]) -> Outcome:
    with with_own_database(name, _plan(ground), ground) as (trial, database):
        for _ in range(times):
            trial.pause(*BETWEEN_S)
            away_once(trial, database, end)
        return judged(trial, ground)


def away_once(trial: Trial, database: FaultyDatabase, end: Callable[[FaultyDatabase], None]) -> None:
    end(database)
    trial.pause(*AWAY_S)
    began_s = time.monotonic()
    database.start()
    _fault(trial, began_s)


def copy_fails(ground: Ground, times: int) -> Outcome:
    """Every second COPY of fixes fails: no room, a conflict, ended by hand, no memory."""
    return _refuses("copy-fails", ground, times, IN_COPY)


def commit_fails(ground: Ground, times: int) -> Outcome:
    """Every second commit fails, after all that it has to do."""
    return _refuses("commit-fails", ground, times, IN_COMMIT)


def _refuses(name: str, ground: Ground, times: int, trigger: str) -> Outcome:
    with opened(name, Plan(fleet=FleetSettings(seed=ground.seed)), ground) as trial:
        for _ in range(times):
            trial.pause(*BETWEEN_S)
            refuse_once(trial, trigger)
        return judged(trial, ground)


def refuse_once(trial: Trial, trigger: str) -> None:
    with refusing(trial.line.url, trigger):
        trial.pause(*REFUSING_S)
        began_s = time.monotonic()
    _fault(trial, began_s)


def database_disk_full(ground: Ground, times: int) -> Outcome | str:
    """The server's files lie on a small file system, and somebody else fills it. One that ends is started anew."""
    with ExitStack() as stack:
        disk = Path(tempfile.mkdtemp(prefix="faults-disk-"))
        stack.callback(disk.rmdir)
        if os.geteuid() != 0 or not _mount(disk):
            return "not tested: mount not permitted"
        stack.callback(subprocess.run, ("umount", "--lazy", str(disk)), check=False)
        trial, database = stack.enter_context(with_own_database("database-disk-full", _plan(ground), ground, disk))
        for _ in range(times):
            trial.pause(*BETWEEN_S)
            _fill(disk / "ballast")
            trial.pause(*NO_ROOM_S)
            began_s = time.monotonic()
            (disk / "ballast").unlink()
            if not database.is_up:
                trial.notes["server_ended"] = trial.notes.get("server_ended", 0) + 1
                database.stop()
                await_true(partial(_started, database), "the server starts")
            _fault(trial, began_s)
        return judged(trial, ground)


def _fault(trial: Trial, began_s: float) -> None:
    """Until fixes come into the database again."""
    trial.faults += 1
    stored = _stored(trial)
    await_true(lambda: _stored(trial) > stored >= 0, "fixes are stored again", STORED_S_MAX)
    trial.recoveries_s.append(time.monotonic() - began_s)
    trial.tell()


def _stored(trial: Trial) -> int:
    return int(rows(trial.line.url, STORED)[0][0])


def _plan(ground: Ground) -> Plan:
    return Plan(fleet=FleetSettings(seed=ground.seed))


def _mount(disk: Path) -> bool:
    command = ("mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=755", "tmpfs", str(disk))
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _fill(file: Path) -> None:
    """With as much as fits."""
    with file.open("wb", buffering=0) as out:
        try:
            while out.write(bytes(BALLAST_BYTES)) == BALLAST_BYTES:
                pass
        except OSError:
            return


def _started(database: FaultyDatabase) -> bool:
    try:
        database.start()
    except StoreError:
        return False
    return True
