"""Messages that are handed on for trackers are with the broker, or whoever asked hears that they are not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest

from snowtrack.addresses import BrokerAddress, parse_broker
from snowtrack.model.errors import SourceError
from snowtrack.model.ids import DeviceId
from snowtrack.sources import publishing
from snowtrack.sources.http import Sent
from snowtrack.sources.publishing import publish, publish_to_any
from tests.mosquitto import RunningBroker, mosquitto_in
from tests.nats import nats_in
from tests.ports import free_port

pytestmark = pytest.mark.anyio
WITHIN_S = 20.0
# Who may hear everything and say nothing for trackers.
DENIED = """
topic read snow/v1/#
topic write snow-live/v1/#
"""


def messages(count: int) -> list[Sent]:
    return [Sent(DeviceId("kahoku", f"d{at % 3}"), b"$GPRMC,%d" % at, 1) for at in range(count)]


@asynccontextmanager
async def hearing(address: BrokerAddress) -> AsyncIterator[aiomqtt.Client]:
    """As ingest does."""
    async with aiomqtt.Client(address.host, address.port) as client:
        await client.subscribe("snow/v1/+/+/up", qos=1)
        yield client


async def take(client: aiomqtt.Client, count: int) -> list[tuple[str, object]]:
    heard: list[tuple[str, object]] = []
    async with asyncio.timeout(WITHIN_S):
        async for message in client.messages:
            heard.append((message.topic.value, message.payload))
            if len(heard) == count:
                break
    return heard


async def test_messages_come_as_trackers_publish_them_and_in_order(broker: RunningBroker) -> None:
    sent = messages(30)
    async with hearing(broker.address) as ingest:
        await publish(broker.address, sent)
        heard = await take(ingest, len(sent))
    assert heard == [(f"snow/v1/{one.device}/up", one.payload) for one in sent]


async def test_a_broker_that_is_away_is_told(mosquitto: RunningBroker) -> None:
    with pytest.raises(SourceError, match="messages were not taken"):
        await publish(parse_broker(f"mqtt://127.0.0.1:{free_port()}"), messages(1))
    await publish(mosquitto.address, messages(1))
    mosquitto.stop()
    with pytest.raises(SourceError, match="messages were not taken"):
        await publish(mosquitto.address, messages(1))


async def test_a_broker_that_acknowledges_and_drops_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "HEARD_S_MAX", 0.5)
    rights = tmp_path / "rights"
    rights.write_text(DENIED)
    broker = mosquitto_in(tmp_path / "mosquitto", f"acl_file {rights}")
    broker.start()
    try:
        with pytest.raises(SourceError, match="may its user publish for trackers"):
            await publish(broker.address, messages(2))
    finally:
        broker.stop()


async def test_of_a_cluster_any_node_will_do(mosquitto: RunningBroker) -> None:
    away, sent = parse_broker(f"mqtt://127.0.0.1:{free_port()}"), messages(5)
    async with hearing(mosquitto.address) as ingest:
        await publish_to_any([away, mosquitto.address], sent)
        assert len(await take(ingest, len(sent))) == len(sent)
    with pytest.raises(SourceError, match="messages were not taken"):
        await publish_to_any([away, away], sent)


async def test_a_cluster_passes_on_what_is_handed_on(tmp_path: Path) -> None:
    """As of the device's partition."""
    nats = nats_in(tmp_path / "nats")
    nats.running.start()
    try:
        await publish(nats.running.address, messages(3))
    finally:
        nats.running.stop()
