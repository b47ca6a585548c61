"""A fold over a database of its own, in which time is what the test says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from psycopg import AsyncConnection

from snowtrack.addresses import parse_broker
from snowtrack.live.bus import Bus
from snowtrack.model.calendar import SECOND_US, event_start_us
from snowtrack.model.ids import DeviceId
from snowtrack.model.passes import Evidence, PassBatch, Work
from snowtrack.network.arrays import Network, RoadClass
from snowtrack.services.fold import LEASE_S, Fold
from snowtrack.settings import Settings, load_settings
from snowtrack.store.database import connect
from snowtrack.store.devices import device_number, note_device
from snowtrack.store.passes import add_passes
from snowtrack.store.states import read_public_cut, take_lease

HOUR_US = 3_600 * SECOND_US
# Some evening in Japan, six hours after the event began at noon.
EVENING_US = event_start_us(1_800_000_000 * SECOND_US, 12) + 6 * HOUR_US


class Town:
    """The fold, its lease, and one plough."""

    def __init__(self, settings: Settings, network: Network, connection: AsyncConnection) -> None:
        self.settings, self.network, self.connection = settings, network, connection
        self.bus = Bus(address=parse_broker("mqtt://never.opened"), name="fold")
        self.fold = Fold(settings, network, self.bus)
        self.epoch = 0
        self.device = 0

    async def begin(self) -> None:
        self.device = await device_number(self.connection, DeviceId("kanazawa", "secret-plough"))
        epoch = await take_lease(self.connection, self.fold.lease, holder="test", lasts_s=LEASE_S)
        assert epoch is not None
        self.epoch = epoch
        await self.fold.load(self.connection)

    async def work(self, segment: int, ended_us: int, *, share: float = 1.0) -> None:
        """A pass from the segment's start."""
        row = int(self.network.rows_of([segment])[0])
        to_mm = int(int(self.network.length_mm[row]) * share)
        one = (self.device, segment, 1, 0, to_mm, ended_us - 10 * SECOND_US, ended_us, Work.PLOUGHING, Evidence.BLADE)
        await add_passes(self.connection, PassBatch.from_rows([one]))
        await self.heard(ended_us)

    async def heard(self, at_us: int) -> None:
        await note_device(self.connection, self.device, fixes=1, latest_us=at_us, heard_us=at_us)

    async def turn(self, now_us: int) -> list[dict[str, Any]]:
        """What it says then."""
        self.bus.queue.clear()
        await self.fold.turn(self.connection, self.epoch, now_us)
        return [{"news": str(news), **orjson.loads(content)} for news, content in self.bus.queue]

    async def deltas(self, now_us: int) -> dict[int, str]:
        """The labels that it says changed."""
        said = await self.turn(now_us)
        return {view["id"]: view["label"] for one in said if one["news"] == "delta" for view in one["segments"]}

    async def cut(self) -> tuple[int, list[dict[str, Any]]]:
        found = await read_public_cut(self.connection, self.network.network_id)
        assert found is not None
        return int(found[0].timestamp()) * SECOND_US, orjson.loads(found[1])


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
