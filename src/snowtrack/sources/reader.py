"""Reads one partition of the stream, of one kind, from behind a place on: in portions, so that never more is on its way
than there is room for.

Nothing is acknowledged to NATS. Where its consumer is lost, or tells a number that is not the next one, or is silent,
another one is made behind the last message that came.

What is read is the copy of the stream's leader. After a crash another node's copy may differ from it for good: what was
on its way when they crashed stands there under the numbers of messages that were acknowledged since.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NamedTuple

import orjson
import structlog

from snowtrack.model.errors import SourceError
from snowtrack.sources import nats_lines
from snowtrack.sources.nats import Nats
from snowtrack.sources.nats_lines import Heard
from snowtrack.sources.partitions import partition_subject
from snowtrack.sources.stream import (
    FROM_THE_FIRST,
    SECOND_NS,
    STREAM,
    Consumer,
    StreamState,
    after,
    forget_consumer,
    make_consumer,
    since,
    stored_at,
    stream_state,
)
from snowtrack.store.shares import Cursor

HEARTBEAT_S = 1
SILENCE_S_MAX = 3.0
PORTION_S = 30
# A consumer that nobody reads from is forgotten after this.
INACTIVE_S = 60
PAUSE_S = 1.0
# Of a cluster's nodes NATS chooses one for a consumer by chance, and dead ones too, which never answer.
CONSUMERS_AT_ONCE, ATTEMPTS = 4, 5
# `$JS.ACK.stream.consumer.times.sequence.consumer's sequence.time.pending`: what each message of a stream could be
# answered to.
ACK, ACK_WORDS = f"$JS.ACK.{STREAM}.".encode(), 9
HEARTBEAT, EXPIRED = 100, 408
TOO_LARGE = b"Message Size Exceeds MaxBytes"

log = structlog.get_logger()


class Share(NamedTuple):
    """So many messages of a partition, and so many bytes of them, are in hand at most; a single one may be larger."""

    messages: int
    size: int


Take = Callable[[Heard, Cursor], int | None]
"""Takes a message and its place; how large it is in hand, or nothing when it is none of ours."""


class Reader:
    """Started and stopped in the event loop; `refusal` says why nothing can come in just now."""

    def __init__(self, nats: Nats, place: tuple[int, str], cursor: Cursor | None, share: Share, take: Take) -> None:
        self.nats = nats
        self.subject = partition_subject(*place)
        self.cursor = cursor
        self.share = share
        self.take = take
        self.refusal: str | None = "not read yet"
        self.in_hand: dict[tuple[int, int], int] = {}
        self.in_hand_bytes = 0
        self._consumer = self._leader = ""
        self._created_us = self._consumed = 0
        self._portion = self._left = self._left_bytes = 0
        self._too_large = self._heard = False
        self._fault: str | None = None
        self._broken = asyncio.Event()
        self._inbox = nats.listen(self._hear)
        self._running = asyncio.get_running_loop().create_task(self._run())
        self._running.add_done_callback(self._ended)

    async def stop(self) -> None:
        self.nats.leave(self._inbox)
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)

    def settle(self, created_us: int, sequence: int) -> None:
        """There is room again, once it is asked for. What is not in hand is nobody's."""
        self.in_hand_bytes -= self.in_hand.pop((created_us, sequence), 0)

    def ask(self) -> None:
        """For as much as there is room for, when nothing is on its way; for a single message, when the next one alone
        is too large."""
        room, room_bytes = self.share.messages - len(self.in_hand), self.share.size - self.in_hand_bytes
        if self._left or self._fault or not self._consumer or room <= 0 or room_bytes <= 0:
            return
        if self._too_large and self.in_hand:
            return
        self._left, self._left_bytes = (1 if self._too_large else room), room_bytes
        request = {"batch": self._left, "expires": PORTION_S * SECOND_NS, "idle_heartbeat": HEARTBEAT_S * SECOND_NS}
        if not self._too_large:
            request["max_bytes"] = room_bytes
        self._portion += 1
        reply = f"{self.nats.inbox_of(self._inbox)}.{self._portion}"
        self.nats.publish(f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{self._consumer}", orjson.dumps(request), reply)

    def led_by(self, leader: str) -> None:
        """This node leads the stream; another one's copy is not read on."""
        if self._consumer and leader not in ("", self._leader):
            self._break(f"the stream is led by {leader} now")

    async def _run(self) -> None:
        """A consumer after the other."""
        while True:
            try:
                await self.nats.connected.wait()
                await self._begin()
                self.refusal = None
                await self._read()
            except SourceError as error:
                self.refusal = f"{self.subject}: {error}"
            self._consumer = ""
            await asyncio.sleep(PAUSE_S * secrets.randbelow(512) / 512)

    def _ended(self, run: asyncio.Task[None]) -> None:
        """Nobody waits for it, so a fault of the program would not be seen otherwise."""
        if not run.cancelled() and (error := run.exception()):
            self.refusal = f"{self.subject}: not read any more: {error!r}"
            log.error("ingest: does not read a partition any more", subject=self.subject, exc_info=error)

    async def _begin(self) -> None:
        """Another consumer, behind the last message that came. What is still said of the portion before is nothing to
        it."""
        self._portion += 1
        self._fault = None
        self._broken.clear()
        stream = await stream_state(self.nats)
        start = FROM_THE_FIRST if self.cursor is None else await self._behind(self.cursor, stream)
        consumer = await self._consumer_at(stream.leader, start)
        now = await stream_state(self.nats)
        if (now.created_us, now.leader) != (stream.created_us, stream.leader):
            forget_consumer(self.nats, consumer)
            raise SourceError("the stream was made anew, or another node leads it, just now")
        self._created_us, self._consumer, self._leader = stream.created_us, consumer.name, stream.leader
        self._consumed, self._left, self._too_large = 0, 0, False

    async def _consumer_at(self, node: str, start: Mapping[str, object]) -> Consumer:
        at_once = CONSUMERS_AT_ONCE if node else 1
        for _ in range(ATTEMPTS):
            asked = (make_consumer(self.nats, self.subject, start, INACTIVE_S) for _ in range(at_once))
            answers = await asyncio.gather(*asked, return_exceptions=True)
            made = [one for one in answers if isinstance(one, Consumer)]
            there = next((one for one in made if one.node == node), None)
            for one in made:
                if one is not there:
                    forget_consumer(self.nats, one)
            if there:
                return there
            if not made:
                raise next(one for one in answers if isinstance(one, BaseException))
        raise SourceError(f"no consumer came to be at the stream's leader, {node}")

    async def _behind(self, cursor: Cursor, stream: StreamState) -> Mapping[str, object]:
        """By its number, while that is the number of the same message. A stream that was made anew has others, and one
        that lost its end in a power cut gives them to other messages: there the time has to do."""
        if cursor.created_us == stream.created_us and (
            cursor.sequence < stream.first or await stored_at(self.nats, cursor.sequence) == cursor.stored_us
        ):
            return after(cursor.sequence)
        return since(cursor.stored_us)

    async def _read(self) -> None:
        """Until something is wrong."""
        self.ask()
        while not self._fault:
            self._heard = False
            with suppress(TimeoutError):
                async with asyncio.timeout(SILENCE_S_MAX / 2):
                    await self._broken.wait()
            if self._left and not self._heard:
                raise SourceError("nothing was heard of the stream")
        raise SourceError(self._fault)

    def _hear(self, message: Heard | None) -> None:
        self._heard = True
        if message is None:
            self._break("connection lost")
        elif message.reply.startswith(ACK):
            self._hear_message(message)
        elif message.subject.endswith(b".%d" % self._portion):
            self._hear_status(message.header)
        self.ask()

    def _hear_message(self, message: Heard) -> None:
        words = message.reply.split(b".")
        if self._fault or len(words) != ACK_WORDS or words[3] != self._consumer.encode():
            return
        if int(words[6]) != self._consumed + 1:
            self._break(f"behind the message {self._consumed} of the consumer came {int(words[6])}")
            return
        self._consumed += 1
        self._left -= 1
        self._left_bytes -= len(message.subject) + len(message.reply) + message.size
        if self._left_bytes == 0:  # of this end NATS says nothing
            self._left = 0
        self._too_large = False
        cursor = self.cursor = Cursor(self._created_us, int(words[5]), int(words[7]) // 1_000)
        size = self.take(message, cursor)
        if size is not None:
            self.in_hand[cursor.created_us, cursor.sequence] = size
            self.in_hand_bytes += size

    def _hear_status(self, header: bytes) -> None:
        status = nats_lines.status_of(header)
        too_large = TOO_LARGE in header
        if status == HEARTBEAT:
            if nats_lines.header_number(header, b"Nats-Last-Consumer") != self._consumed:
                self._break("a message did not arrive")
        elif status == EXPIRED or too_large:
            if nats_lines.header_number(header, b"Nats-Pending-Messages") != self._left:
                self._break("a message did not arrive")
            self._left, self._too_large = 0, too_large
        else:
            self._break(f"the consumer ended: {header.partition(nats_lines.END)[0].decode(errors='replace')}")

    def _break(self, fault: str) -> None:
        self._fault = fault
        self._broken.set()
