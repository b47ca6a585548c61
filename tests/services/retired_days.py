"""Days of some nights ago that leave the database: what was sent, what retiring says, and what is there afterwards."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from snowtrack.model.calendar import DAY_US, HOUR_US, SECOND_US
from snowtrack.model.ids import DeviceId
from snowtrack.network.arrays import Network
from snowtrack.services.retire import Wanted, retire
from snowtrack.settings import as_environment, load_settings
from snowtrack.store.partitions import day_date
from tests.services.epochs import Fix
from tests.services.night import PLOUGHS, Night, drives
from tests.services.registry import register
from tests.services.replayed import OTHERS, Place
from tests.store.databases import rows

PARTITIONS = "select inhrelid::regclass::text from pg_inherits where inhparent = 'fix'::regclass order by 1"
NOTED = "select day, part, file, fixes from retired order by 1, 2"
MARKS = "select waits, count(*)::integer from dirty group by waits order by 1"
ONE = PLOUGHS[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Some days, counted from 1970, of which the first is over for a week; what is sent is from there on."""

    place: Place
    folder: Path
    first: int

    @property
    def url(self) -> str:
        return self.place.url

    def at_us(self, day: int, seconds: int = 0) -> int:
        """So long after a day began, counted from the first."""
        return (self.first + day) * DAY_US + seconds * SECOND_US

    def date(self, day: int) -> date:
        return day_date(self.first + day)

    def name(self, day: int, part: int = 1) -> str:
        return f"fixes-{self.date(day)}{'' if part == 1 else f'.{part}'}.parquet"

    def partition(self, day: int) -> tuple[str]:
        return (f"fix_{self.date(day):%Y%m%d}",)

    def partitions(self) -> list[tuple[str]]:
        """Of these days."""
        return [row for row in rows(self.url, PARTITIONS) if row < self.partition(4)]

    def drives(self, day: int, seconds: int = 0) -> list[Fix]:
        """Two tracks of 240 and 200 fixes, a second apart; the second one begins after 900 seconds."""
        return drives(self.place.network, self.at_us(day, seconds))

    async def send(self, night: Night, fixes: Sequence[Fix], seqs: Sequence[int], device: DeviceId = ONE) -> None:
        """An hour after the last of them."""
        received_us = max(fix.time_us for fix in fixes) + HOUR_US
        await night.send(device, fixes, seqs, received_us=received_us, at_once=110)

    async def settle(self, night: Night) -> None:
        """Until nothing is to be computed any more but what waits for archives."""
        await night.tick()
        while rows(self.url, "select from dirty where not waits"):
            await night.tick()
        await night.tick()

    async def retire(self, before: int, **wanted: object) -> dict[str, Any]:
        """What it says; the archives are in its folder."""
        self.place.capsys.readouterr()
        asked = Wanted(**{"before": self.date(before), "folder": self.folder, "as_json": True, **wanted})  # type: ignore[arg-type]
        await retire(self.place.settings, asked)
        said: dict[str, Any] = orjson.loads(self.place.capsys.readouterr().out.splitlines()[-1])
        return said

    def archives(self) -> list[Path]:
        return sorted(self.folder.glob("fixes-*.parquet"))

    async def replay(self, from_day: int = 0, to_day: int = 4, **wanted: object) -> dict[str, Any]:
        span = {"from_us": self.at_us(from_day), "to_us": self.at_us(to_day) - 1}
        return await self.place.replay(**span, **wanted)


def make_days(
    url: str, network: Network, network_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Days:
    """Nothing was sent yet."""
    flags = [
        f"database.url={url}",
        f"network.folder={network_folder}",
        f"data.folder={tmp_path / 'data'}",
        "data.free_mb_min=1",
        "ingest.dirty_quiet_s=0.001",
    ]
    settings = load_settings(None, {"SNOWTRACK_CONFIG": ""}, flags)
    first = time.time_ns() // 1_000 // DAY_US - 9
    place = Place(settings=settings, network=network, start_us=first * DAY_US, capsys=capsys)
    for (schema,) in rows(url, OTHERS):
        if schema != "visible":
            place.change(f"drop schema {schema} cascade")
    for (partition,) in rows(url, PARTITIONS):
        place.change(f"drop table {partition}")
    register(url, *PLOUGHS)
    folder = tmp_path / "archives"
    with suppress(FileExistsError):
        folder.mkdir()
    return Days(place=place, folder=folder, first=first)


def run(days: Days, module: str, *arguments: str) -> tuple[int, str, str]:
    """A command over these settings; its code, and what it says."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SNOWTRACK_")}
    done = subprocess.run(
        (sys.executable, "-m", module, *arguments),
        env={**kept, **as_environment(days.place.settings)},
        check=False,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout, done.stderr
