"""A whole snowtrack in a temporary folder, on free ports, as its user starts it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from snowtrack.store.embedded import EmbeddedServer
from tests.keys import key_headers

STARTED_S_MAX = 90
STOPPED_S_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """Where it is, and how it is started."""

    folder: Path
    api_port: int
    portal_port: int
    broker_port: int

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def portal(self) -> str:
        return f"http://127.0.0.1:{self.portal_port}"

    def command(self, *flags: str) -> list[str]:
        ports = {"api": self.api_port, "portal": self.portal_port, "broker": self.broker_port}
        given = [f"--set={group}.port={port}" for group, port in ports.items()]
        return [sys.executable, "-m", "snowtrack", "up", "--data", str(self.folder), *given, *flags]

    def start(self, *flags: str, environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*flags),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.folder.parent,
            env={**os.environ, **(environment or {})},
        )

    def run(self, *flags: str) -> subprocess.CompletedProcess[str]:
        """Start it and wait for its own end."""
        return subprocess.run(
            self.command(*flags),
            capture_output=True,
            text=True,
            cwd=self.folder.parent,
            timeout=STARTED_S_MAX + 60,
            check=False,
        )

    def processes(self) -> list[int]:
        """What still runs of it: its services by their data folder, its database by its place."""
        numbers = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
        return [pid for pid in numbers if _is_of(pid, self.folder)]

    def remove(self) -> None:
        EmbeddedServer(instance_folder=self.folder / "database").remove()


def _is_of(pid: int, folder: Path) -> bool:
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        cwd = str(Path(f"/proc/{pid}/cwd").readlink())
    except OSError:
        return False
    mark = str(folder).encode()
    location = folder / "database" / "database-location"
    cluster = location.read_text().strip() if location.exists() else str(folder)
    ours = b"SNOWTRACK_DATA_FOLDER=" + mark in environment or mark in command or cwd.startswith(cluster)
    return ours and pid != os.getpid()


def wait_until_up(process: subprocess.Popen[str]) -> list[str]:
    """What it says until all is started."""
    said: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line)
        if "Ctrl-C stops everything" in line:
            return said
    raise AssertionError(f"it ended while starting: {''.join(said)}")


@contextmanager
def running(instance: Instance, *flags: str) -> Iterator[subprocess.Popen[str]]:
    """Started, and stopped in order at the end."""
    process = instance.start(*flags)
    try:
        wait_until_up(process)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=STOPPED_S_MAX + 20)


def await_true(holds: Callable[[], bool], within_s: float, what: str) -> None:
    """Ask again until it holds; there is no event to wait for in another process."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, f"not within {within_s} s: {what}"
        time.sleep(0.1)


def ask(instance: Instance, path: str) -> dict[str, Any]:
    """What its API answers to who may see everything."""
    database = json.loads((instance.folder / "running.json").read_text())["database"]
    answer: dict[str, Any] = httpx.get(f"{instance.api}{path}", headers=key_headers(database), timeout=10).json()
    return answer


def summary(instance: Instance) -> dict[str, Any]:
    return ask(instance, "/v1/summary")
