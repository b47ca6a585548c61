"""Three nodes, of which one is killed: what was acknowledged reaches ingest, and each of it once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle

import pytest

from snowtrack.addresses import BrokerAddress
from snowtrack.background import running
from snowtrack.model.ids import DeviceId
from snowtrack.sources import packets
from snowtrack.sources.jetstream import JetStreamSource, cursors_of
from snowtrack.sources.partitions import PARTITIONS, partition_of
from snowtrack.sources.source import Delivery, Limits
from snowtrack.sources.stream import StreamSettings
from snowtrack.store.shares import Cursor
from tests.brokers.callers import Caller, calling
from tests.brokers.cluster import Cluster, Node
from tests.brokers.shipped import D1, D2, D3
from tests.services.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

SETTINGS = StreamSettings(replicas=3, max_bytes=200 << 20, max_age_s=3_600)
LIMITS = Limits(6_400, 6_400)
# After the death of the stream's leader NATS takes nothing for up to 25 s.
STANDSTILL_S_MAX = 60.0
AT_ONCE = 10
# What was on its way to a node that died is never acknowledged: a tracker has to call again.
PATIENCE_S = 5.0
BEFORE, AFTER = 300, 300


@asynccontextmanager
async def reading(cluster: Cluster, partitions: range, name: str = "ingest") -> AsyncIterator[JetStreamSource]:
    source = JetStreamSource(cluster.engine_doors, name, LIMITS, SETTINGS)
    source.start()
    try:
        for partition in partitions:
            await source.own(partition, {})
        await until(lambda: source.refusal is None)
        yield source
    finally:
        async with asyncio.timeout(20):
            await source.stop()


@dataclass(slots=True)
class Storm:
    """A device that publishes as fast as it is acknowledged, at one node after the other."""

    device: DeviceId
    cluster: Cluster
    said: list[bytes] = field(default_factory=list)
    acknowledged: set[bytes] = field(default_factory=set)

    async def run(self) -> None:
        doors = cycle(self.cluster.doors(self.device))
        for _ in range(int(self.device.device[1:])):
            next(doors)
        while True:
            with suppress(OSError, asyncio.IncompleteReadError):  # a TimeoutError is an OSError
                await self._publish_at(next(doors))
            await asyncio.sleep(0.1)

    async def _publish_at(self, door: BrokerAddress) -> None:
        """Until it acknowledges no more. MQTT has no other word for that than silence."""
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection(door.host, door.port, ssl=door.tls)
        try:
            writer.write(packets.connect(f"{self.device.agency}.{self.device.device}", 60, None, None, lasting=False))
            async with asyncio.timeout(PATIENCE_S):
                assert (await reader.readexactly(4))[3] == 0
            while True:
                await self._publish_some(reader, writer)
        finally:
            writer.transport.abort()  # closing it in order would wait for the node's word, be it dead or not

    async def _publish_some(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Each in words of its own, so that what comes twice was not said twice."""
        said = {number: f"{self.device} {len(self.said) + number}".encode() for number in range(1, AT_ONCE + 1)}
        for number, payload in said.items():
            writer.write(packets.publish(f"snow/v1/{self.device}/up", payload, number))
        self.said += said.values()
        async with asyncio.timeout(PATIENCE_S):
            for _ in said:
                answer = await reader.readexactly(4)
                assert answer.startswith(packets.PUBACK_HEAD)
                self.acknowledged.add(said[int.from_bytes(answer[2:], "big")])


@dataclass(slots=True)
class Ingested:
    """All that a source has handed over, in order, and up to where each partition was committed."""

    deliveries: list[Delivery] = field(default_factory=list)
    cursors: dict[tuple[int, str], Cursor] = field(default_factory=dict)

    async def run(self, source: JetStreamSource) -> None:
        while True:
            deliveries = await source.batch(batch_s=0.05, fixes_max=1_000, idle_s=0.1)
            # As a commit would refuse it: a partition may have been given away while this batch was waited for.
            committed = [one for one in deliveries if partition_of(one.device) in source.owned]
            self.deliveries += committed
            self.cursors.update(cursors_of(committed))
            source.settle(deliveries)

    @property
    def payloads(self) -> list[bytes]:
        return [delivery.payload for delivery in self.deliveries]


def each_once(storms: list[Storm], *ingested: Ingested) -> None:
    """What was acknowledged is there; what is there was said, and is there once."""
    payloads = [payload for one in ingested for payload in one.payloads]
    assert set().union(*(storm.acknowledged for storm in storms)) <= {*payloads}
    assert {*payloads} <= set().union(*(storm.said for storm in storms))
    assert len({*payloads}) == len(payloads)


async def acknowledged(storms: list[Storm], more: int) -> None:
    """Until each device was acknowledged so many more messages."""
    goals = [len(storm.acknowledged) + more for storm in storms]
    await until(
        lambda: all(len(storm.acknowledged) >= goal for storm, goal in zip(storms, goals, strict=True)),
        STANDSTILL_S_MAX,
    )


