"""One MQTT session that outlives its connections, with a window: so many messages in hand, and no more are read.

What is not read waits in the broker, kept back by TCP. Messages are acknowledged when they are settled, in the order in
which they came. What was not acknowledged when a connection ends comes again on the next one.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import cycle
from typing import NamedTuple, cast

from snowtrack import wall_clock
from snowtrack.addresses import BrokerAddress
from snowtrack.model.errors import ConfigError
from snowtrack.sources import packets
from snowtrack.sources.packets import Kind, MalformedError, Packet, Published

KEEPALIVE_S = 30
CONNECT_S_MAX = 10.0
STOP_S_MAX = 1.0
RECONNECT_S = (1.0, 15.0)
# A broker takes larger messages, and nobody can read them: their beginning stands for them.
PACKET_BYTES_MAX = 300_000
# What is said to devices waits in memory while the broker does not read; beyond this it is left unsaid.
OUTGOING_BYTES_MAX = 1 << 20
PACKET_IDS = 65_535
TOPIC_LENGTH_BYTES = 2


class Receipt(NamedTuple):
    """What a message is acknowledged by. Packet ids belong to a connection: on another one they mean others."""

    connection: int
    packet_id: int
    size: int


class Window(NamedTuple):
    """So many messages, and so many bytes of them, are in hand at most; the last one may go beyond the bytes."""

    messages: int
    size: int


Arrive = Callable[[Published, Receipt, int], bool]
"""Takes a message and when it was received; false when it is not one of ours."""


class Session(asyncio.Protocol):
    """Started and stopped in the event loop, with one address after the other where there are several; `refusal` says
    why nothing can come in just now, and `answered` that the broker once said whether it can."""

    def __init__(
        self,
        address: BrokerAddress | tuple[BrokerAddress, ...],
        client_id: str,
        filters: Iterable[str],
        window: Window,
        arrive: Arrive,
        *,
        lasting: bool = True,
    ) -> None:
        addresses = (address,) if isinstance(address, BrokerAddress) else address
        self.addresses, self.address = cycle(addresses), addresses[0]
        self.client_id = client_id
        self.filters = list(filters)
        self.window = window
        self.arrive = arrive
        self.lasting = lasting
        self.in_hand = self.in_hand_bytes = 0
        self.strangers = 0
        self.unsaid = 0
        self.connection = 0
        self.refusal: str | None = "not connected yet"
        self.answered = asyncio.Event()
        self._transport: asyncio.Transport | None = None
        self._lost = asyncio.Event()
        self._pending = b""
        self._skip = 0
        self._heard_at = 0.0
        self._saying = 0
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        packets.run_of_messages(packets.PINGREQ, 0, 1, 1)  # loads the machine code, or makes it the first time
        self._running = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Leave the session to whoever comes next."""
        if self._running:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running
        if transport := self._transport:
            transport.write(packets.DISCONNECT)
            transport.close()
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_S_MAX):
                    await self._lost.wait()
            transport.abort()

    def reopen(self) -> None:
        """End the connection: the only thing that makes a broker send again what was not acknowledged."""
        if self._transport:
            self._transport.abort()

    def settle(self, receipts: Sequence[Receipt]) -> None:
        """Acknowledge messages in the order in which they came."""
        self.in_hand -= len(receipts)
        self.in_hand_bytes -= sum(one.size for one in receipts)
        if self._transport:
            own = [one.packet_id for one in receipts if one.connection == self.connection and one.packet_id]
            self._transport.write(packets.pubacks(own))
        self._read()

    def say(self, topic: str, payload: bytes) -> bool:
        """Publish something that is kept for the subscriber; whether it could go out."""
        if not self._transport or self._transport.get_write_buffer_size() > OUTGOING_BYTES_MAX:
            self.unsaid += 1
            return False
        self._saying = self._saying % PACKET_IDS + 1
        self._transport.write(packets.publish(topic, payload, self._saying, retain=True))
        return True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._pending, self._skip = b"", 0
        self._heard_at = asyncio.get_running_loop().time()
        name, password = self.address.username, self.address.password
        self._transport.write(packets.connect(self.client_id, KEEPALIVE_S, name, password, lasting=self.lasting))

    def connection_lost(self, exc: Exception | None) -> None:
        self.connection += 1
        self._transport = None
        self.refusal = self.refusal or f"connection lost: {exc or 'closed by the broker'}"
        self._lost.set()

    def data_received(self, data: bytes) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        skipped = min(self._skip, len(data))
        self._skip -= skipped
        self._pending += data[skipped:] if skipped else data
        self._read()

    def _read(self) -> None:
        """Whole packets, as long as the window has room."""
        data, at, received_us = self._pending, 0, wall_clock.now_us()
        try:
            while (at := self._take_run(data, at, received_us)) < len(data) and self._has_room():
                packet = packets.head_of(data, at)
                if packet is None:
                    break
                if packet.end > len(data):
                    if len(data) - at < PACKET_BYTES_MAX:
                        break
                    self._skip = packet.end - len(data)
                    packet = packet._replace(end=len(data))
                self._take(data, packet, received_us)
                at = packet.end
        except MalformedError as error:
            self.refusal = f"the broker sent {error}"
            self.reopen()
            at = len(data)
        self._pending = data[at:]
        self._keep_reading()

    def _keep_reading(self) -> None:
        if not self._transport or self._transport.is_closing():
            return
        if self._has_room():
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def _has_room(self) -> bool:
        return self.in_hand < self.window.messages and self.in_hand_bytes < self.window.size

    def _take_run(self, data: bytes, at: int, received_us: int) -> int:
        """Messages as they nearly always come, one after the other; where they end."""
        while self._has_room():
            room, size = self.window.messages - self.in_hand, self.window.size - self.in_hand_bytes
            run = packets.run_of_messages(data, at, room, size) if at < len(data) else []
            for topic, topic_end, payload, end, packet_id in run:
                message = Published(data[topic:topic_end], packet_id, data[payload:end])
                self._take_in(message, end - topic + TOPIC_LENGTH_BYTES, received_us)
            if not run:
                break
            at = run[-1][3]
        return at

    def _take_in(self, message: Published, size: int, received_us: int) -> None:
        receipt = Receipt(self.connection, message.packet_id, size)
        if self.arrive(message, receipt, received_us):
            self.in_hand += 1
            self.in_hand_bytes += size
        else:
            self.strangers += 1
            self._forget(receipt)

    def _take(self, data: bytes, packet: Packet, received_us: int) -> None:
        kind = packet.first >> 4
        if kind == Kind.PUBLISH:
            self._take_in(packets.read_publish(data, packet), packet.end - packet.start, received_us)
        elif kind == Kind.CONNACK:
            self._welcomed(data[packet.start : packet.end])
        elif kind == Kind.SUBACK:
            refused = packets.SUBACK_REFUSED in data[packet.start + 2 : packet.end]
            self._accepted("subscription refused" if refused else None)

    def _forget(self, receipt: Receipt) -> None:
        """What is not ours is not to come again."""
        if self._transport and receipt.packet_id:
            self._transport.write(packets.pubacks([receipt.packet_id]))

    def _welcomed(self, answer: bytes) -> None:
        code = answer[1] if len(answer) > 1 else 0
        if code:
            self.refusal = f"refused: {packets.CONNECT_REFUSALS.get(code, code)}"
            self.reopen()
        elif self.filters and self._transport:
            self.refusal = "not subscribed yet"
            self._transport.write(packets.subscribe(1, self.filters))
        else:
            self._accepted(None)

    def _accepted(self, refusal: str | None) -> None:
        self.refusal = refusal
        self.answered.set()

    async def _run(self) -> None:
        """Connect again and again, each time after a longer pause, until one connection was of use."""
        pause_s = RECONNECT_S[0]
        while True:
            self._lost, self.address = asyncio.Event(), next(self.addresses)
            try:
                await self._connect()
            except (OSError, ConfigError) as error:  # a TimeoutError is an OSError, and so is what TLS refuses
                self.refusal = f"cannot connect: {str(error) or type(error).__name__}"
            else:
                pause_s = RECONNECT_S[0] if await self._served() else pause_s
            await asyncio.sleep(pause_s * (0.5 + secrets.randbelow(512) / 1024))
            pause_s = min(2 * pause_s, RECONNECT_S[1])

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_S_MAX):
            await loop.create_connection(lambda: self, self.address.host, self.address.port, ssl=self.address.tls)

    async def _served(self) -> bool:
        """Until the connection is lost; whether anything could come in."""
        useful = False
        while not self._lost.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(KEEPALIVE_S / 2):
                    await self._lost.wait()
            useful = useful or self.refusal is None
            if self._transport and not self._lost.is_set():
                self._transport.write(packets.PINGREQ)
                silent_s = asyncio.get_running_loop().time() - self._heard_at
                if silent_s > 2 * KEEPALIVE_S and self._transport.is_reading():
                    self.refusal = "the broker is silent"
                    self.reopen()
        return useful
