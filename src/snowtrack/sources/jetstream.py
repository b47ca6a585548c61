"""Trackers' messages from the stream of a NATS cluster: of the partitions that are owned, from behind a place on.

NATS keeps them whether they are settled or not. What was committed is known by the places that were committed with it,
and so it is nowhere else that anything is acknowledged.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

import orjson

from snowtrack.addresses import BrokerAddress
from snowtrack.model.errors import SourceError
from snowtrack.model.ids import DeviceId
from snowtrack.model.topics import durable_topic
from snowtrack.sources.durables import Numbers
from snowtrack.sources.nats import Nats
from snowtrack.sources.nats_lines import Heard
from snowtrack.sources.packets import Published
from snowtrack.sources.partitions import KINDS, LIVE, PARTITIONS, Origin, parse_subject
from snowtrack.sources.reader import Reader, Share
from snowtrack.sources.session import Receipt, Session, Window
from snowtrack.sources.source import Delivery, Limits, Place, Source
from snowtrack.sources.stream import SUBJECTS, StreamSettings, make_stream, stream_state
from snowtrack.store.shares import Cursor

SUBJECTS_KEPT = 500_000
RETRY_S = 1.0
LEADER_S = 2.0
# The next node is called much sooner, when one is gone.
CUT_OFF_S = 6.0


class Nodes(NamedTuple):
    """Of a cluster, where NATS's own protocol is spoken, and where MQTT is."""

    nats: tuple[BrokerAddress, ...]
    mqtt: tuple[BrokerAddress, ...]


class JetStreamSource(Source):
    """Each partition has its own share of what may be in hand, as if all of them were owned here. Before the stream is
    made nobody may come over MQTT: who comes first would have NATS make one that keeps nothing."""

    def __init__(self, nodes: Nodes, client_id: str, limits: Limits, stream: StreamSettings) -> None:
        self._shares = {kind: _share(limits, kind) for kind in KINDS}
        live_max, backlog_max = (self._shares[kind].messages * PARTITIONS for kind in KINDS)
        super().__init__(live_max, backlog_max, limits.durable_s)
        self._stream = stream
        self._fault: str | None = "the stream was not looked at yet"
        self._strangers = 0
        self._readers: dict[tuple[int, str], Reader] = {}
        self._origins: dict[bytes, Origin | None] = {}
        self._nats = Nats(nodes.nats, client_id)
        # What a device shall find when it comes back can only be kept for it over MQTT.
        self._speaker = Session(nodes.mqtt, f"{client_id}.durable", (), Window(1, 1), _nobody, lasting=False)
        self._tending: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._nats.start()
        self._tending = asyncio.get_running_loop().create_task(self._tend())

    async def stop(self) -> None:
        self.durables.say_all()
        if self._tending:
            self._tending.cancel()
            with suppress(asyncio.CancelledError):
                await self._tending
        await asyncio.gather(*(self.disown(partition) for partition in self.owned))
        await self._speaker.stop()
        await self._nats.stop()

    @property
    def refusal(self) -> str | None:
        of_readers = (reader.refusal for reader in self._readers.values())
        return self._nats.refusal or self._fault or self._speaker.refusal or next(filter(None, of_readers), None)

    @property
    def strangers(self) -> int:
        return self._strangers

    @property
    def unsaid(self) -> int:
        return self._speaker.unsaid

    @property
    def cut_off(self) -> bool:
        """Whether no node was reached for so long that others may fare better, or none ever."""
        return self._nats.away_s > CUT_OFF_S

    @property
    def owned(self) -> set[int]:
        return {partition for partition, _ in self._readers}

    async def own(self, partition: int, cursors: Mapping[str, Cursor]) -> None:
        """Read a partition, behind these places of its kinds; a kind without one from the first message on."""
        await self.disown(partition)
        for kind in KINDS:
            place = (partition, kind)
            take = partial(self._take, place)
            self._readers[place] = Reader(self._nats, place, cursors.get(kind), self._shares[kind], take)

    async def disown(self, partition: int) -> None:
        """Read it no more, and drop what waits of it; what was taken already may still be settled."""
        gone = [self._readers.pop((partition, kind)) for kind in KINDS if (partition, kind) in self._readers]
        await asyncio.gather(*(reader.stop() for reader in gone))
        for queue in (self.live, self.backlog) if gone else ():
            kept = [one for one in queue if isinstance(one.receipt, Place) and one.receipt.partition != partition]
            queue.clear()
            queue.extend(kept)

    def settle(self, deliveries: Sequence[Delivery]) -> None:
        touched = set()
        for place in _places(deliveries):
            if reader := self._readers.get(place[:2]):
                reader.settle(place.created_us, place.sequence)
                touched.add(reader)
        for reader in touched:
            reader.ask()

    async def _tend(self) -> None:
        """Have the stream, and tell readers who leads it."""
        while self._fault:
            try:
                await self._nats.connected.wait()
                await make_stream(self._nats, self._stream)
                self._fault = None
            except SourceError as error:
                self._fault = str(error)
                await asyncio.sleep(RETRY_S)
        self._speaker.start()
        while True:
            await asyncio.sleep(LEADER_S)
            with suppress(SourceError):
                leader = (await stream_state(self._nats)).leader
                for reader in self._readers.values():
                    reader.led_by(leader)

    def _take(self, place: tuple[int, str], message: Heard, cursor: Cursor) -> int | None:
        origin = self._origin(message.subject)
        if origin is None:
            self._strangers += 1
            return None
        size = len(message.payload)
        receipt = Place(*place, cursor.sequence, cursor.stored_us, cursor.created_us, size)
        queue = self.live if origin.kind == LIVE else self.backlog
        queue.append(Delivery(origin.device, origin.channel, message.payload, cursor.stored_us, receipt))
        self.arrived.set()
        return size

    def _origin(self, subject: bytes) -> Origin | None:
        """Who speaks on a subject, remembered for the next time."""
        if subject not in self._origins:
            if len(self._origins) >= SUBJECTS_KEPT:
                self._origins.clear()
            self._origins[subject] = parse_subject(subject.decode(errors="replace").removeprefix(SUBJECTS))
        return self._origins[subject]

    def _say(self, device: DeviceId, numbers: Numbers) -> bool:
        return self._speaker.say(durable_topic(device), orjson.dumps(numbers))


def cursors_of(deliveries: Iterable[Delivery]) -> dict[tuple[int, str], Cursor]:
    """Up to where each partition and kind was read when these are committed with all before them."""
    return {place[:2]: Cursor(place.created_us, place.sequence, place.stored_us) for place in _places(deliveries)}


def _places(deliveries: Iterable[Delivery]) -> list[Place]:
    return [one.receipt for one in deliveries if isinstance(one.receipt, Place)]


def _share(limits: Limits, kind: str) -> Share:
    messages = limits.live_max if kind == LIVE else limits.backlog_max
    return Share(max(messages // PARTITIONS, 1), max(limits.size_max // PARTITIONS, 1))


def _nobody(_message: Published, _receipt: Receipt, _received_us: int) -> bool:
    return False
