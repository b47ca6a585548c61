"""One connection to a NATS cluster that comes back: to another node when its own is gone.

What it subscribed to is subscribed again on each connection. Nothing is kept of what came and went while there was
none; whoever listens is told that there was none.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count, cycle
from math import inf
from typing import cast

import orjson

from snowtrack.addresses import BrokerAddress
from snowtrack.model.errors import ConfigError, SourceError
from snowtrack.sources import nats_lines
from snowtrack.sources.nats_lines import Heard, MalformedLineError, Said

CONNECT_S_MAX = 5.0
# Short, since what goes to a node that has just died is answered by nobody: it is asked again.
REQUEST_S_MAX = 2.0
PING_S = 5.0
SILENT_S_MAX = 15.0
RECONNECT_S = (0.25, 8.0)
# NATS takes MQTT messages of any size, and nobody can read larger ones: their beginning stands for them.
PAYLOAD_BYTES_MAX = 300_000
OUTGOING_BYTES_MAX = 1 << 20
INBOX = "_INBOX.snowtrack"
NO_RESPONDERS = 503

Hear = Callable[[Heard | None], None]
"""Takes a message, or nothing when the connection was lost, and with it what was on its way."""


class Nats(asyncio.Protocol):
    """Started and stopped in the event loop; `refusal` says why nothing can be heard just now."""

    def __init__(self, addresses: Sequence[BrokerAddress], name: str) -> None:
        self.addresses = cycle(addresses)
        self.name = name
        self.inbox = f"{INBOX}.{secrets.token_hex(8)}"
        self.refusal: str | None = "not connected yet"
        self.last_error = ""
        self.connected = asyncio.Event()
        self._address = addresses[0]
        self._numbers = count(1)
        self._listeners: dict[int, Hear] = {}
        self._transport: asyncio.Transport | None = None
        self._lost = asyncio.Event()
        self._info: asyncio.Future[bytes] | None = None
        self._pending = b""
        self._skip = 0
        self._heard_at = 0.0
        self._away_since = -inf
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._running = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        if self._running:
            self._running.cancel()
            with suppress(asyncio.CancelledError):
                await self._running
        if self._transport:
            self.reopen()
            await self._lost.wait()

    def reopen(self) -> None:
        """End the connection, for another one."""
        if self._transport:
            self._transport.abort()

    def listen(self, hear: Hear) -> int:
        """Subscribe to what is sent to `inbox_of` this number."""
        number = next(self._numbers)
        self._listeners[number] = hear
        if self.connected.is_set():
            self._write(nats_lines.subscribe(f"{self.inbox_of(number)}.*", number))
        return number

    def leave(self, number: int) -> None:
        """Hear nothing more of it."""
        if self._listeners.pop(number, None) and self.connected.is_set():
            self._write(nats_lines.unsubscribe(number))

    def inbox_of(self, number: int) -> str:
        return f"{self.inbox}.{number}"

    def publish(self, subject: str, payload: bytes, reply: str = "") -> None:
        """Whether it arrives is not told."""
        if self.connected.is_set():
            self._write(nats_lines.publish(subject, payload, reply))

    async def request(self, subject: str, payload: bytes = b"") -> bytes:
        """The answer to a request."""
        if not self.connected.is_set():
            raise SourceError(f"{self.whereabouts}: {self.refusal}")
        answer: asyncio.Future[Heard | None] = asyncio.get_running_loop().create_future()
        with self._answered_to(answer) as inbox:
            self.publish(subject, payload, f"{inbox}.1")
            try:
                async with asyncio.timeout(REQUEST_S_MAX):
                    message = await answer
            except TimeoutError:
                raise SourceError(f"{self.whereabouts}: no answer to {subject} {self.last_error}".rstrip()) from None
        if message is None:
            raise SourceError(f"{self.whereabouts}: connection lost before the answer to {subject}")
        if nats_lines.status_of(message.header) == NO_RESPONDERS:
            raise SourceError(f"{self.whereabouts}: nobody answers {subject}; is JetStream on?")
        return message.payload

    @property
    def whereabouts(self) -> str:
        return f"nats://{self._address.host}:{self._address.port}"

    @property
    def away_s(self) -> float:
        """How long there has been no connection."""
        return 0.0 if self.connected.is_set() else asyncio.get_running_loop().time() - self._away_since

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._pending, self._skip = b"", 0
        self._heard_at = asyncio.get_running_loop().time()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self.connected.is_set():
            self._away_since = asyncio.get_running_loop().time()
        self.connected.clear()
        self.refusal = f"connection lost: {self.last_error or exc or 'closed by the server'}"
        self._lost.set()
        if self._info and not self._info.done():
            self._info.set_exception(ConnectionError(self.refusal))
        for hear in list(self._listeners.values()):
            hear(None)

    def data_received(self, data: bytes) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        skipped = min(self._skip, len(data))
        self._skip -= skipped
        data = self._pending + data[skipped:]
        at = 0
        try:
            while said := nats_lines.said_at(data, at):
                if said.end > len(data):
                    if len(data) - said.start < nats_lines.LINE_BYTES_MAX + PAYLOAD_BYTES_MAX:
                        break
                    self._skip = said.end - len(data)
                self._take(data, said)
                at = said.end
        except MalformedLineError as error:
            self.last_error = f"the server said {error}"
            self.reopen()
            at = len(data)
        self._pending = data[at:]

    def _take(self, data: bytes, said: Said) -> None:
        word = said.words[0]
        if word in nats_lines.WITH_BODY:
            message = nats_lines.heard(data, said, PAYLOAD_BYTES_MAX)
            if hear := self._listeners.get(message.subscription):
                hear(message)
        elif word == b"PING":
            self._write(nats_lines.PONG)
        elif word == b"PONG":
            self._welcomed()
        elif word == b"INFO":
            if self._info and not self._info.done():
                self._info.set_result(said.words[-1])
        elif word == b"-ERR":
            self.last_error = said.words[-1].decode(errors="replace").strip("' ")
        elif word != b"+OK":
            raise MalformedLineError(f"{word[:20]!r}")

    def _welcomed(self) -> None:
        """The answer to what was said first."""
        if self.connected.is_set() or not self._transport:
            return
        self.connected.set()
        self.refusal, self.last_error = None, ""
        for number in self._listeners:
            self._write(nats_lines.subscribe(f"{self.inbox_of(number)}.*", number))

    def _write(self, data: bytes) -> None:
        if self._transport and self._transport.get_write_buffer_size() > OUTGOING_BYTES_MAX:
            self.last_error = "the server does not read"
            self.reopen()
        elif self._transport:
            self._transport.write(data)

    @contextmanager
    def _answered_to(self, answer: asyncio.Future[Heard | None]) -> Iterator[str]:
        """Where an answer may be sent."""

        def hear(message: Heard | None) -> None:
            if not answer.done():
                answer.set_result(message)

        number = self.listen(hear)
        try:
            yield self.inbox_of(number)
        finally:
            self.leave(number)

    async def _run(self) -> None:
        """Connect again and again, each time to the next node and after a longer pause, until one was of use."""
        pause_s = RECONNECT_S[0]
        while True:
            self._address = next(self.addresses)
            self._lost, self.last_error = asyncio.Event(), ""
            try:
                await self._connect()
                pause_s = RECONNECT_S[0] if await self._served() else pause_s
            except (OSError, ConfigError, orjson.JSONDecodeError) as error:
                self.refusal = f"cannot connect: {self.whereabouts}: {str(error) or type(error).__name__}"
                self.reopen()
            await asyncio.sleep(pause_s * (0.5 + secrets.randbelow(512) / 1024))
            pause_s = min(2 * pause_s, RECONNECT_S[1])

    async def _connect(self) -> None:
        """The server speaks first, in the clear; then TLS begins."""
        loop = asyncio.get_running_loop()
        address, tls = self._address, self._address.tls
        self._info = loop.create_future()
        async with asyncio.timeout(CONNECT_S_MAX):
            await loop.create_connection(lambda: self, address.host, address.port)
            info = orjson.loads(await self._info)
            if tls and self._transport:
                if not info.get("tls_required"):
                    raise ConnectionError("the server speaks without TLS")
                self._transport = cast(
                    asyncio.Transport,
                    await loop.start_tls(self._transport, self, tls, server_hostname=address.host),
                )
        self._write(nats_lines.connect(self.name, address.username, address.password) + nats_lines.PING)

    async def _served(self) -> bool:
        """Until the connection is lost; whether it was of use."""
        useful = False
        loop = asyncio.get_running_loop()
        while not self._lost.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(PING_S):
                    await self._lost.wait()
            useful = useful or self.connected.is_set()
            if loop.time() - self._heard_at > SILENT_S_MAX:
                self.last_error = "the server is silent"
                self.reopen()
            self._write(nats_lines.PING)
        return useful
