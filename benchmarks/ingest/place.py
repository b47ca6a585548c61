"""Everything on one machine: Mosquitto as it is shipped, PostgreSQL, and the services as processes of their own."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

import orjson
import psycopg

from benchmarks.database import running_database
from snowtrack.process_log import ProcessLog
from snowtrack.settings import Settings, as_environment, load_settings
from snowtrack.supervised import READY_LINE, VARIABLE

MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
SHIPPED = Path(__file__).parents[2] / "config/mosquitto/mosquitto.conf"
PORT = 21_883
READY_S_MAX, WAIT_S_MAX, STOP_S_MAX = 180.0, 600.0, 15.0
# How soon rows are counted again, at the soonest and at the latest.
LOOK_S = (0.1, 2.0)


@dataclass(slots=True)
class Process:
    """One of ours, with what it said."""

    name: str
    popen: subprocess.Popen[bytes]
    log: ProcessLog

    def stop(self) -> None:
        self.popen.terminate()
        self.popen.wait(STOP_S_MAX)
        self.log.close()


@dataclass(slots=True)
class Place:
    """What runs."""

    folder: Path
    settings: Settings
    database_pid: int
    processes: list[Process] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, **as_environment(self.settings)}

    def start(self, name: str, command: Sequence[str], ready: bytes) -> Process:
        popen = subprocess.Popen(  # noqa: S603 - our own programs
            command,
            env={**self.environment, VARIABLE: "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        log = ProcessLog(self.folder / f"{name}.log", ready)
        log.read(cast(IO[bytes], popen.stdout))
        if not log.await_settled(READY_S_MAX) or not log.ready:
            raise RuntimeError(f"{name} did not start: {log.last_words[-500:]}")
        process = Process(name, popen, log)
        self.processes.append(process)
        return process

    def serve(self, service: str) -> Process:
        """A service of snowtrack."""
        return self.start(service, (sys.executable, "-m", "snowtrack", service), READY_LINE)

    def register(self, files: Sequence[Path]) -> None:
        """Machines and their trackers."""
        command = (sys.executable, "-m", "snowtrack", "fleet", "import", *map(str, files))
        subprocess.run(command, env=self.environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - ours

    def make_key(self) -> str:
        """For who watches `/v1/live`."""
        name = f"listener-{time.time_ns()}"
        command = (sys.executable, "-m", "snowtrack", "keys", "make", name, "--agency", "*", "--right", "look")
        done = subprocess.run(command, env=self.environment, check=True, capture_output=True, text=True)  # noqa: S603 - ours
        return done.stdout.splitlines()[0]

    def cpu_s(self) -> dict[str, float]:
        """What each process has used so far, with its children."""
        pids = {process.name: process.popen.pid for process in self.processes} | {"postgres": self.database_pid}
        return {name: _cpu_s(pid) for name, pid in pids.items()}

    def memory_mb(self, *, now: bool = False) -> dict[str, float]:
        """The most that each process ever had at once, or what it has."""
        line = "VmRSS:" if now else "VmHWM:"
        return {process.name: _memory_mb(process.popen.pid, line) for process in self.processes}

    def await_rows(self, rows: int) -> float:
        """Until so many fixes are committed; when that was seen, in seconds since 1970."""
        began = time.monotonic()
        with psycopg.connect(self.settings.database.url, autocommit=True) as connection:
            while (passed_s := time.monotonic() - began) < WAIT_S_MAX:
                (found,) = connection.execute("select count(*) from fix").fetchone() or (0,)
                if found >= rows:
                    return time.time()
                # Looking takes a good part of a core: it is looked again when half of what is missing may have come.
                missing_s = passed_s * (rows - found) / max(found, 1)
                time.sleep(min(max(missing_s / 2, LOOK_S[0]), LOOK_S[1]))
        raise TimeoutError(f"not all of {rows:,} fixes came within {WAIT_S_MAX:.0f} s")


@contextmanager
def place(folder: Path, network: Path, *flags: str) -> Iterator[Place]:
    """Broker and database; services are started by whoever measures."""
    folder.mkdir(parents=True, exist_ok=True)
    with running_database(folder / "database") as running:
        given = (
            f"broker.url=mqtt://127.0.0.1:{PORT}",
            f"database.url={running.url}",
            f"network.folder={network}",
            f"data.folder={folder}",
            f"api.port={PORT + 1}",
            *flags,
        )
        made = Place(folder, load_settings(None, {"SNOWTRACK_CONFIG": ""}, given), running.process.pid)
        try:
            _start_broker(made)
            yield made
        finally:
            for process in reversed(made.processes):
                process.stop()


def helper(module: str, *options: object) -> subprocess.Popen[bytes]:
    """A program of this folder, which says its figures in its last line."""
    command = (sys.executable, "-m", f"benchmarks.ingest.{module}", *map(str, options))
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - ours


def await_line(process: subprocess.Popen[bytes]) -> None:
    """Until it is ready."""
    if process.stdout is None or not process.stdout.readline():
        raise RuntimeError(f"{process.args!r} ended at once")


def figures(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    out, _ = process.communicate(timeout=WAIT_S_MAX)
    if process.returncode:
        raise RuntimeError(f"{process.args!r} failed")
    said: dict[str, Any] = orjson.loads(out.splitlines()[-1])
    return said


def _start_broker(made: Place) -> None:
    """Mosquitto with the shipped configuration, on another port and in another folder."""
    if MOSQUITTO is None:
        raise RuntimeError("Mosquitto is not installed: apt-get install mosquitto")
    text = SHIPPED.read_text().replace("listener 1883", f"listener {PORT}")
    text = text.replace("persistence_location ./", f"persistence_location {made.folder}/")
    configuration = made.folder / "mosquitto.conf"
    configuration.write_text(text + "user root\n")
    made.start("mosquitto", (MOSQUITTO, "-c", str(configuration)), b" running")


def _memory_mb(pid: int, line: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition(line)[2].split()[0]) / 1024


def _cpu_s(pid: int) -> float:
    """What a process and those that it started have used, as the kernel counts it."""
    used = {int(stat.parent.name): _parent_and_ticks(stat) for stat in Path("/proc").glob("[0-9]*/stat")}
    ticks = sum(spent for number, (parent, spent) in used.items() if pid in (number, parent))
    return ticks / os.sysconf("SC_CLK_TCK")


def _parent_and_ticks(stat: Path) -> tuple[int, int]:
    """With what children used that have ended."""
    try:
        fields = stat.read_text().rpartition(")")[2].split()
    except OSError:  # it ended just now
        return 0, 0
    return int(fields[1]), sum(map(int, fields[11:15]))
