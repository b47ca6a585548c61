"""Ingest and fold as processes: open what they need, run, close in order."""

import gc

from snowtrack.background import running
from snowtrack.live.bus import Bus
from snowtrack.roads.files import open_network
from snowtrack.services.fold import Fold
from snowtrack.services.ingest import Ingest
from snowtrack.services.snow_notices import sending_notices
from snowtrack.services.stopping import stop_on_signals
from snowtrack.settings import Settings
from snowtrack.sources.mqtt import Limits, MqttSource
from snowtrack.store.database import connect
from snowtrack.store.migrate import migrate

# Messages in hand are many small objects, none of which is ever garbage in a circle: looking for it after every 700
# costs a tenth of the time.
GARBAGE_LOOKED_FOR = 100_000


async def run_ingest(settings: Settings) -> None:
    """One ingest worker, until told to stop."""
    gc.set_threshold(GARBAGE_LOOKED_FOR)
    stopping = stop_on_signals()
    network = open_network(settings.network_folder)
    address = settings.broker_address
    async with connect(settings.database.url, name="ingest") as connection:
        await migrate(connection)
    limits = settings.ingest
    source = MqttSource(
        address,
        settings.broker.client_id,
        Limits(limits.live_messages_max, limits.backlog_messages_max, limits.in_hand_mb << 20, limits.durable_s),
    )
    bus = Bus(address=address, name="ingest-news")
    async with running(bus.run()):
        source.start()
        try:
            await Ingest(settings, network, source, bus).run(stopping)
        finally:
            await source.stop()


async def run_fold(settings: Settings) -> None:
    """The fold of the network, until told to stop."""
    stopping = stop_on_signals()
    bus = Bus(address=settings.broker_address, name="fold-news")
    async with running(bus.run()), sending_notices(settings, stopping):
        await Fold(settings, open_network(settings.network_folder), bus).run(stopping)
