"""Trackers' messages from an MQTT broker, acknowledged to it only when told that they are committed.

Live (`up`, `status`, `depth`) and backlog (`log`) come in sessions of their own, each with its own window, so that
hours of backlog never stand in front of what happens now. A session whose window is full stops reading its socket:
memory is bounded by the window, and the broker keeps what we have not read.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from socket import SHUT_RDWR, socket
from threading import BoundedSemaphore, Event
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from snowtrack import wall_clock
from snowtrack.addresses import BrokerAddress
from snowtrack.model.ids import DeviceId
from snowtrack.model.topics import Channel, durable_topic, parse_topic, subscription
from snowtrack.nmea.unpack import GZIP, ZSTD

KEEPALIVE_S = 30
RECONNECT_S = (1, 15)
OUTGOING_MAX = 10_000
STOP_CHECK_S = 0.2
PACKED_FIX_BYTES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message in hand. `settle(True)` acknowledges it to the broker."""

    device: DeviceId
    channel: Channel
    payload: bytes
    received_us: int
    settle: Callable[[bool], None]

    @property
    def fixes(self) -> int:
        """About how many fixes it holds; packed ones take some twenty bytes each."""
        packed = self.payload.startswith((GZIP, ZSTD))
        return max(1, len(self.payload) // PACKED_FIX_BYTES if packed else self.payload.count(b"RMC,"))


class Session:
    """One connection with a window. Its callbacks run in the client's own thread."""

    def __init__(
        self,
        address: BrokerAddress,
        client_id: str,
        channels: Iterable[Channel],
        window: int,
        arrive: Callable[[Delivery], None],
    ) -> None:
        self.address = address
        self.topics = [(subscription(channel), 1) for channel in channels]
        self.slots = BoundedSemaphore(window)
        self.arrive = arrive
        self.stopping = Event()
        self.connection = 0
        self.strangers = 0
        self.refusal: str | None = "not connected yet"
        self.client = Client(
            CallbackAPIVersion.VERSION2,
            client_id,
            clean_session=False,
            protocol=MQTTProtocolVersion.MQTTv311,
            manual_ack=True,
        )
        self.client.username_pw_set(address.username, address.password)
        tls = address.tls
        if tls:
            self.client.tls_set_context(tls)
        self.client.reconnect_delay_set(*RECONNECT_S)
        self.client.max_queued_messages_set(OUTGOING_MAX)
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = self._on_subscribe
        self.client.on_disconnect = self._on_disconnect
        self.client.on_message = self._on_message

    def start(self) -> None:
        self.client.connect_async(self.address.host, self.address.port, KEEPALIVE_S)
        self.client.loop_start()

    def stop(self) -> None:
        self.stopping.set()
        self.client.disconnect()
        self.client.loop_stop()

    def reopen(self) -> None:
        """Begin the session anew: the only thing that makes a broker send again what was not acknowledged.

        The client's thread sees the end of the connection and opens the next one, as after any other loss.
        """
        connection = self.client.socket()
        if isinstance(connection, socket):
            with suppress(OSError):  # it was lost already
                connection.shutdown(SHUT_RDWR)

    def _on_connect(self, client: Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:  # noqa: ANN401
        self.refusal = f"refused: {reason}" if reason.is_failure else "not subscribed yet"
        if not reason.is_failure:
            client.subscribe(self.topics)

    def _on_subscribe(self, _client: Client, _userdata: Any, _mid: int, reasons: Any, _properties: Any) -> None:  # noqa: ANN401
        failed = next((str(reason) for reason in reasons if reason.is_failure), None)
        self.refusal = f"subscription refused: {failed}" if failed else None

    def _on_disconnect(self, _client: Client, _userdata: Any, _flags: Any, reason: Any, _properties: Any) -> None:  # noqa: ANN401
        self.connection += 1
        self.refusal = self.refusal or f"connection lost: {reason}"

    def _on_message(self, client: Client, _userdata: Any, message: MQTTMessage) -> None:  # noqa: ANN401
        source = parse_topic(message.topic)
        if source is None:
            self.strangers += 1
            client.ack(message.mid, message.qos)
            return
        while not self.slots.acquire(timeout=STOP_CHECK_S):
            if self.stopping.is_set():
                return
        mid, qos, connection = message.mid, message.qos, self.connection

        def settle(committed: bool) -> None:
            self.slots.release()
            # Packet ids belong to a connection: on another one, the same id may be another message.
            if committed and connection == self.connection:
                client.ack(mid, qos)

        device, channel = source
        received_us = wall_clock.now_us()
        self.arrive(
            Delivery(
                device=device, channel=channel, payload=bytes(message.payload), received_us=received_us, settle=settle
            )
        )


class MqttSource:
    """Both sessions behind one queue, live first."""

    def __init__(self, address: BrokerAddress, client_id: str, *, live_max: int, backlog_max: int) -> None:
        self.loop = asyncio.get_running_loop()
        self.arrived = asyncio.Event()
        self.live: deque[Delivery] = deque(maxlen=live_max)
        self.backlog: deque[Delivery] = deque(maxlen=backlog_max)
        live_id, backlog_id = f"{client_id}.live", f"{client_id}.backlog"
        live_channels = (Channel.STATUS, Channel.UP, Channel.DEPTH)
        self.sessions = (
            Session(address, live_id, live_channels, live_max, self._into(self.live)),
            Session(address, backlog_id, (Channel.LOG,), backlog_max, self._into(self.backlog)),
        )

    def start(self) -> None:
        for session in self.sessions:
            session.start()

    async def stop(self) -> None:
        for session in self.sessions:
            await asyncio.to_thread(session.stop)

    @property
    def refusal(self) -> str | None:
        """Why messages cannot come in just now; nothing when they can."""
        return next((session.refusal for session in self.sessions if session.refusal), None)

    @property
    def waiting(self) -> int:
        return len(self.live) + len(self.backlog)

    async def batch(self, *, batch_s: float, fixes_max: int, idle_s: float) -> list[Delivery]:
        """The next messages: what comes within `batch_s` of the first one, or nothing within `idle_s`."""
        if not self.waiting and not await self._arrival(idle_s):
            return []
        deadline = self.loop.time() + batch_s
        taken: list[Delivery] = []
        fixes = 0
        while fixes < fixes_max:
            delivery = self._next()
            if delivery is not None:
                taken.append(delivery)
                fixes += delivery.fixes
            elif not await self._arrival(deadline - self.loop.time()):
                break
        return taken

    def reopen(self) -> None:
        """After a failed commit: let the broker send again."""
        for session in self.sessions:
            session.reopen()

    def publish_durable(self, device: DeviceId, payload: bytes) -> None:
        self.sessions[0].client.publish(durable_topic(device), payload, qos=1, retain=True)

    def _into(self, queue: deque[Delivery]) -> Callable[[Delivery], None]:
        """Hand over from a client's thread; the session's window keeps the queue from ever overflowing."""

        def append(delivery: Delivery) -> None:
            queue.append(delivery)
            self.arrived.set()

        def hand_over(delivery: Delivery) -> None:
            self.loop.call_soon_threadsafe(append, delivery)

        return hand_over

    def _next(self) -> Delivery | None:
        if self.live:
            return self.live.popleft()
        return self.backlog.popleft() if self.backlog else None

    async def _arrival(self, within_s: float) -> bool:
        self.arrived.clear()
        if within_s <= 0:
            return False
        try:
            async with asyncio.timeout(within_s):
                await self.arrived.wait()
        except TimeoutError:
            return False
        return True
