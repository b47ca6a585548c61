"""A night that is replayed: what is stored of it, what a replay says, and what is in a schema that it made."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest

from snowtrack import wall_clock
from snowtrack.addresses import parse_broker
from snowtrack.live.bus import Bus
from snowtrack.model.calendar import HOUR_US, SECOND_US
from snowtrack.network.arrays import Network
from snowtrack.services.fold import LEASE_S, Fold
from snowtrack.services.replay import Wanted, replay
from snowtrack.settings import Settings, load_settings
from snowtrack.store.database import connect
from snowtrack.store.states import leave_lease, take_lease
from tests.services.night import PLOUGHS, Night, drives, night_in
from tests.services.registry import register
from tests.store.databases import count, rows

PASSES = """
select device, segment_id, direction, from_mm, to_mm, started_at, ended_at, work, evidence, confidence, material_g
from {}pass order by 1, 6, 2, 3, 4
"""
TRACKS = """
select device, started_at, ended_at, fixes, jumps, returns, twins, too_fast, frozen_us, unsure, known_as
from {}track order by 1, 2
"""
RESULTS = (PASSES, "select * from {}activity order by 1, 2", TRACKS)
STATES = "select * from {}segment_state order by segment_id, direction"
# What a replay could write to, with what tells each version of a row apart.
WRITTEN = ("pass", "activity", "track", "touched", "dirty", "basis", "segment_state", "device_state", "device")
# What a test before this one has left.
OTHERS = "select nspname from pg_namespace where nspname <> 'public' and nspname !~ '^(pg_|information_schema)'"
Table = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A database with a night of three ploughs that ended an hour ago, and what was set when it was taken in."""

    settings: Settings
    network: Network
    start_us: int
    capsys: pytest.CaptureFixture[str]

    @property
    def url(self) -> str:
        return self.settings.database.url

    def set(self, **other: dict[str, object]) -> Settings:
        """The same settings but for these."""
        groups = {name: getattr(self.settings, name).model_copy(update=changed) for name, changed in other.items()}
        return self.settings.model_copy(update=groups)

    async def replay(self, settings: Settings | None = None, /, **wanted: object) -> dict[str, Any]:
        """What it says."""
        span = {"from_us": self.start_us - HOUR_US, "to_us": self.start_us + 2 * HOUR_US}
        self.capsys.readouterr()
        await replay(settings or self.settings, Wanted(**{**span, "as_json": True, **wanted}))  # type: ignore[arg-type]
        found: dict[str, Any] = orjson.loads(self.capsys.readouterr().out.splitlines()[-1])
        return found

    def results(self, schema: str = "") -> list[Table]:
        return [rows(self.url, statement.format(f"{schema}." if schema else "")) for statement in RESULTS]

    def states(self, schema: str = "") -> Table:
        return rows(self.url, STATES.format(f"{schema}." if schema else ""))

    def everything(self) -> list[Table]:
        return [rows(self.url, f"select xmin::text, * from {table} order by 1, 2, 3") for table in WRITTEN]

    def change(self, statement: str) -> None:
        """Behind everyone's back."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement.encode())

    async def fold(self) -> None:
        """Facts of what is stored."""
        async with connect(self.url, name="test") as connection:
            fold = Fold(self.settings, self.network, Bus(addresses=[parse_broker("mqtt://never.opened")], name="fold"))
            epoch = await take_lease(connection, fold.lease, holder="test", lasts_s=LEASE_S)
            assert epoch is not None
            await fold.load(connection)
            await fold.turn(connection, epoch, wall_clock.now_us())
            while count(self.url, "touched"):
                await fold.turn(connection, epoch, wall_clock.now_us())
            await leave_lease(connection, fold.lease, epoch=epoch)


async def take_in(night: Night, start_us: int) -> None:
    for number, device in enumerate(PLOUGHS):
        fixes = drives(night.network, start_us + number * 7 * SECOND_US)
        await night.send(device, fixes, range(1, len(fixes) + 1), received_us=start_us + HOUR_US)
    await night.settle()


async def make_place(
    url: str, network: Network, network_folder: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> Place:
    flags = [
        f"database.url={url}",
        f"network.folder={network_folder}",
        f"data.folder={data}",
        "ingest.dirty_quiet_s=0.001",
    ]
    settings = load_settings(None, {"SNOWTRACK_CONFIG": ""}, flags)
    start_us = time.time_ns() // 1_000_000_000 * SECOND_US - 2 * HOUR_US
    place = Place(settings=settings, network=network, start_us=start_us, capsys=capsys)
    for (schema,) in rows(url, OTHERS):
        place.change(f"drop schema {schema} cascade")
    register(url, *PLOUGHS)
    async with night_in(settings, network) as night:
        await take_in(night, start_us)
    return place


def reasons(found: dict[str, Any]) -> list[list[str]]:
    return [group["reasons"] for group in found["groups"]]


def said(found: dict[str, Any]) -> dict[str, int]:
    """What it was and is, and how often."""
    return {one["said"]: one["stretches"] for group in found["groups"] for one in group["details"]}


LIFTED: dict[str, dict[str, object]] = {"engine": {"lift_s": 60.0}}
