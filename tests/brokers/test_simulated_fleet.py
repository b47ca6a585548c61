"""A simulated fleet on the brokers that we ship, each tracker with its certificate.

All that it writes arrives, its wills and answers do, and a tracker that calls as another one is not heard.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from running.collected import Collected

from snowtrack.background import running
from snowtrack.model.ids import DeviceId
from tests.brokers.callers import Caller, calling
from tests.brokers.shipped import HOST, ShippedBroker
from tests.services.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

D1, D2 = "plough-01", "plough-02"
SCENARIO = """
[night]
name = "enrolled"
speed = 20
start = "now-2h"
hours = {hours}
[network]
segments = 1000
[fleet]
agencies = ["kanazawa"]
machines = 2
kinds = {{ truck = 1 }}
muster_min = 0.2
[receiver]
cold_start_s = 2
[tracker]
compression = "none"
driver_answer_s = 1
driver_refuses = 0
[radio]
latency_ms = 5
dropouts_per_h = {dropouts}
dropout_s = 10
"""


@asynccontextmanager
async def fleet(
    broker: ShippedBroker, folder: Path, *, hours: float, dropouts: float = 0
) -> AsyncIterator[asyncio.subprocess.Process]:
    scenario = folder / "enrolled.toml"
    scenario.write_text(SCENARIO.format(hours=hours, dropouts=dropouts))
    given = [
        "--broker",
        f"mqtts://{HOST}:{broker.device_port}",
        "--certificates",
        str(broker.register.folder / "devices"),
    ]
    places = ["--network", str(folder / "network"), "--state", str(folder / "state")]
    command = [sys.executable, "-m", "ploughsim", "run", str(scenario), *given, *places]
    with (folder / "said").open("wb") as said:
        process = await asyncio.create_subprocess_exec(*command, stderr=said)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def enrol(broker: ShippedBroker) -> None:
    devices = [DeviceId("kanazawa", name) for name in (D1, D2)]
    broker.register.enrol(devices, hosts=[], now=datetime.now(UTC), days=1)
    broker.reload()


class Engine:
    """Confirms what has no gap below it."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.collected = Collected()
        self.epochs = self.collected.received
        self._read = 0

    async def confirm(self) -> None:
        while True:
            await asyncio.sleep(0.2)
            heard, self._read = self.caller.heard[self._read :], len(self.caller.heard)
            for topic, payload, _ in heard:
                *_, device, lane = topic.split("/")
                if lane in ("up", "log"):
                    self.collected.take(device, payload)
            for device in {topic.split("/")[-2] for topic, _, _ in heard}:
                durable = self.collected.durable(device)
                await self.caller.say(f"snow/v1/kanazawa/{device}/durable", durable, retain=True)

    def said(self, device: str, lane: str) -> list[dict[str, object]]:
        topic = f"snow/v1/kanazawa/{device}/{lane}"
        return [orjson.loads(payload) for of, payload, _ in self.caller.heard if of == topic]


@asynccontextmanager
async def engine(broker: ShippedBroker) -> AsyncIterator[Engine]:
    async with calling(broker.engine_door, "snowtrack.test") as caller:
        for lane in ("up", "log", "status", "ack"):
            assert await caller.hear(f"snow/v1/+/+/{lane}") == [True]
        found = Engine(caller)
        async with running(found.confirm()):
            yield found


async def test_all_that_an_enrolled_fleet_writes_arrives_over_bad_links(shipped: ShippedBroker, tmp_path: Path) -> None:
    enrol(shipped)
    async with engine(shipped) as ours, fleet(shipped, tmp_path, hours=0.1, dropouts=40) as process:
        assert await asyncio.wait_for(process.wait(), 120) == 0
        last = orjson.loads((tmp_path / "said").read_bytes().splitlines()[-1])
        assert (last["event"], last["held"]) == ("stopped", 0)
        assert len(ours.epochs) == last["epochs"] == 2 * 360
        assert "offline" in [status["state"] for status in ours.said(D1, "status")]


async def test_orders_and_settings_reach_the_driver_and_the_tracker(shipped: ShippedBroker, tmp_path: Path) -> None:
    enrol(shipped)
    down = f"snow/v1/kanazawa/{D1}/down"
    async with engine(shipped) as ours, fleet(shipped, tmp_path, hours=0):
        await until(lambda: bool(ours.said(D1, "status")))
        await ours.caller.say(down, b'{"id":"o-1","order":{"text":"to the station"}}')
        await ours.caller.say(down, b'{"id":"s-1","settings":{"rate_hz":3}}')
        await until(lambda: len(ours.said(D1, "ack")) == 3)
        answers = {(answer["id"], answer["state"]) for answer in ours.said(D1, "ack")}
        assert answers == {("o-1", "received"), ("o-1", "accepted"), ("s-1", "refused")}
        assert ours.said(D2, "ack") == []


async def test_a_fleet_that_was_not_enrolled_is_not_heard(shipped: ShippedBroker, tmp_path: Path) -> None:
    """Its certificates are good ones, of two devices whose names it does not have."""
    enrol(shipped)
    devices = shipped.register.folder / "devices"
    for name in (D1, D2):
        (devices / f"kanazawa.{name}").rename(devices / "set-aside")
        (devices / f"kanazawa.d{name[-1]}").rename(devices / f"kanazawa.{name}")
        (devices / "set-aside").rename(devices / f"kanazawa.d{name[-1]}")
    async with engine(shipped) as ours, fleet(shipped, tmp_path, hours=0) as process:
        async with calling(shipped.address(shipped.device_port, devices / "kanazawa.d1"), f"kanazawa.{D1}") as rightful:
            await rightful.say(f"snow/v1/kanazawa/{D1}/up", b"$PSNOW,1,1,*00\r\n")
            await until(lambda: (D1, 1, 1) in ours.epochs)
            await asyncio.sleep(3)
        assert set(ours.epochs) == {(D1, 1, 1)}
        assert process.returncode is None
        assert orjson.loads((tmp_path / "said").read_bytes().splitlines()[0])["event"] == "started"
