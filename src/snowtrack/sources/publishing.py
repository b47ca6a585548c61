"""Messages to the broker in place of trackers, each acknowledged by it.

One connection for some messages, and no queue: who asked waits, and sends again what was not taken. The first message
is heard back, since a broker acknowledges and drops what its user may not publish.
"""

import asyncio
import secrets
from collections.abc import Sequence

import aiomqtt
import structlog

from snowtrack.addresses import BrokerAddress
from snowtrack.model.errors import ConfigError, SourceError
from snowtrack.model.ids import DeviceId
from snowtrack.model.topics import ROOT, Channel
from snowtrack.sources.http import Sent
from snowtrack.sources.partitions import device_subject

CONNECT_S_MAX = 5.0
ALL_S_MAX = 30.0
HEARD_S_MAX = 5.0
QUEUED_MAX = 1_000

log = structlog.get_logger()


async def publish_to_any(addresses: Sequence[BrokerAddress], messages: Sequence[Sent]) -> None:
    """The same through the first node of a cluster that takes them. What another one took in part comes twice then, and
    is stored once."""
    for address in addresses[:-1]:
        try:
            await publish(address, messages)
        except SourceError as error:
            log.warning("messages are tried at another node", reason=str(error))
        else:
            return
    await publish(addresses[-1], messages)


async def publish(address: BrokerAddress, messages: Sequence[Sent]) -> None:
    """Return when the broker has taken all of them."""
    try:
        async with asyncio.timeout(ALL_S_MAX), _client(address) as client:
            await client.subscribe([(topic, 0) for topic in heard_topics(messages[0].device)])
            await _say(client, messages[0])
            await _heard_back(client, messages[0].payload)
            await client.unsubscribe(heard_topics(messages[0].device))
            for message in messages[1:]:
                await _say(client, message)
    except (aiomqtt.MqttError, TimeoutError, ConfigError) as error:
        raise SourceError(f"{address}: messages were not taken: {error}") from error


def up_topic(device: DeviceId) -> str:
    return f"{ROOT}/{device}/{Channel.UP}"


def heard_topics(device: DeviceId) -> list[str]:
    """Where that is heard back: a cluster passes it on as of the device's partition."""
    return [up_topic(device), device_subject(device, Channel.UP).replace(".", "/")]


def _client(address: BrokerAddress) -> aiomqtt.Client:
    return aiomqtt.Client(
        address.host,
        address.port,
        username=address.username,
        password=address.password,
        identifier=f"snowtrack.upload.{secrets.token_hex(4)}",
        tls_context=address.tls,
        timeout=CONNECT_S_MAX,
        max_queued_incoming_messages=QUEUED_MAX,
    )


async def _say(client: aiomqtt.Client, message: Sent) -> None:
    await client.publish(up_topic(message.device), message.payload, qos=1)


async def _heard_back(client: aiomqtt.Client, payload: bytes) -> None:
    try:
        async with asyncio.timeout(HEARD_S_MAX):
            async for message in client.messages:
                if message.payload == payload:
                    return
    except TimeoutError:
        raise SourceError("the broker does not pass on what it was given; may its user publish for trackers?") from None
