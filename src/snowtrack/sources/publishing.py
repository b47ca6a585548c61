"""Messages to the broker in place of trackers, each acknowledged by it.

One connection for some messages, and no queue: who asked waits, and sends again what was not taken. The first message
is heard back, since a broker acknowledges and drops what its user may not publish.
"""

import asyncio
import secrets
from collections.abc import Sequence

import aiomqtt

from snowtrack.addresses import BrokerAddress
from snowtrack.model.errors import ConfigError, SourceError
from snowtrack.model.ids import DeviceId
from snowtrack.model.topics import ROOT, Channel
from snowtrack.sources.http import Sent

CONNECT_S_MAX = 5.0
ALL_S_MAX = 30.0
HEARD_S_MAX = 5.0
QUEUED_MAX = 1_000


async def publish(address: BrokerAddress, messages: Sequence[Sent]) -> None:
    """Return when the broker has taken all of them."""
    try:
        async with asyncio.timeout(ALL_S_MAX), _client(address) as client:
            await client.subscribe(up_topic(messages[0].device), qos=0)
            await _say(client, messages[0])
            await _heard_back(client, messages[0].payload)
            await client.unsubscribe(up_topic(messages[0].device))
            for message in messages[1:]:
                await _say(client, message)
    except (aiomqtt.MqttError, TimeoutError, ConfigError) as error:
        raise SourceError(f"{address}: messages were not taken: {error}") from error


def up_topic(device: DeviceId) -> str:
    return f"{ROOT}/{device}/{Channel.UP}"


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
