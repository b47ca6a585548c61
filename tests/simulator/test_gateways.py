"""A night over makers' gateways against a real broker: every epoch of the truth arrives."""

import asyncio
import sys
from pathlib import Path

import polars as pl
import pytest
from aiomqtt import Client
from running.nights import unpacked

from snowtrack.background import running
from tests.mosquitto import RunningBroker
from tests.services.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
SCENARIO = """
[night]
name = "gateways"
speed = 30
start = "now-1h"
hours = 0.1
gateways = 3
[network]
segments = 1000
[fleet]
machines = 20
[tracker]
message_wait_s = 10
[radio]
latency_ms = 10
dropouts_per_h = 20
"""
Name = tuple[str, int, int]


async def test_every_epoch_of_the_truth_arrives_over_gateways(mosquitto: RunningBroker, tmp_path: Path) -> None:
    (tmp_path / "gateways.toml").write_text(SCENARIO)
    heard: list[tuple[Name, int]] = []
    given = ["--broker", mosquitto.url, "--network", str(tmp_path / "network"), "--state", str(tmp_path / "state")]
    command = ["-m", "ploughsim", "run", str(tmp_path / "gateways.toml"), *given, "--truth", str(tmp_path / "truth")]
    async with Client("127.0.0.1", mosquitto.port, identifier="engine", clean_session=False) as engine:
        await engine.subscribe("snow/v1/+/+/up", qos=1)
        await engine.subscribe("snow/v1/+/+/log", qos=1)
        async with running(listen(engine, heard)):
            with (tmp_path / "said").open("wb") as said:
                night = await asyncio.create_subprocess_exec(sys.executable, *command, stderr=said)
            assert await asyncio.wait_for(night.wait(), 120) == 0, (tmp_path / "said").read_text()
            written = set(truth(tmp_path / "truth"))
            await until(lambda: {name for name, _ in heard} >= written)
    assert {name for name, _ in heard} == written
    assert len(written) == 20 * 360
    # Live messages have as many epochs as the scenario says, however the night is cut.
    assert max(size for _, size in heard) >= 10


async def listen(engine: Client, heard: list[tuple[Name, int]]) -> None:
    async for message in engine.messages:
        device = message.topic.value.split("/")[3]
        assert isinstance(message.payload, bytes)
        payload = unpacked(message.payload)
        parts = payload.split(b"$PSNOW,")[1:]
        for part in parts:
            boot, seq, _ = part.split(b",", 2)
            heard.append(((device, int(boot), int(seq)), len(parts)))


def truth(folder: Path) -> list[Name]:
    units = pl.read_parquet(folder / "units.parquet")
    epochs = pl.read_parquet(folder / "epochs" / "*.parquet").filter(pl.col("seq") > 0)
    return list(epochs.join(units, on="unit").select("device", "boot", "seq").iter_rows())
