"""Ingest and fold as processes: open what they need, run, close in order."""

import asyncio
import gc
import secrets

from snowtrack.background import running
from snowtrack.live.bus import Bus
from snowtrack.network.arrays import Network
from snowtrack.roads.files import open_network
from snowtrack.services.fold import Fold
from snowtrack.services.heap import give_back_free
from snowtrack.services.ingest import Ingest
from snowtrack.services.machine_code import load_fold, load_ingest
from snowtrack.services.news import keep_bus
from snowtrack.services.policies import engine_policy
from snowtrack.services.shares import Alone, Shared
from snowtrack.services.snow_notices import sending_notices
from snowtrack.services.stopping import stop_on_signals
from snowtrack.services.stream import stream_settings
from snowtrack.settings import Settings
from snowtrack.sources.jetstream import JetStreamSource, Nodes
from snowtrack.sources.mqtt import MqttSource
from snowtrack.sources.source import Limits
from snowtrack.store.database import connect
from snowtrack.store.migrate import migrate
from snowtrack.store.spool import Spool

# Messages in hand are many small objects, none of which is ever garbage in a circle: looking for it after every 700
# costs a tenth of the time.
GARBAGE_LOOKED_FOR = 100_000


async def run_ingest(settings: Settings) -> None:
    """One ingest worker, until told to stop: alone at a broker, or one of those that share a cluster's stream."""
    gc.set_threshold(GARBAGE_LOOKED_FOR)
    stopping = stop_on_signals()
    network = open_network(settings.network_folder)
    load_ingest(network, engine_policy(settings))
    gc.freeze()  # programs, which are most of what there is, are never garbage: it is found in milliseconds
    bus = Bus(addresses=settings.broker_addresses, name="ingest-news")
    async with connect(settings.database.url, name="ingest") as connection:
        await migrate(connection)
    async with running(keep_bus(settings, bus), give_back_free()):
        await (_share if settings.stream.url else _all)(settings, network, bus, stopping)


async def _all(settings: Settings, network: Network, bus: Bus, stopping: asyncio.Event) -> None:
    source = MqttSource(settings.broker_address, settings.broker.client_id, _limits(settings))
    spool = Spool(settings.data.folder / "spool", settings.ingest.spool_mb << 20)
    source.start()
    try:
        await Ingest(settings, network, source, Alone(settings.ingest.commit_s), spool, bus).run(stopping)
    finally:
        await source.stop()


async def _share(settings: Settings, network: Network, bus: Bus, stopping: asyncio.Event) -> None:
    nodes = Nodes(settings.stream_addresses, settings.broker_addresses)
    own_name = f"{settings.broker.client_id}.{secrets.token_hex(4)}"
    source = JetStreamSource(nodes, own_name, _limits(settings), stream_settings(settings))
    charge = Shared(settings.database.url, source)
    source.start()
    try:
        async with running(charge.keep()):
            await Ingest(settings, network, source, charge, None, bus).run(stopping)
    finally:
        await source.stop()
        await charge.leave()


def _limits(settings: Settings) -> Limits:
    own = settings.ingest
    return Limits(own.live_messages_max, own.backlog_messages_max, own.in_hand_mb << 20, own.durable_s)


async def run_fold(settings: Settings) -> None:
    """The fold of the network, until told to stop."""
    stopping = stop_on_signals()
    network = open_network(settings.network_folder)
    load_fold(network)
    bus = Bus(addresses=settings.broker_addresses, name="fold-news")
    async with running(keep_bus(settings, bus)), sending_notices(settings, stopping):
        await Fold(settings, network, bus).run(stopping)
