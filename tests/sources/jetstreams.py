"""A source that reads a real stream, and what tests do with it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from snowtrack.addresses import BrokerAddress
from snowtrack.model.ids import DeviceId
from snowtrack.sources.jetstream import JetStreamSource, Nodes
from snowtrack.sources.nats import Nats
from snowtrack.sources.partitions import PARTITIONS
from snowtrack.sources.source import Delivery, Limits
from snowtrack.sources.stream import StreamSettings
from snowtrack.store.shares import Cursor
from tests.nats import PlainNats
from tests.services.waiting import until
from tests.sources.publisher import Publisher, publishing

WITHIN_S = 30.0
SETTINGS = StreamSettings(replicas=1, max_bytes=200 << 20, max_age_s=3_600)
EVERY = range(PARTITIONS)
D1, D2 = DeviceId("kanazawa", "d1"), DeviceId("kanazawa", "d2")
Cursors = dict[tuple[int, str], Cursor]


@asynccontextmanager
async def reading(
    nodes: Nodes, *, limits: Limits | None = None, settings: StreamSettings = SETTINGS, name: str = "test"
) -> AsyncIterator[JetStreamSource]:
    source = JetStreamSource(nodes, name, limits or Limits(6_400, 6_400), settings)
    source.start()
    try:
        await until(lambda: source.refusal is None)
        yield source
    finally:
        async with asyncio.timeout(10):
            await source.stop()


async def own(source: JetStreamSource, partitions: range, cursors: Cursors | None = None) -> None:
    """Each from its cursors on."""
    for partition in partitions:
        await source.own(partition, {kind: at for (of, kind), at in (cursors or {}).items() if of == partition})


async def batch(source: JetStreamSource) -> list[Delivery]:
    """The next one that is not empty."""
    async with asyncio.timeout(WITHIN_S):
        while not (taken := await source.batch(batch_s=0.05, fixes_max=1_000, idle_s=0.1)):
            pass
    return taken


async def take(source: JetStreamSource, count: int) -> list[Delivery]:
    """So many messages, settled as they come."""
    taken: list[Delivery] = []
    while len(taken) < count:
        deliveries = await batch(source)
        taken += deliveries
        source.settle(deliveries)
    assert len(taken) == count
    return taken


async def nothing_comes(source: JetStreamSource) -> bool:
    return not await source.batch(batch_s=0.05, fixes_max=1_000, idle_s=0.5)


def say_all(publisher: Publisher, payloads: list[bytes], *, channel: str = "up", devices: int = 1) -> None:
    """Of devices in turn."""
    for at, payload in enumerate(payloads):
        publisher.say(channel, payload, f"kanazawa/d{1 + at % devices}")


def numbered(count: int, start: int = 0) -> list[bytes]:
    return [b"%d" % number for number in range(start, start + count)]


def payloads_of(deliveries: list[Delivery]) -> list[bytes]:
    return [delivery.payload for delivery in deliveries]


@contextmanager
def published(address: BrokerAddress, payloads: list[bytes], **how: int) -> Iterator[Publisher]:
    with publishing(address) as publisher:
        say_all(publisher, payloads, devices=how.get("devices", 1))
        yield publisher


@asynccontextmanager
async def asking(nats: PlainNats) -> AsyncIterator[Nats]:
    connection = Nats((nats.nats_address,), "operator")
    connection.start()
    try:
        await until(connection.connected.is_set)
        yield connection
    finally:
        await connection.stop()
