"""Trackers' messages from an MQTT broker, acknowledged to it only when told that they are committed.

Live and backlog come in sessions of their own, each with its own window.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence

import orjson

from snowtrack.addresses import BrokerAddress
from snowtrack.model.ids import DeviceId
from snowtrack.model.topics import Channel, durable_topic, parse_topic, subscription
from snowtrack.sources.durables import Numbers
from snowtrack.sources.packets import Published
from snowtrack.sources.session import Arrive, Receipt, Session, Window
from snowtrack.sources.source import Delivery, Limits, Source

TOPICS_KEPT = 500_000


class MqttSource(Source):
    """Both sessions behind one queue, live first."""

    def __init__(self, address: BrokerAddress, client_id: str, limits: Limits) -> None:
        super().__init__(limits.live_max, limits.backlog_max, limits.durable_s)
        self.limits = limits
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
        return next((session.refusal for session in self.sessions if session.refusal), None)

    @property
    def strangers(self) -> int:
        return sum(session.strangers for session in self.sessions)

    @property
    def unsaid(self) -> int:
        return sum(session.unsaid for session in self.sessions)

    def settle(self, deliveries: Sequence[Delivery]) -> None:
        """The broker may forget these."""
        live, backlog = self.sessions
        backlog.settle(_receipts(one for one in deliveries if one.channel is Channel.LOG))
        live.settle(_receipts(one for one in deliveries if one.channel is not Channel.LOG))

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


def _receipts(deliveries: Iterable[Delivery]) -> list[Receipt]:
    return [one.receipt for one in deliveries if isinstance(one.receipt, Receipt)]
