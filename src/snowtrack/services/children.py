"""The processes that `snowtrack up` starts: their logs, their readiness, their end."""

import asyncio
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import orjson

from snowtrack.model.errors import SnowtrackError
from snowtrack.process_log import ProcessLog
from snowtrack.settings import PREFIX, SECRETS
from snowtrack.supervised import READY_LINE, VARIABLE

# Where machine code cannot be kept, each process makes its own first, which takes a slow machine a minute or two.
READY_S_MAX = 180.0
NOTHING: Mapping[str, str] = {}
# They read no settings.
STRANGERS = ("portal", "simulator")


class ChildError(SnowtrackError):
    """A process that belongs to us did not start, or ended by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A running child. `ended` is set when it has ended, whyever."""

    name: str
    process: subprocess.Popen[bytes]
    log: ProcessLog
    log_path: Path
    ended: asyncio.Event

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()

    async def gone(self, timeout_s: float) -> None:
        """Wait for its end; after the time, kill it."""
        try:
            async with asyncio.timeout(timeout_s):
                await self.ended.wait()
        except TimeoutError:
            self.process.kill()
        self.process.wait()
        self.log.close()

    def last_words(self) -> str:
        """The last line that it wrote, as a person reads it."""
        lines = [line for line in self.log_path.read_text(errors="replace").splitlines() if line.strip()]
        last = lines[-1] if lines else "it said nothing"
        try:
            said = orjson.loads(last)
        except orjson.JSONDecodeError:
            return last
        return str(said.get("error") or said.get("event") or last) if isinstance(said, dict) else last


@dataclass(frozen=True, slots=True, kw_only=True)
class Nursery:
    """Where children are started. They form one process group, which a terminal's Ctrl-C does not reach: the parent
    ends them in order. Each holds `lock`, so that it is free only when all are gone."""

    logs: Path
    environment: Mapping[str, str]
    lock: int
    group: int
    children: list[Child]

    async def start(
        self, name: str, command: Sequence[str], own: Mapping[str, str] = NOTHING, *, says_ready: bool = True
    ) -> Child:
        """Start a child, with variables of its `own`, and wait until it says that it is ready."""
        path = self.logs / f"{name}.log"
        path.unlink(missing_ok=True)
        # On this thread and not another: a child ends with the thread that started it.
        process = subprocess.Popen(  # noqa: S603, ASYNC220 - our own programs
            command,
            env={**_without_secrets_of_others(name, {**os.environ, **self.environment}), **own, VARIABLE: "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(self.lock,),
            process_group=self._group(),
        )
        log = ProcessLog(path, READY_LINE)
        log.read(cast(IO[bytes], process.stdout))
        child = Child(name=name, process=process, log=log, log_path=path, ended=_ended(process))
        self.children.append(child)
        if says_ready:
            await asyncio.to_thread(log.await_settled, READY_S_MAX)
            if not log.ready:
                raise ChildError(f"{name} did not start: {child.last_words()}; see {path}")
        return child

    def _group(self) -> int:
        """The group that the next child joins; 0 founds one."""
        alive = [child.process.pid for child in self.children if child.process.poll() is None]
        return self.group or (os.getpgid(alive[0]) if alive else 0)

    async def end(self, names: Sequence[str], timeout_s: float) -> None:
        """End these together."""
        leaving = [child for child in self.children if child.name in names]
        for child in leaving:
            child.end()
        await asyncio.gather(*(child.gone(timeout_s) for child in leaving))

    async def first_to_end(self) -> Child:
        """The child that ends by itself, which none should."""
        waits = {asyncio.create_task(child.ended.wait()): child for child in self.children}
        done, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        return waits[done.pop()]


def _without_secrets_of_others(name: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The portal and the simulator are told all by their arguments, and never come near the database."""
    kept = {key: value for key, value in environment.items() if SECRETS.get(key, name) == name}
    if name in STRANGERS:
        return {key: value for key, value in kept.items() if not key.startswith(PREFIX)}
    return kept


def _ended(process: subprocess.Popen[bytes]) -> asyncio.Event:
    """An event that the kernel sets when the process ends."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    handle = os.pidfd_open(process.pid)

    def notice() -> None:
        loop.remove_reader(handle)
        os.close(handle)
        ended.set()

    loop.add_reader(handle, notice)
    return ended
