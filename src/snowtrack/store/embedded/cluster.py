"""The first creation of an instance's data, whole or not at all, and the check of data that is there."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

from snowtrack.model.errors import StoreError
from snowtrack.store.embedded.account import Account
from snowtrack.store.embedded.binaries import MAJOR_VERSION
from snowtrack.store.embedded.failures import failure_in
from snowtrack.store.embedded.folders import Folders, make_folder, require_free_space
from snowtrack.store.embedded.processes import launch

ROLE = "snowtrack"
NEW_CLUSTER_MIB = 300
_INITDB_S_MAX = 120


def check_version(data: Path) -> None:
    """Refuse data that another major version has made: it has to be brought over by that version's own tools."""
    file = data / "PG_VERSION"
    found = file.read_text().strip() if file.exists() else "no known version of PostgreSQL"
    if found != str(MAJOR_VERSION):
        raise StoreError(
            f"{data} was made by PostgreSQL {found}, and this is PostgreSQL {MAJOR_VERSION}: dump it with the version "
            f"that made it, or move {data} away to begin with an empty database"
        )


def create_cluster(programs: Path, folders: Folders, account: Account, process_group: int | None) -> None:
    """Make the data under another name and rename it, so that a cut creation leaves nothing that looks whole."""
    require_free_space(folders.cluster, NEW_CLUSTER_MIB)
    unfinished = folders.unfinished_data
    if unfinished.exists():
        shutil.rmtree(unfinished)
    make_folder(unfinished, 0o700, account)
    try:
        _run_initdb(programs, unfinished, account, process_group)
        unfinished.rename(folders.data)
    except BaseException:
        shutil.rmtree(unfinished)
        raise
    descriptor = os.open(folders.cluster, os.O_RDONLY)
    try:
        os.fsync(descriptor)  # else a power cut could undo the new name after transactions were promised
    finally:
        os.close(descriptor)


def _run_initdb(programs: Path, data: Path, account: Account, process_group: int | None) -> None:
    choices = [
        "--locale=C.UTF-8",
        "--locale-provider=builtin",  # sorting rests on the server alone; the machine's updates cannot spoil an index
        "--encoding=UTF8",
        "--data-checksums",
        f"--username={ROLE}",
        "--auth=reject",  # who gets in is said in our own files
        "--no-instructions",
    ]
    command = [str(programs / "initdb"), f"--pgdata={data}", *choices]
    process = launch(command, account, signal.SIGKILL, process_group)
    try:
        output = process.communicate(timeout=_INITDB_S_MAX)[0].decode(errors="replace")
    except subprocess.TimeoutExpired:
        raise StoreError(f"creating the database in {data} took longer than {_INITDB_S_MAX} s") from None
    finally:
        process.kill()
        process.wait()
    if process.returncode != 0:
        raise StoreError(f"creating the database in {data} failed: {failure_in(output)}")
