"""A small night, taken in by an ingest in this process: the test says what is sent and when tails are settled."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from psycopg import AsyncConnection

from snowtrack import wall_clock
from snowtrack.addresses import parse_broker
from snowtrack.live.bus import Bus
from snowtrack.model.ids import DeviceId
from snowtrack.model.topics import Channel
from snowtrack.network.arrays import Network
from snowtrack.services.batches import BatchWriter
from snowtrack.services.ingest import Ingest
from snowtrack.services.shares import Alone
from snowtrack.settings import Settings
from snowtrack.sources.mqtt import MqttSource
from snowtrack.sources.session import Receipt
from snowtrack.sources.source import Delivery, Limits
from snowtrack.store.database import connect
from tests.services.epochs import SECOND_US, Fix, drive, epoch
from tests.store.databases import count

PLOUGHS = tuple(DeviceId("kanazawa", f"d{number}") for number in (1, 2, 3))
# For so long the blade is lifted in the middle of each drive.
LIFTED = range(100, 125)
DRIVE_S = 240
COMMIT_S = 60.0


class Night:
    """One ingest and its database. Nothing happens between two calls."""

    def __init__(self, settings: Settings, network: Network, connection: AsyncConnection) -> None:
        self.settings, self.network, self.connection = settings, network, connection
        address = parse_broker("mqtt://never.opened")
        source = MqttSource(address, "test", Limits(1, 1))
        self.ingest = Ingest(settings, network, source, Alone(COMMIT_S), None, Bus(addresses=[address], name="test"))
        self.lane = self.ingest.new_lane()
        engine, quarantine, charge = self.lane.devices.engine, self.ingest.quarantine, self.ingest.charge
        self.writer = BatchWriter(connection, engine, quarantine, charge, COMMIT_S)

    async def begin(self) -> None:
        """As ingest does when it starts."""
        await self.ingest.charge.take_up(self.connection, self.connection)
        await self.lane.take_up(self.connection, 0)

    async def send(
        self, device: DeviceId, fixes: Sequence[Fix], seqs: Sequence[int], *, received_us: int, at_once: int = 20
    ) -> None:
        """Fixes under these numbers."""
        for first in range(0, len(fixes), at_once):
            part = slice(first, first + at_once)
            lines = [
                epoch(1, seq, fix, "U" if seq in LIFTED else "D")
                for seq, fix in zip(seqs[part], fixes[part], strict=True)
            ]
            delivery = Delivery(device, Channel.UP, b"".join(lines), received_us, Receipt(1, 1, 0))
            read = await self.lane.read(self.connection, [delivery])
            await self.writer.commit(await self.lane.prepare(self.connection, read, self.writer.written))

    async def tick(self) -> None:
        """Tails of devices that were not heard for a minute are settled, and one stretch is computed again."""
        await self.lane.recomputing.compute_next(self.connection, self.writer.committed)
        await self.lane.on_time(self.connection, self.writer, wall_clock.now_us())
        await self.lane.save_all(self.connection)

    async def settle(self) -> None:
        """Until nothing is dirty and no tail is open of devices that are silent."""
        await self.tick()
        while count(self.settings.database.url, "dirty"):
            await self.tick()
        await self.tick()


@asynccontextmanager
async def night_in(settings: Settings, network: Network) -> AsyncIterator[Night]:
    """Begun."""
    async with connect(settings.database.url, name="test") as connection:
        night = Night(settings, network, connection)
        await night.begin()
        yield night


def drives(network: Network, start_us: int) -> list[Fix]:
    """Two drives with a rest between them: two tracks. The n-th fix has the number n."""
    first = drive(network, start_us=start_us, seconds=DRIVE_S, row=40)
    return first + drive(network, start_us=start_us + 900 * SECOND_US, seconds=200, row=1500, speed_mps=6.5)
