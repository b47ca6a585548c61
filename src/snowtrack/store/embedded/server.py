"""The embedded server as a whole: start it, reach it, stop it, remove it."""

import os
import subprocess
import sys
import threading
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast
from urllib.parse import quote

import psycopg
from psycopg import sql

from snowtrack.model.errors import StoreError
from snowtrack.process_log import ProcessLog
from snowtrack.store.embedded.account import caller, server_account
from snowtrack.store.embedded.binaries import bundled_programs, shared_programs
from snowtrack.store.embedded.cluster import ROLE, check_version, create_cluster
from snowtrack.store.embedded.configuration import write_configuration
from snowtrack.store.embedded.failures import failure_in
from snowtrack.store.embedded.folders import Folders, locate, locked, make_folders
from snowtrack.store.embedded.processes import FAST, MARK, end_leftovers, end_server, launch

DATABASE = "snowtrack"
READY = b"database system is ready to accept connections"
_READY_S_MAX = 120.0  # recovery after a power cut reads up to max_wal_size
_FAST_STOP_S = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningServer:
    """A started server; until it is stopped, no other process can start one on the same instance."""

    url: str
    process: subprocess.Popen[bytes]
    _afterwards: ExitStack

    def stop(self, timeout_s: float = _FAST_STOP_S) -> None:
        """End the server in order, after `timeout_s` by harder means, and leave neither process nor socket behind."""
        _end(self.process, timeout_s)
        self._afterwards.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedServer:
    """The PostgreSQL of one instance folder. `run_as` and `system_folder` matter only when the caller is root."""

    instance_folder: Path
    run_as: str = "nobody"
    system_folder: Path = Path("/var/lib/snowtrack")

    def start(self, process_group: int | None = None) -> RunningServer:
        """Start the server, after creating its cluster and database where absent and ending what a killed run left.

        Call it on the main thread, for the server ends with the thread that started it, even if that one is killed.
        Its process joins `process_group`: 0 is one of its own, None the caller's, where a terminal's Ctrl-C stops the
        server at the same time as those who still write to it.
        """
        if sys.platform != "linux":
            raise StoreError("the embedded PostgreSQL runs on Linux only; give a database by URL")
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("the embedded server ends with the thread that starts it: start it on the main thread")
        try:
            return self._start(process_group)
        except OSError as error:
            raise StoreError(f"the embedded PostgreSQL in {self.instance_folder} cannot start: {error}") from error

    def remove(self) -> None:
        """Delete the database of a stopped instance, with all that was made for it outside the instance folder."""
        folders = locate(self.instance_folder, self.system_folder)
        if folders.cluster.exists():
            with _held(folders):
                end_leftovers(folders.data)
                folders.remove()

    def _start(self, process_group: int | None) -> RunningServer:
        account = server_account(self.run_as)
        folders = locate(self.instance_folder, self.system_folder)
        programs = self._programs()
        make_folders(folders)
        with ExitStack() as afterwards:
            afterwards.enter_context(_held(folders))
            end_leftovers(folders.data)
            if folders.data.exists():
                check_version(folders.data)
            else:
                create_cluster(programs, folders, account, process_group)
            socket_folder = folders.make_socket_folder(account)
            afterwards.callback(folders.remove_socket_folder)
            log = ProcessLog(folders.log, READY)
            afterwards.callback(log.close)
            afterwards.callback(end_leftovers, folders.data)  # before the log, which is open as long as one of them is
            process = launch(_command(programs, folders, socket_folder), account, FAST, process_group)
            afterwards.callback(_end, process, _FAST_STOP_S)
            log.read(cast(IO[bytes], process.stdout))
            _await_ready(log, folders.log)
            _ensure_database(socket_folder)
            url = _url(socket_folder, DATABASE)
            return RunningServer(url=url, process=process, _afterwards=afterwards.pop_all())

    def _programs(self) -> Path:
        bundled = bundled_programs()
        return shared_programs(bundled, self.system_folder) if os.geteuid() == 0 else bundled


def _held(folders: Folders) -> AbstractContextManager[None]:
    refusal = f"the database of {folders.instance} is in use by another snowtrack that is running; stop that one first"
    return locked(folders.cluster, refusal)


def _command(programs: Path, folders: Folders, socket_folder: Path) -> list[str]:
    configuration = write_configuration(folders, socket_folder, caller())
    return [str(programs / "postgres"), "-D", str(folders.data), "-c", f"config_file={configuration}", "-c", MARK]


def _await_ready(log: ProcessLog, file: Path) -> None:
    if not log.await_settled(_READY_S_MAX):
        raise StoreError(f"PostgreSQL was not ready after {_READY_S_MAX:.0f} s; see {file}")
    if not log.ready:
        raise StoreError(f"PostgreSQL ended while starting: {failure_in(log.last_words)}; see {file}")


def _ensure_database(socket_folder: Path) -> None:
    try:
        with psycopg.connect(_url(socket_folder, "postgres"), autocommit=True) as connection:
            found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).rowcount
            if not found:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    except psycopg.Error as error:
        said = " ".join(str(error).split())
        raise StoreError(f"the embedded PostgreSQL runs, but cannot be used: {said}") from error


def _url(socket_folder: Path, database: str) -> str:
    # The port is part of the socket's name; without it here, PGPORT in the caller's environment would change it.
    return f"postgresql:///{database}?host={quote(os.fsencode(socket_folder), safe='')}&port=5432&user={ROLE}"


def _end(process: subprocess.Popen[bytes], fast_s: float) -> None:
    if process.poll() is None:
        end_server(process.pid, fast_s)
        process.wait()
