"""The simulator, a real broker and a small engine: whatever is killed, every epoch arrives with the bytes it had.

The engine here knows nothing but the protocol: it collects epochs, and confirms of each boot what has no gap below it.
"""

import asyncio
import contextlib
import itertools
import secrets
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiomqtt import Client, Message
from running.collected import Collected, Key

from ploughsim.ending import end_tasks

_DEVICES = ("plough-01", "plough-02")
_SCENARIO = """
[night]
name = "two"
speed = 20
start = "now-9h"
[fleet]
agencies = ["kaga"]
machines = 2
kinds = { truck = 1.0 }
muster_min = 0.2
shift_h = 24.0
[receiver]
cold_start_s = 5
[tracker]
epochs_per_message = 5
compression = "none"
[radio]
latency_ms = 5
"""

_BROKER = """
listeners: {{default: {{type: tcp, bind: "127.0.0.1:{port}"}}}}
plugins: {{amqtt.plugins.authentication.AnonymousAuthPlugin: {{allow_anonymous: true}}}}
"""


@dataclass
class Engine:
    """Remembers what it received over any number of sessions; `present` is one session."""

    port: int
    collected: Collected = field(default_factory=Collected)
    statuses: dict[str, dict[str, object]] = field(default_factory=dict)

    @property
    def received(self) -> dict[Key, bytes]:
        return self.collected.received

    @contextlib.asynccontextmanager
    async def present(self) -> AsyncIterator[None]:
        async with Client("127.0.0.1", self.port, identifier="engine") as client:
            await client.subscribe("snow/v1/kaga/#", qos=1)
            listening = asyncio.create_task(self._listen(client))
            try:
                yield
            finally:
                await end_tasks([listening])
                assert listening.cancelled(), listening.exception()

    async def _listen(self, client: Client) -> None:
        async for message in client.messages:
            *_, device, lane = str(message.topic).split("/")
            if lane == "status":
                self.statuses[device] = orjson.loads(_bytes(message))
            elif lane in ("up", "log"):
                self.collected.take(device, _bytes(message))
                await client.publish(
                    f"snow/v1/kaga/{device}/durable", self.collected.durable(device), qos=1, retain=True
                )

    def boots(self) -> list[int]:
        """How many of each device; they follow each other."""
        found = [sorted({boot for of, boot, _ in self.received if of == device}) for device in _DEVICES]
        assert all(boots == [*range(boots[0], boots[-1] + 1)] for boots in found if boots)
        return [len(boots) for boots in found]

    def gaps(self) -> int:
        """Epochs that are missing below others of their boot."""
        newest = {(device, boot): seq for device, boot, seq in sorted(self.received)}
        return sum(newest.values()) - len(self.received)


def _bytes(message: Message) -> bytes:
    assert isinstance(message.payload, bytes)
    return message.payload


@dataclass
class Simulator:
    """Starts and stops the real command on one state folder, and hears what it says."""

    command: list[str]
    said: list[dict[str, Any]] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.subprocess.Process]:
        process = await asyncio.create_subprocess_exec(*self.command, stderr=asyncio.subprocess.PIPE)
        listening = asyncio.create_task(self._listen(process))
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
            await listening

    async def _listen(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr
        async for line in process.stderr:
            self.said.append(orjson.loads(line))


@contextlib.asynccontextmanager
async def _broker(port: int) -> AsyncIterator[None]:
    """Ends without a farewell: what it knew is gone."""
    program = [sys.executable, "-c", "from amqtt.scripts.broker_script import main; main()", "-c", "/dev/stdin"]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*program, stdin=pipe, stderr=asyncio.subprocess.DEVNULL)
    try:
        assert process.stdin
        process.stdin.write(_BROKER.format(port=port).encode())
        process.stdin.close()
        await _until(lambda: _listens(port), "the broker listens")
        yield
    finally:
        process.kill()
        await process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def port() -> int:
    """Below the ports of outgoing connections, so that no client that calls in vain is connected to itself."""
    while _listens(port := 20_000 + secrets.randbelow(12_000)):
        continue
    return port


@pytest.fixture
def simulator(roads: Path, tmp_path: Path, port: int) -> Simulator:
    scenario, state = tmp_path / "two.toml", tmp_path / "state"
    scenario.write_text(_SCENARIO)
    given = ["--broker", f"mqtt://127.0.0.1:{port}", "--network", str(roads), "--state", str(state)]
    return Simulator([sys.executable, "-m", "ploughsim", "run", str(scenario), *given])


@pytest.mark.slow
def test_whatever_is_killed_every_epoch_arrives_with_the_bytes_it_had(simulator: Simulator, port: int) -> None:
    asyncio.run(_a_bad_night(simulator, Engine(port), port))


async def _a_bad_night(simulator: Simulator, engine: Engine, port: int) -> None:
    async with _broker(port):
        async with simulator.running() as process:
            async with engine.present():
                await _until(lambda: len(engine.received) > 200, "the first epochs arrive")
            # The broker takes and acknowledges what no engine sees.
            await asyncio.sleep(3)
            process.kill()
        async with simulator.running(), engine.present():
            await _until(lambda: engine.boots() == [2, 2], "the second boots arrive")
    # Without a broker the rings fill.
    async with simulator.running() as process:
        await asyncio.sleep(3)
        async with _broker(port), engine.present():
            await _until(lambda: engine.boots() == [3, 3], "the third boots arrive")
            await _until(lambda: not engine.gaps(), "all that was written has arrived")
            process.terminate()
            assert await asyncio.wait_for(process.wait(), 30) == 0
            offline = {"state": "offline"}
            await _until(lambda: [*engine.statuses.values()] == [offline] * 2, "both trackers say goodbye")
    # The night is over when everything is confirmed.
    simulator.command += ["--hours", "0.5", "--speed", "200"]
    async with _broker(port), engine.present(), simulator.running() as process:
        assert await asyncio.wait_for(process.wait(), 60) == 0
    assert simulator.said[-1]["event"] == "stopped"
    assert simulator.said[-1]["held"] == 0
    assert simulator.said[-1]["powered"] == 2
    assert simulator.said[-1]["epochs"] > 500
    assert not engine.gaps()
    _judge(engine)


def _judge(engine: Engine) -> None:
    """Time never goes back."""
    for device in _DEVICES:
        epochs = sorted((boot, seq, raw) for (of, boot, seq), raw in engine.received.items() if of == device)
        times = [raw.split(b"RMC,")[1].split(b",")[0] for _, _, raw in epochs]
        told = [time for time in times if time]
        assert len(told) > 100
        assert sum(later <= earlier for earlier, later in itertools.pairwise(told)) <= 1  # midnight


async def _until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, f"not within a minute: {what}"
        await asyncio.sleep(0.05)
