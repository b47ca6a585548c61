"""What a source of trackers' messages is to ingest, whatever broker they come from.

Live messages (`up`, `status`, `depth`) and backlog (`log`) wait in queues of their own, live first, so that hours of
backlog never stand in front of what happens now.
"""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from snowtrack import wall_clock
from snowtrack.model.calendar import SECOND_US
from snowtrack.model.ids import DeviceId
from snowtrack.model.topics import Channel
from snowtrack.nmea.unpack import GZIP, ZSTD
from snowtrack.sources.durables import Durables, Numbers
from snowtrack.sources.session import Receipt

PACKED_FIX_BYTES = 20
# How often it is asked whether a batch is wanted that could end.
LOOK_S = 0.01


class Place(NamedTuple):
    """Where a message stands in a stream, which is known by when it was made, and when it was stored there."""

    partition: int
    kind: str
    sequence: int
    stored_us: int
    created_us: int
    size: int


class Delivery(NamedTuple):
    """One message in hand; its source knows it by its receipt."""

    device: DeviceId
    channel: Channel
    payload: bytes
    received_us: int
    receipt: Receipt | Place

    @property
    def fixes(self) -> int:
        """About how many fixes it holds; packed ones take some twenty bytes each."""
        packed = self.payload.startswith((GZIP, ZSTD))
        return max(1, len(self.payload) // PACKED_FIX_BYTES if packed else self.payload.count(b"RMC,"))


class Limits(NamedTuple):
    """Of live messages and backlog in hand, and bytes of each; and how often a device is told what is durable."""

    live_max: int
    backlog_max: int
    size_max: int = 64 << 20
    durable_s: float = 0.0


class Source(ABC):
    """Both queues, and what is told to devices. Who fills the queues keeps them from ever overflowing."""

    def __init__(self, live_max: int, backlog_max: int, durable_s: float) -> None:
        self.arrived = asyncio.Event()
        self.live: deque[Delivery] = deque(maxlen=live_max)
        self.backlog: deque[Delivery] = deque(maxlen=backlog_max)
        self.durables = Durables(durable_s, self._say)

    @abstractmethod
    def start(self) -> None:
        """Begin to fill the queues."""

    @abstractmethod
    async def stop(self) -> None:
        """Leave what is not settled to whoever comes next."""

    @abstractmethod
    def settle(self, deliveries: Sequence[Delivery]) -> None:
        """These are committed."""

    @property
    @abstractmethod
    def refusal(self) -> str | None:
        """Why messages cannot come in just now; nothing when they can."""

    @property
    @abstractmethod
    def strangers(self) -> int:
        """Messages on topics that are no tracker's."""

    @property
    @abstractmethod
    def unsaid(self) -> int:
        """What could not be said to devices at once, since the broker did not read."""

    @property
    def waiting(self) -> int:
        return len(self.live) + len(self.backlog)

    async def batch(
        self,
        *,
        batch_s: float,
        fixes_max: int,
        idle_s: float,
        wanted: Callable[[], bool] = lambda: True,
        backlog: bool = True,
    ) -> list[Delivery]:
        """The next messages, of the backlog too if that is wanted: what comes within `batch_s` of the first one, or
        nothing within `idle_s`. While they are not wanted yet, half of `fixes_max` may come: large batches cost less.
        """
        if not self._first(backlog=backlog) and not await self._arrival(idle_s):
            return []
        first = next(iter(self._first(backlog=backlog)), None)
        waited_s = (wall_clock.now_us() - first.received_us) / SECOND_US if first else 0.0
        deadline = asyncio.get_running_loop().time() + batch_s - max(waited_s, 0)
        taken: list[Delivery] = []
        fixes = 0
        while fixes < fixes_max:
            queue = self._first(backlog=backlog)
            if queue:
                taken.append(queue.popleft())
                fixes += taken[-1].fixes
            elif (left_s := deadline - asyncio.get_running_loop().time()) > 0:
                await self._arrival(left_s)
            elif fixes >= fixes_max // 2 or wanted():
                break
            else:
                await self._arrival(LOOK_S)
        return taken

    def tell_durable(self, durable: Mapping[DeviceId, Numbers]) -> None:
        """What is durable of devices; each hears it now, or a little later together with what comes until then."""
        self.durables.tell(durable)

    @abstractmethod
    def _say(self, device: DeviceId, numbers: Numbers) -> bool:
        """Tell a device; whether that could go out."""

    def _first(self, *, backlog: bool) -> deque[Delivery]:
        """The queue that the next message comes from."""
        return self.backlog if backlog and not self.live else self.live

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
