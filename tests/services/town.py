"""A fold over a database of its own, in which time is what the test says."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import orjson
from psycopg import AsyncConnection

from snowtrack.addresses import parse_broker
from snowtrack.clearance.view import NEVER
from snowtrack.live.bus import Bus
from snowtrack.model.calendar import SECOND_US
from snowtrack.model.columns import ABSENT_16, ABSENT_32
from snowtrack.model.ids import DeviceId
from snowtrack.model.passes import PassBatch
from snowtrack.model.snow import DepthBatch, SensorId
from snowtrack.model.work import Evidence, Work
from snowtrack.network.arrays import Network, RoadClass
from snowtrack.services.fold import LEASE_S, Fold
from snowtrack.settings import Settings, load_settings
from snowtrack.store.database import connect
from snowtrack.store.devices import Note, device_number, note_devices
from snowtrack.store.instants import to_instant
from snowtrack.store.passes import add_passes
from snowtrack.store.snow import keep_depths
from snowtrack.store.states import read_public_cut, take_lease
from tests.services.registry import register

HOUR_US = 3_600 * SECOND_US
# Some evening in Japan, when an hour begins.
EVENING_US = 500_000 * HOUR_US
PLOUGH = DeviceId("kanazawa", "secret-plough")
AT_WORK = """
insert into activity (device, started_at, ended_at, activity, evidence, doubted, ploughed, driven_mm)
values (%s, %s, %s, 3, 0, false, true, %s) on conflict do nothing
"""
ADD_SENSOR = """
insert into sensor (agency, sensor, name, lat_e7, lon_e7) values ('kanazawa', 's1', '観測所', %s, %s)
on conflict do nothing
"""


class Town:
    """The fold, its lease, and one plough."""

    def __init__(self, settings: Settings, network: Network, connection: AsyncConnection) -> None:
        self.settings, self.network, self.connection = settings, network, connection
        self.bus = Bus(addresses=[parse_broker("mqtt://never.opened")], name="fold")
        self.fold = Fold(settings, network, self.bus)
        self.epoch = 0
        self.device = 0

    async def begin(self) -> None:
        register(self.settings.database.url, PLOUGH)
        self.device = await device_number(self.connection, PLOUGH)
        epoch = await take_lease(self.connection, self.fold.lease, holder="test", lasts_s=LEASE_S)
        assert epoch is not None
        self.epoch = epoch
        await self.fold.load(self.connection)

    async def work(self, segment: int, ended_us: int, *, share: float = 1.0, lasted_s: int = 10) -> None:
        """A pass from the segment's start."""
        row = int(self.network.rows_of([segment])[0])
        to_mm = int(int(self.network.length_mm[row]) * share)
        span = ended_us - lasted_s * SECOND_US, ended_us
        one = (self.device, segment, 1, 0, to_mm, *span, Work.PLOUGHING, Evidence.BLADE, 950, ABSENT_32)
        await self.connection.execute(AT_WORK, [self.device, *map(to_instant, span), to_mm])
        await add_passes(self.connection, PassBatch.from_rows([one]))
        await self.heard(ended_us)

    async def snows(self, segment: int, until_us: int, depth_mm: Callable[[float], float]) -> None:
        """A sensor on a segment reads these depths, by hours since the evening."""
        first = int(self.network.shape_offsets[int(self.network.rows_of([segment])[0])])
        place = int(self.network.shape_lat_e7[first]), int(self.network.shape_lon_e7[first])
        await self.connection.execute(ADD_SENSOR, place)
        times = range(EVENING_US - 2 * HOUR_US, until_us + 1, 600 * SECOND_US)
        told = [(at_us, round(depth_mm((at_us - EVENING_US) / HOUR_US)), ABSENT_16, ABSENT_32) for at_us in times]
        await keep_depths(self.connection, SensorId("kanazawa", "s1"), DepthBatch.from_rows(told), until_us)

    async def heard(self, at_us: int) -> None:
        await note_devices(self.connection, {self.device: Note(1, at_us, at_us)}, 1)

    async def turn(self, now_us: int) -> list[dict[str, Any]]:
        """What it says then."""
        self.bus.queue.clear()
        await self.fold.turn(self.connection, self.epoch, now_us)
        return [{"news": str(news), **orjson.loads(content)} for news, content in self.bus.queue]

    async def deltas(self, now_us: int) -> dict[int, str]:
        """The labels of narrow streets that it says changed; wide roads are due soon."""
        said = await self.turn(now_us)
        told = {view["id"]: view["label"] for one in said if one["news"] == "delta" for view in one["segments"]}
        rows = self.network.rows_of(list(told)).tolist()
        local = self.network.road_class[rows] == RoadClass.LOCAL
        return {id_: label for (id_, label), chosen in zip(told.items(), local.tolist(), strict=True) if chosen}

    async def cut(self) -> tuple[int, list[dict[str, Any]]]:
        """When it was made, and all but what was never worked."""
        found = await read_public_cut(self.connection, self.network.network_id)
        assert found is not None
        rows = np.flatnonzero(found.views.label != NEVER)
        return found.cut_us, found.views.take(rows).as_json(self.network.segment_id[rows])


@asynccontextmanager
async def opened(database_url: str, network: Network, *flags: str) -> AsyncIterator[Town]:
    settings = load_settings(None, {"SNOWTRACK_CONFIG": ""}, [f"database.url={database_url}", *flags])
    async with connect(database_url, name="test") as connection:
        town = Town(settings, network, connection)
        await town.begin()
        yield town


def streets(network: Network) -> tuple[int, int]:
    """Two narrow streets, done after one pass; the one with the smaller id first."""
    one, other = sorted(network.segment_id[network.road_class == RoadClass.LOCAL][:2].tolist())
    return one, other