async def arrived(storms: list[Storm], *ingested: Ingested) -> None:
    def missing() -> set[bytes]:
        there = {payload for one in ingested for payload in one.payloads}
        return set().union(*(storm.acknowledged for storm in storms)) - there

    with suppress(TimeoutError):
        await until(lambda: not missing(), STANDSTILL_S_MAX)
    assert not missing()


async def killed(node: Node) -> None:
    await asyncio.to_thread(node.running.kill)


async def test_when_the_leader_dies_in_a_storm_what_was_acknowledged_comes_once(cluster: Cluster) -> None:
    storms = [Storm(device, cluster) for device in (D1, D2, D3)]
    ingested = Ingested()
    async with reading(cluster, range(PARTITIONS)) as source, running(ingested.run(source)):
        async with running(*(storm.run() for storm in storms)):
            await acknowledged(storms, BEFORE)
            leader = await asyncio.to_thread(lambda: cluster.leader)
            await killed(leader)
            await acknowledged(storms, AFTER)
            await asyncio.to_thread(leader.running.start)
            await acknowledged(storms, AFTER)
        await arrived(storms, ingested)
        await until(lambda: source.refusal is None)
    each_once(storms, ingested)
    assert source.strangers == 0


async def test_what_is_read_is_the_copy_of_the_leader(cluster: Cluster) -> None:
    """Others may keep, for good, what the leader never decided."""

    async def read_at() -> Node:
        await until(lambda: source.refusal is None, STANDSTILL_S_MAX)
        leader = cluster.leader
        names = {reader._consumer for reader in source._readers.values()}
        assert len(names) == 2 * PARTITIONS
        await until(lambda: leader.readers == names)
        return leader

    async with reading(cluster, range(PARTITIONS)) as source:
        dies = await read_at()
        await killed(dies)
        await until(lambda: source.refusal is not None)
        assert await read_at() is not dies


async def test_ingest_outlives_the_node_it_is_connected_to_and_tells_devices_again(cluster: Cluster) -> None:
    storms = [Storm(D1, cluster)]
    ingested = Ingested()
    async with reading(cluster, range(PARTITIONS)) as source, running(ingested.run(source)):
        async with running(*(storm.run() for storm in storms)):
            await acknowledged(storms, BEFORE)
            port = source._nats._address.port
            await killed(next(node for node in cluster.nodes if node.nats_port == port))
            await acknowledged(storms, AFTER)
        await arrived(storms, ingested)
        await until(lambda: source.refusal is None)
        assert source._nats._address.port != port
        door = next(door for door in cluster.doors(D1) if door.port == source._speaker.address.port)
        async with calling(door, "kanazawa.d1") as device:
            await until_told(source, device)
    each_once(storms, ingested)


async def until_told(source: JetStreamSource, device: Caller) -> None:
    """After a node's death subscriptions are refused for a while: a device has to ask again. What was said to it may be
    lost, and is said again to whoever sends again."""
    async with asyncio.timeout(STANDSTILL_S_MAX):
        while not all(await device.hear("snow/v1/kanazawa/d1/durable")):  # noqa: ASYNC110 - there is nothing to wait for
            await asyncio.sleep(0.1)
        while b'[{"boot":1,"seq":9}]' not in device.payloads:
            source.tell_durable({D1: [{"boot": 1, "seq": 9}]})
            await asyncio.sleep(0.1)


async def test_a_partition_moves_in_a_storm_with_a_node_dying_and_loses_nothing(cluster: Cluster) -> None:
    """From one ingest to the other and back, each time behind what was committed."""
    storms = [Storm(device, cluster) for device in (D1, D2, D3)]
    one = Ingested()
    other = Ingested(cursors=one.cursors)
    half, rest = range(PARTITIONS // 2), range(PARTITIONS // 2, PARTITIONS)
    async with (
        reading(cluster, half, "one") as here,
        reading(cluster, rest, "other") as there,
        running(one.run(here), other.run(there)),
    ):
        async with running(*(storm.run() for storm in storms)):
            await acknowledged(storms, BEFORE)
            await move(half, here, one, there)
            await acknowledged(storms, BEFORE)
            await killed(cluster.nodes[0])
            await move(half, there, one, here)
            await acknowledged(storms, AFTER)
        await arrived(storms, one, other)
    each_once(storms, one, other)
    assert {partition_of(delivery.device) in half for delivery in other.deliveries} == {True, False}


async def move(partitions: range, giver: JetStreamSource, committed: Ingested, taker: JetStreamSource) -> None:
    for partition in partitions:
        await giver.disown(partition)
    for partition in partitions:
        cursors = {kind: at for (of, kind), at in committed.cursors.items() if of == partition}
        await taker.own(partition, cursors)


async def test_when_all_nodes_are_killed_what_was_acknowledged_is_there_again(cluster: Cluster) -> None:
    storms = [Storm(device, cluster) for device in (D1, D2, D3)]
    ingested = Ingested()
    async with reading(cluster, range(PARTITIONS)) as source:
        async with running(*(storm.run() for storm in storms)):
            await acknowledged(storms, BEFORE)
            for node in cluster.nodes:
                await killed(node)
            await asyncio.to_thread(cluster.start)
            await acknowledged(storms, AFTER)
        async with running(ingested.run(source)):
            await arrived(storms, ingested)
    each_once(storms, ingested)
