"""The tracker's modem: one MQTT connection that carries what the tracker has to say, for as long as it can.

Everything is in the ring, so a link keeps nothing: one message is in flight at a time, and what was lost with a
connection is sent again by the tracker's own rules.
"""

import asyncio
import contextlib
import random
import ssl
import time
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from aiomqtt import Client, MqttError, Will

from ploughsim.ending import end_tasks
from ploughsim.errors import BrokerAddressError
from ploughsim.thin.tracker import OFFLINE, Lane, Tracker

_PORTS = {"mqtt": 1883, "mqtts": 8883}
_KEEPALIVE_S = 30
_BACK_OFF_S = (0.5, 15.0)
_FAREWELL_S = 0.7
# A confirmation that finds no room is repeated by the engine.
_INCOMING_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAddress:
    host: str
    port: int
    tls: bool
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def parse_broker(url: str) -> BrokerAddress:
    # The address itself is not repeated in an error: it may hold a password.
    expected = "--broker must read mqtt://[user:password@]host[:port] or mqtts://…"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BrokerAddressError(expected) from error
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise BrokerAddressError(expected)
    return BrokerAddress(
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        tls=parts.scheme == "mqtts",
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


class Link:
    """`wake` is set when the tracker may have something new to send."""

    def __init__(self, tracker: Tracker, broker: BrokerAddress, *, agency: str, device: str) -> None:
        self.wake = asyncio.Event()
        self.trouble: str | None = None
        self._tracker = tracker
        self._broker = broker
        self._client_id = f"{agency}.{device}"
        self._topic = f"snow/v1/{agency}/{device}"
        self._durable_topic = f"{self._topic}/durable"

    async def run(self) -> None:
        """Until cancelled; then it says goodbye."""
        wait_s, longest_s = _BACK_OFF_S
        while True:
            try:
                async with self._client() as client:
                    wait_s, _ = _BACK_OFF_S
                    await self._talk_or_say_goodbye(client)
            except MqttError as error:
                self.trouble = f"{self._broker}: {error}"
            # Jitter keeps a fleet from coming back all at once.
            await asyncio.sleep(wait_s * random.uniform(0.5, 1.5))  # noqa: S311
            wait_s = min(2 * wait_s, longest_s)

    def _client(self) -> Client:
        broker = self._broker
        return Client(
            broker.host,
            broker.port,
            identifier=self._client_id,
            username=broker.username,
            password=broker.password,
            tls_context=ssl.create_default_context() if broker.tls else None,
            will=Will(f"{self._topic}/{Lane.STATUS.value}", OFFLINE, qos=1, retain=True),
            keepalive=_KEEPALIVE_S,
            max_queued_incoming_messages=_INCOMING_MAX,
        )

    async def _talk_or_say_goodbye(self, client: Client) -> None:
        try:
            await self._talk(client)
        except asyncio.CancelledError:
            with contextlib.suppress(MqttError):
                status = f"{self._topic}/{Lane.STATUS.value}"
                await client.publish(status, OFFLINE, qos=1, retain=True, timeout=_FAREWELL_S)
            raise

    async def _talk(self, client: Client) -> None:
        await client.subscribe(self._durable_topic, qos=1)
        self._tracker.connect(time.monotonic())
        self.trouble = None
        talking = [asyncio.create_task(self._send(client)), asyncio.create_task(self._receive(client))]
        try:
            done, _ = await asyncio.wait(talking, return_when=asyncio.FIRST_COMPLETED)
            done.pop().result()
        finally:
            self._tracker.disconnect()
            await end_tasks(talking)

    async def _send(self, client: Client) -> None:
        while True:
            self.wake.clear()
            while message := self._tracker.next_message(time.monotonic()):
                topic = f"{self._topic}/{message.lane.value}"
                await client.publish(topic, message.payload, qos=1, retain=message.retained)
            now = time.monotonic()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._tracker.due_at(now) - now):
                    await self.wake.wait()

    async def _receive(self, client: Client) -> None:
        async for message in client.messages:
            # Brokers were seen to deliver what nobody asked for: the retained messages of other trackers.
            ours = message.topic.value == self._durable_topic
            if ours and self._tracker.on_durable(message.payload):
                self.wake.set()
