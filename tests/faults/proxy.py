"""A TCP proxy that breaks what goes through it: cut in mid-packet, half open, slow, losing segments.

TCP itself hides loss, so loss is modelled by what it does to a connection: of the segments (1,460 bytes at most) a
share is lost; a lost one holds up all behind it, 0.2 s and then twice as long each time that it is lost again; one that
is lost for the fifth time ends the connection, and never arrives.
"""

import asyncio
import random
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from tests.ports import free_port

SEGMENT_BYTES = 1_460
RESEND_S, RESENDS_MAX = 0.2, 4
CUT_AFTER_BYTES = 20_000
HOST = "127.0.0.1"


@dataclass(slots=True)
class Wire:
    """One connection. `left` is how many bytes it still lets through, if that has a limit."""

    writers: tuple[asyncio.StreamWriter, asyncio.StreamWriter]
    left: int | None = None
    dead: bool = False

    def cut(self) -> None:
        for writer in self.writers:
            writer.transport.abort()

    def die(self) -> None:
        """Nobody is told."""
        self.dead = True

    def cut_after(self, size: int) -> None:
        self.left = size


@dataclass(slots=True)
class Proxy:
    """On a port of its own, in a thread of its own. `loss` is a share, `delay_s` is that of each segment.

    `cuts`, `lost` and `swallowed` count connections cut, segments lost, and bytes that went nowhere.
    """

    target_port: int
    chance: random.Random
    port: int = field(default_factory=free_port)
    loss: float = 0.0
    delay_s: float = 0.0
    cuts: int = 0
    lost: int = 0
    swallowed: int = 0
    wires: list[Wire] = field(default_factory=list)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        listening = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(listening,), name="proxy", daemon=True)
        self._thread.start()
        assert listening.wait(10), "the proxy does not listen"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        assert self._thread
        self._thread.join()

    def cut_in_mid_packet(self) -> None:
        """Each connection, after some more bytes."""
        self._do(lambda wire: wire.cut_after(self.chance.randrange(CUT_AFTER_BYTES)))

    def cut_now(self) -> None:
        self._do(self._cut)

    def half_open(self) -> None:
        """What is connected stays so, and nothing of it arrives any more; who calls anew gets through."""
        self._do(Wire.die)

    def _do(self, what: Callable[[Wire], None]) -> None:
        def each() -> None:
            for wire in self.wires[:]:
                what(wire)

        self._loop.call_soon_threadsafe(each)

    def _cut(self, wire: Wire) -> None:
        self.cuts += 1
        wire.cut()

    def _run(self, listening: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, HOST, self.port))
        listening.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(HOST, self.target_port)
        except OSError:
            writer.transport.abort()
            return
        wire = Wire((writer, far_writer))
        self.wires.append(wire)
        both = [
            asyncio.ensure_future(self._carry(wire, one, other))
            for one, other in ((reader, far_writer), (far_reader, writer))
        ]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if wire.dead:  # whoever is still there finds out by itself
                await asyncio.wait(both)
        finally:
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            self.wires.remove(wire)
            wire.cut()

    async def _carry(self, wire: Wire, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One direction, until either end leaves or the wire is cut."""
        with suppress(OSError):
            while segment := await reader.read(SEGMENT_BYTES):
                if wire.dead:
                    self.swallowed += len(segment)
                elif wire.left is not None and len(segment) >= wire.left:
                    writer.write(segment[: wire.left])
                    await writer.drain()
                    self._cut(wire)
                elif await self._arrives(wire):
                    wire.left = wire.left and wire.left - len(segment)
                    writer.write(segment)
                    await writer.drain()

    async def _arrives(self, wire: Wire) -> bool:
        """After a while; false when it never does."""
        await asyncio.sleep(self.delay_s)
        for resend in range(RESENDS_MAX + 1):
            if self.chance.random() >= self.loss:
                return True
            self.lost += 1
            await asyncio.sleep(RESEND_S * 2**resend)
        self._cut(wire)
        return False
