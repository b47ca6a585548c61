"""Trackers' messages from an MQTT broker, acknowledged to it only when told that they are committed.

Live (`up`, `status`, `depth`) and backlog (`log`) come in sessions of their own, each with its own window, so that
hours of backlog never stand in front of what happens now.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import orjson

from snowtrack import wall_clock
from snowtrack.addresses import BrokerAddress
from snowtrack.model.calendar import SECOND_US
from snowtrack.model.ids import DeviceId
from snowtrack.model.topics import Channel, durable_topic, parse_topic, subscription
from snowtrack.nmea.unpack import GZIP, ZSTD
from snowtrack.sources.durables import Durables, Numbers
from snowtrack.sources.packets import Published
from snowtrack.sources.session import Arrive, Receipt, Session, Window

PACKED_FIX_BYTES = 20
TOPICS_KEPT = 500_000
# How often it is asked whether a batch is wanted that could end.
LOOK_S = 0.01


class Delivery(NamedTuple):
    """One message in hand; its source knows it by its receipt."""

    device: DeviceId
    channel: Channel
    payload: bytes
    received_us: int
    receipt: Receipt

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


class MqttSource:
    """Both sessions behind one queue, live first."""

    def __init__(self, address: BrokerAddress, client_id: str, limits: Limits) -> None:
        self.limits = limits
        self.arrived = asyncio.Event()
        self.live: deque[Delivery] = deque(maxlen=limits.live_max)
        self.backlog: deque[Delivery] = deque(maxlen=limits.backlog_max)
        self.durables = Durables(limits.durable_s, self._say)
        self._topics: dict[bytes, tuple[DeviceId, Channel] | None] = {}
        live, backlog = (Channel.STATUS, Channel.UP, Channel.DEPTH), (Channel.LOG,)
        self.sessions = (
            self._session(address, f"{client_id}.live", live, self.live),
            self._session(address, f"{client_id}.backlog", backlog, self.backlog),
        )

    def start(self) -> None:
        for session in self.sessions:
            session.start()

    async def stop(self) -> None:
        self.durables.say_all()
        await asyncio.gather(*(session.stop() for session in self.sessions))

    @property
    def refusal(self) -> str | None:
        """Why messages cannot come in just now; nothing when they can."""
        return next((session.refusal for session in self.sessions if session.refusal), None)

    @property
    def strangers(self) -> int:
        """Messages on topics that are no tracker's."""
        return sum(session.strangers for session in self.sessions)

    @property
    def unsaid(self) -> int:
        """What could not be said to devices at once, since the broker did not read."""
        return sum(session.unsaid for session in self.sessions)

    @property
    def waiting(self) -> int:
        return len(self.live) + len(self.backlog)

    async def batch(
        self, *, batch_s: float, fixes_max: int, idle_s: float, wanted: Callable[[], bool] = lambda: True
    ) -> list[Delivery]:
        """The next messages: what comes within `batch_s` of the first one, or nothing within `idle_s`. While they are
        not wanted yet, half of `fixes_max` may come: large batches cost less."""
        if not self.waiting and not await self._arrival(idle_s):
            return []
        waited_s = (wall_clock.now_us() - (self.live or self.backlog)[0].received_us) / SECOND_US
        deadline = asyncio.get_running_loop().time() + batch_s - max(waited_s, 0)
        taken: list[Delivery] = []
        fixes = 0
        while fixes < fixes_max:
            delivery = self._next()
            if delivery is not None:
                taken.append(delivery)
                fixes += delivery.fixes
            elif (left_s := deadline - asyncio.get_running_loop().time()) > 0:
                await self._arrival(left_s)
            elif fixes >= fixes_max // 2 or wanted():
                break
            else:
                await self._arrival(LOOK_S)
        return taken

    def settle(self, deliveries: Sequence[Delivery]) -> None:
        """These are committed, and the broker may forget them."""
        live, backlog = self.sessions
        of_backlog = [one.receipt for one in deliveries if one.channel is Channel.LOG]
        backlog.settle(of_backlog)
        live.settle([one.receipt for one in deliveries if one.channel is not Channel.LOG])

    def tell_durable(self, durable: Mapping[DeviceId, Numbers]) -> None:
        """What is durable of devices; each hears it now, or a little later together with what comes until then."""
        self.durables.tell(durable)

    def _say(self, device: DeviceId, numbers: Numbers) -> bool:
        return self.sessions[0].say(durable_topic(device), orjson.dumps(numbers))

    def _session(
        self, address: BrokerAddress, client_id: str, channels: Iterable[Channel], queue: deque[Delivery]
    ) -> Session:
        window = Window(queue.maxlen or 0, self.limits.size_max)
        return Session(address, client_id, map(subscription, channels), window, self._into(queue))

    def _into(self, queue: deque[Delivery]) -> Arrive:
        """The session's window keeps the queue from ever overflowing."""

        def arrive(message: Published, receipt: Receipt, received_us: int) -> bool:
            source = self._source(message.topic)
            if source is None:
                return False
            queue.append(Delivery(*source, message.payload, received_us, receipt))
            self.arrived.set()
            return True

        return arrive

    def _source(self, topic: bytes) -> tuple[DeviceId, Channel] | None:
        """Who speaks on a topic, remembered for the next time."""
        if topic not in self._topics:
            if len(self._topics) >= TOPICS_KEPT:
                self._topics.clear()
            self._topics[topic] = parse_topic(topic.decode(errors="replace"))
        return self._topics[topic]

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
