"""What the nodes of a cluster refuse: rights are asked for after a message was mapped to its partition."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiomqtt
import pytest

from snowtrack.addresses import BrokerAddress
from snowtrack.model.errors import SourceError
from snowtrack.model.topics import Channel
from snowtrack.sources.jetstream import JetStreamSource
from snowtrack.sources.nats import Nats
from snowtrack.sources.partitions import PARTITIONS, device_subject
from snowtrack.sources.source import Delivery
from snowtrack.sources.stream import STREAM, stream_state
from tests.brokers.callers import WITHIN_S, Caller, calling, cut
from tests.brokers.cluster import Cluster
from tests.brokers.shipped import D1, D2
from tests.brokers.test_cluster import reading
from tests.services.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


async def say_all(device: Caller, topics: Iterable[str]) -> None:
    for topic in topics:
        await device.say(topic, topic.encode())


async def heard(source: JetStreamSource, count: int) -> list[Delivery]:
    """So many messages, and no more."""
    found: list[Delivery] = []
    async with asyncio.timeout(WITHIN_S):
        while len(found) < count:
            found += await source.batch(batch_s=0.05, fixes_max=100, idle_s=0.5)
    return found + await source.batch(batch_s=0.05, fixes_max=100, idle_s=1)


async def test_a_device_speaks_for_itself_and_for_no_other(cluster: Cluster) -> None:
    own, its = (
        [
            *(f"snow/v1/{device}/{channel}" for channel in Channel),
            *(device_subject(device, channel).replace(".", "/") for channel in Channel),
        ]
        for device in (D1, D2)
    )
    async with reading(cluster, range(PARTITIONS)) as source:
        async with calling(cluster.doors(D1)[0], "kanazawa.d1") as device:
            await say_all(device, its)
            await say_all(device, ("$MQTT/msgs/snow/p/2/live/kanazawa/d1/up", f"$JS/API/STREAM/DELETE/{STREAM}"))
        async with calling(cluster.doors(D1)[1], "kanazawa.d1") as device:
            await say_all(device, own)
        found = await heard(source, 2 * len(Channel))
        assert {delivery.device for delivery in found} == {D1}
        assert sorted(delivery.payload.decode() for delivery in found) == sorted(own)
        assert source.strangers == 0


async def test_the_last_will_of_a_device_comes_too(cluster: Cluster) -> None:
    will = aiomqtt.Will(f"snow/v1/{D1}/status", b"offline", 1, retain=True)
    async with reading(cluster, range(PARTITIONS)) as source:
        async with calling(cluster.doors(D1)[2], "kanazawa.d1", will=will) as device:
            await cut(device)
        (delivery,) = await heard(source, 1)
    assert (delivery.device, delivery.channel, delivery.payload) == (D1, Channel.STATUS, b"offline")


@asynccontextmanager
async def speaking(address: BrokerAddress) -> AsyncIterator[Nats]:
    connection = Nats((address,), "test")
    connection.start()
    try:
        yield connection
    finally:
        await connection.stop()


async def test_nats_s_own_protocol_is_for_the_engine_and_only_what_it_needs(cluster: Cluster) -> None:
    async with reading(cluster, range(1)), speaking(cluster.engine_doors.nats[0]) as engine:
        await until(engine.connected.is_set)
        before = await stream_state(engine)
        for what in ("STREAM.DELETE", "STREAM.PURGE", "STREAM.UPDATE", "STREAM.MSG.DELETE"):
            with pytest.raises(SourceError, match=r"no answer .* Permissions Violation for Publish"):
                await engine.request(f"$JS.API.{what}.{STREAM}", b"{}")
        with pytest.raises(SourceError, match="Permissions Violation"):
            await engine.request("$JS.API.STREAM.INFO.$MQTT_sess")
        assert await stream_state(engine) == before
    port = cluster.nodes[0].nats_port
    for papers in (cluster.register.folder / "devices" / "kanazawa.d1", None):
        async with speaking(cluster.address(port, papers)) as stranger:
            await until(lambda: (stranger.refusal or "").startswith(("connection lost", "cannot connect")))
            assert not stranger.connected.is_set()
    async with speaking(BrokerAddress(host="127.0.0.1", port=port, secure=False)) as plain:
        await until(lambda: (plain.refusal or "").startswith("connection lost"))
        assert not plain.connected.is_set()


async def test_only_nodes_are_taken_for_nodes(cluster: Cluster) -> None:
    folder = cluster.register.folder
    configuration = (folder.parent / "a" / "cluster.conf").read_text()
    port = int(configuration.split("listen: ")[2].split(":")[1].split('"')[0])
    assert await asyncio.to_thread(greeted, port, folder, folder / "nodes")
    for papers in (folder / "engine", folder / "devices" / "kanazawa.d1", folder / "broker", None):
        assert not await asyncio.to_thread(greeted, port, folder, papers)


def greeted(port: int, folder: Path, papers: Path | None) -> bool:
    """Whether a node speaks on to who comes with these papers."""
    context = ssl.create_default_context(cafile=folder / "nodes" / "ca.pem")
    if papers:
        context.load_cert_chain(papers / "certificate.pem", papers / "key.pem")
    with (
        suppress(ssl.SSLError, ConnectionError),
        socket.create_connection(("127.0.0.1", port), WITHIN_S) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as route,
    ):
        route.sendall(b"PING\r\n")
        return route.recv(4) != b""
    return False
