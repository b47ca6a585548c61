"""Ingest's own disk, on which messages wait while the database is away: full, or damaged."""

import gzip
import shutil
import time
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from snowtrack.nmea.unpack import GZIP
from snowtrack.store.spool import Spool
from tests.faults.compare import numbers
from tests.faults.faulty_database import FaultyDatabase
from tests.faults.ledger import Key
from tests.faults.parts import FleetSettings, kill, limited_files
from tests.faults.trial import Ground, Outcome, Plan, Trial, judged, with_own_database
from tests.services.waiting import await_true

# After so long what is confirmed is on the disk, and not in a database that is just ending.
SPOOLED_S = 3.0
SPOOLING_S = (4.0, 8.0)
FULL_S = (6.0, 12.0)
BETWEEN_S = (3.0, 6.0)
READY_S_MAX = 60.0
NO_ROOM_BYTES = 4_096
SPOOL_BYTES_MAX = 1 << 30


def spool_disk_full(ground: Ground, times: int) -> Outcome:
    """The database is away, and then there is no room for messages either: nothing is confirmed until there is."""
    with _outage("spool-disk-full", ground) as (trial, database):
        for _ in range(times):
            trial.pause(*BETWEEN_S)
            process = trial.ingest.process
            assert process
            database.stop()
            trial.await_confirmation(time.monotonic() + SPOOLED_S)
            with limited_files([process.pid], NO_ROOM_BYTES):
                await_true(lambda: "spool_fault" in str(_faults(trial)), "it says that there is no room", READY_S_MAX)
                full_s = time.monotonic()
                trial.pause(*FULL_S)
                trial.trackers.watch.look()
                late_s = trial.trackers.watch.newest_s - full_s
                # What was told a moment before may still be on its way.
                if late_s > 1.0:
                    trial.troubles.append(f"confirmed for {late_s:.1f} s with no room on the disk")
            trial.fault(time.monotonic())
            database.start()
            _await_ready(trial)
        return judged(trial, ground)


def spool_damaged(ground: Ground, times: int) -> Outcome:
    """A byte of what waits on the disk changes: what stood there is lost, counted, shown, and set aside."""
    destroyed = set[Key]()
    with _outage("spool-damaged", ground) as (trial, database):
        for number in range(1, times + 1):
            trial.pause(*BETWEEN_S)
            database.stop()
            trial.await_confirmation(time.monotonic() + SPOOLED_S)
            trial.pause(*SPOOLING_S)
            kill(trial.ingest)
            destroyed |= _damage(trial)
            database.start()
            began_s = time.monotonic()
            trial.ingest.start()
            trial.ingest.await_ready()
            trial.fault(began_s)
            await_true(lambda: "acknowledged_lost" in str(_faults(trial)), "it says what is lost", READY_S_MAX)
            trial.notes["places_damaged"] = number
        trial.notes["epochs_destroyed"] = len(destroyed)
        return judged(trial, ground, destroyed=frozenset(destroyed))


def _outage(name: str, ground: Ground) -> AbstractContextManager[tuple[Trial, FaultyDatabase]]:
    return with_own_database(name, Plan(fleet=FleetSettings(seed=ground.seed), serving=True), ground)


def _faults(trial: Trial) -> dict[str, str]:
    """What `/readyz` says; it is red exactly when it says something."""
    answer = httpx.get(f"{trial.line.settings.api.url}/readyz", timeout=10)
    faults: dict[str, str] = answer.json()["faults"]
    assert (answer.status_code == 503) == bool(faults)
    return faults


def _await_ready(trial: Trial) -> None:
    await_true(lambda: not _faults(trial), "all is ready again", READY_S_MAX)


def _damage(trial: Trial) -> set[Key]:
    """Change a byte, not of the last record: that would be what a power cut leaves. The epochs that are gone."""
    folder = trial.line.settings.data.folder / "spool"
    before = _spooled(folder)
    file = min(folder.glob("*.spool"))
    data = bytearray(file.read_bytes())
    data[trial.chance.randrange(len(data) // 4, len(data) // 2)] ^= 0x20
    file.write_bytes(data)
    return before - _spooled(folder)


def _spooled(folder: Path) -> set[Key]:
    """Looked at in a copy, since opening a spool repairs it."""
    with TemporaryDirectory() as place:
        spool = Spool(Path(shutil.copytree(folder, Path(place) / "spool")), SPOOL_BYTES_MAX)
        found = set[Key]()
        while not spool.empty:
            portion = spool.oldest(SPOOL_BYTES_MAX)
            for one in portion.messages:
                plain = gzip.decompress(one.payload) if one.payload.startswith(GZIP) else one.payload
                found |= {Key(str(one.device), boot, seq) for boot, seq, _ in numbers(plain)}
            spool.forget(portion)
        return found
