"""Numbered deltas to many subscribers of one process: encoded once for all who may see the same, bounded per
subscriber.

A subscriber that comes back with the number of its last event gets what it missed, as long as that is kept; everyone
else begins with a snapshot. Who reads too slowly loses its queue and is given a new snapshot. Events without a number
are not kept: `latest` stands for them, and follows the snapshot as well as what was missed.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from snowtrack.live.sight import Sight

QUEUED_MAX = 64
WAKE = b""


class TooManySubscribersError(Exception):
    """The process serves as many live streams as it may."""


@dataclass(frozen=True, slots=True)
class Event:
    """What is told to all; `make` encodes what one may see of it, which may be nothing. What was encoded is forgotten
    when all were told; for the few who come back it is made again."""

    make: Callable[[Sight], bytes]
    number: int | None = None
    encoded: dict[Sight, bytes] = field(default_factory=dict)

    def seen_by(self, sight: Sight) -> bytes:
        if sight not in self.encoded:
            self.encoded[sight] = self.make(sight)
        return self.encoded[sight]


class Reader(NamedTuple):
    """Who listens, and what that one sees."""

    name: str
    sight: Sight


@dataclass(eq=False, slots=True)
class Subscriber:
    """One reader. `lost` says that its queue ran over."""

    sight: Sight
    queue: asyncio.Queue[bytes] = field(default_factory=lambda: asyncio.Queue(maxsize=QUEUED_MAX))
    lost: bool = False

    def offer(self, event: bytes) -> None:
        if self.lost:
            return
        try:
            self.queue.put_nowait(event)
        except asyncio.QueueFull:
            self.lost = True

    def start_again(self) -> None:
        self.queue = asyncio.Queue(maxsize=QUEUED_MAX)
        self.lost = False


@dataclass(slots=True)
class Hub:
    """All subscribers of this process. `snapshot` and `latest` make the first events for a newcomer."""

    snapshot: Callable[[Sight], bytes]
    latest: Callable[[Sight], bytes]
    subscribers_max: int
    of_one_max: int
    kept_max: int
    subscribers: set[Subscriber] = field(default_factory=set)
    of_one: Counter[str] = field(default_factory=Counter)
    kept: deque[Event] = field(init=False)

    def __post_init__(self) -> None:
        self.kept = deque(maxlen=self.kept_max)

    def publish(self, event: Event) -> None:
        """Give an event to all. A numbered one is kept for those who come back."""
        if event.number is not None:
            self.kept.append(event)
        for subscriber in self.subscribers:
            if content := event.seen_by(subscriber.sight):
                subscriber.offer(content)
        event.encoded.clear()

    def expect_room(self, reader: Reader) -> None:
        """For one more reader, and for one more of this name, so that nobody takes all the room."""
        if len(self.subscribers) >= self.subscribers_max or self.of_one[reader.name] >= self.of_one_max:
            raise TooManySubscribersError

    def begin_anew(self) -> None:
        """Numbers were missed: what is kept has a hole, and everyone needs a snapshot."""
        self.kept.clear()
        for subscriber in self.subscribers:
            subscriber.offer(WAKE)
            subscriber.lost = True

    async def events(
        self, reader: Reader, last_number: int | None, idle_s: float, idle: bytes
    ) -> AsyncGenerator[bytes, None]:
        """What one subscriber gets, for as long as it listens; `idle` when nothing happens for so long."""
        sight = reader.sight
        with self._subscribed(reader) as subscriber:
            for event in [*self._missed(sight, last_number), self.latest(sight)]:
                if event:
                    yield event
            while True:
                if subscriber.lost:
                    subscriber.start_again()
                    yield self.snapshot(sight) + self.latest(sight)
                try:
                    async with asyncio.timeout(idle_s):
                        event = await subscriber.queue.get()
                except TimeoutError:
                    event = idle
                if not subscriber.lost:
                    yield event

    def _missed(self, sight: Sight, last_number: int | None) -> list[bytes]:
        """What came after the number, or a snapshot where that is not kept."""
        numbers = [event.number for event in self.kept]
        if last_number is None or last_number not in numbers:
            return [self.snapshot(sight)]
        return [event.make(sight) for event in list(self.kept)[numbers.index(last_number) + 1 :]]

    @contextmanager
    def _subscribed(self, reader: Reader) -> Iterator[Subscriber]:
        self.expect_room(reader)
        subscriber = Subscriber(reader.sight)
        self.subscribers.add(subscriber)
        self.of_one[reader.name] += 1
        try:
            yield subscriber
        finally:
            self.subscribers.discard(subscriber)
            self.of_one[reader.name] -= 1
            if not self.of_one[reader.name]:
                del self.of_one[reader.name]
