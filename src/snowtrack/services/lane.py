"""What one worker makes of messages: numbers, clocks, tracks, matches, results, in memory and ahead of the store.

The store has all that it takes to begin another lane where this one stands, so a lane is dropped when something of it
could not be committed. While there is no store, it still says where machines are.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import orjson
import structlog
from psycopg import AsyncConnection

from snowtrack.model.columns import Bools, Rows, present
from snowtrack.model.fixes import Decoded, FixBatch, Message
from snowtrack.model.ids import DeviceId
from snowtrack.model.topics import Channel
from snowtrack.network.arrays import Network
from snowtrack.nmea.decode import Decoder
from snowtrack.nmea.sentences import BOOT_MAX, SEQ_MAX
from snowtrack.pipeline.basis import Basis
from snowtrack.pipeline.engine import Engine, Outputs
from snowtrack.services.basis import take_up_basis
from snowtrack.services.batches import BatchWriter, Prepared
from snowtrack.services.catching_up import catch_up
from snowtrack.services.checkpoints import Unsaved, kept_clocks, save
from snowtrack.services.dialects import Dialects
from snowtrack.services.figures import IngestFigures
from snowtrack.services.known_devices import KnownDevices
from snowtrack.services.policies import engine_policy
from snowtrack.services.recompute import Recomputing
from snowtrack.services.shares import Cursors, InCharge
from snowtrack.settings import Settings
from snowtrack.sources.durables import Numbers
from snowtrack.sources.source import Delivery
from snowtrack.store.basis import use_basis
from snowtrack.store.database import store_errors
from snowtrack.store.fixes import known_fixes
from snowtrack.store.fleet import fleet_version, read_fleet
from snowtrack.store.journal import trim_journal
from snowtrack.store.passes import mark_dirty
from snowtrack.store.quarantine import read_retries, stay_in_quarantine
from snowtrack.tracks.identity import BootId, boots_of, brought

RETRIES = 100
NO_CURSORS: Cursors = {}
NOTHING_DECODED = Decoded(fixes=FixBatch.empty(), begins=np.empty(0, np.int64), rejects=(), counts={})

log = structlog.get_logger()

Say = Callable[[Outputs, "KnownDevices"], None]
"""Tells where machines are."""


class OldestHeld(NamedTuple):
    """The oldest epoch that a tracker holds."""

    device: int
    boot: int
    seq: int


class Read(NamedTuple):
    """What messages say: all of them, those that hold sentences, what trackers hold, and what the sentences come to;
    messages that cannot be worked off, those of snow sensors, and where they end in the streams."""

    messages: Sequence[Message]
    readings: Sequence[Message]
    oldest: Sequence[OldestHeld]
    decoded: Decoded
    unfit: Sequence[Message] = ()
    depths: Sequence[Delivery] = ()
    cursors: Cursors = NO_CURSORS


class Reader:
    """Messages to fixes; the same for all lanes."""

    def __init__(self, dialects: Dialects) -> None:
        self.dialects = dialects
        self.decoder = Decoder(dialects.dialects)

    def message(self, number: int, delivery: Delivery) -> Message:
        return self.message_of(number, delivery.device, delivery.received_us, delivery.payload)

    def message_of(self, number: int, device: DeviceId, received_us: int, payload: bytes) -> Message:
        dialect = self.dialects.number(device.agency)
        return Message(number, received_us, payload, dialect)


class Lane:
    """Of one worker. `say` is told of heads, when there is anybody to tell. One that `doubts` asks the store whether it
    has a fix, each time."""

    def __init__(
        self, settings: Settings, network: Network, reader: Reader, figures: IngestFigures, charge: InCharge
    ) -> None:
        self.settings = settings
        self.network = network
        self.reader = reader
        self.figures = figures
        self.charge = charge
        self.say: Say | None = None
        self.doubts = False
        self.devices = KnownDevices(Engine(network, engine_policy(settings)))
        self.unsaved = Unsaved(self.devices.engine, self.devices.ledger)
        self.recomputing = Recomputing(self.unsaved, settings.ingest, charge)

    async def take_up(self, connection: AsyncConnection, batch: int) -> None:
        """Go on from what is stored, and behind a batch of the lane before."""
        self.unsaved.batch = batch
        self.devices.engine.use(await read_fleet(connection))
        behind = await self.devices.take_up(connection, self.charge.partitions)
        await catch_up(connection, self.devices.engine, self.unsaved, behind)
        await take_up_basis(connection, self.devices.engine)

    async def read(
        self, connection: AsyncConnection, deliveries: Sequence[Delivery], unfit: Sequence[Delivery] = ()
    ) -> Read:
        """What messages say; nothing of what this lane knows is looked at, so that it may go on meanwhile."""
        sent, not_taken = _of_devices(deliveries), _of_devices(unfit)
        await self.devices.learn(connection, {one.device for one in (*sent, *not_taken)})
        depths = [one for one in deliveries if one.channel is Channel.DEPTH]
        read = await self._read_known(sent)
        return read._replace(unfit=self._messages(not_taken), depths=depths)

    async def _read_known(self, sent: Sequence[Delivery]) -> Read:
        """Messages of devices that have numbers."""
        messages = self._messages(sent)
        statuses = [m for d, m in zip(sent, messages, strict=True) if d.channel is Channel.STATUS]
        readings = [m for d, m in zip(sent, messages, strict=True) if d.channel is not Channel.STATUS]
        return Read(
            messages, readings, _oldest_of(statuses), await asyncio.to_thread(self.reader.decoder.decode, readings)
        )

    def _messages(self, sent: Sequence[Delivery]) -> list[Message]:
        numbers = self.devices.numbers
        return [self.reader.message(numbers[one.device], one) for one in sent]

    async def prepare(
        self, connection: AsyncConnection, read: Read, written: Callable[[], Awaitable[None]]
    ) -> Prepared:
        """What messages lead to. `written` waits for the batch before, where what is stored has to be looked at."""
        decoded = read.decoded
        self.figures.count(messages=len(read.messages) + len(read.unfit), rejects=decoded.counts)
        new = decoded.fixes.take(await self._fresh(connection, decoded, written))
        self.figures.count_fixes(new=len(new), doubled=len(decoded.fixes) - len(new))
        prepared = await self._take_in(connection, new, read.messages, read.oldest)
        return replace(
            prepared,
            messages=read.readings,
            decoded=decoded,
            unfit=read.unfit,
            depths=read.depths,
            durable=self._durable({message.device for message in read.messages}),
            cursors=read.cursors,
        )

    async def look_ahead(self, deliveries: Sequence[Delivery]) -> dict[DeviceId, Numbers]:
        """While there is no store: say where machines are; and what is durable once these messages are on the disk.

        Of devices that this lane does not know nothing is said: the store may know more of them.
        """
        read = await self._read_known([one for one in _of_devices(deliveries) if one.device in self.devices.numbers])
        new = read.decoded.fixes.take(self.devices.ledger.fresh(read.decoded.fixes, read.decoded.unreadable))
        self._say(await asyncio.to_thread(self.devices.engine.on_batch, new))
        for device, boot, seq in read.oldest:
            self.devices.ledger.oldest_held(device, boot, seq)
        return self._durable({message.device for message in read.messages})

    def _durable(self, devices: set[int]) -> dict[DeviceId, Numbers]:
        told = ((self.devices.names[number], self.devices.ledger.durable(number)) for number in sorted(devices))
        return {device: numbers for device, numbers in told if numbers}

    def _say(self, outputs: Outputs) -> None:
        if self.say:
            self.say(outputs, self.devices)

    async def _retry(self, connection: AsyncConnection, writer: BatchWriter) -> None:
        """Read messages in quarantine again. What is stored of them already is known by its bytes, not its number."""
        waiting = await read_retries(connection, self.charge.partitions, RETRIES)
        if not waiting:
            return
        numbers = [number for number, *_ in waiting]
        await stay_in_quarantine(connection, numbers)  # first: what fails again is not tried for ever
        await self.devices.learn(connection, {device for _, device, *_ in waiting})
        messages = [
            self.reader.message_of(self.devices.numbers[device], device, at_us, payload)
            for _, device, at_us, payload in waiting
        ]
        decoded = self.reader.decoder.decode(messages)
        unreadable = {reject.message for reject in decoded.rejects}
        new = decoded.fixes.take(await self._unknown(connection, decoded.fixes))
        prepared = await self._take_in(connection, new, messages, [])
        read = [n for at, n in enumerate(numbers) if at not in unreadable]
        await writer.commit(replace(prepared, retried=read))
        self.devices.ledger.fresh(decoded.fixes, ())  # not before: these messages are not in hand
        log.info("read messages in quarantine again", messages=len(messages), fixes=len(new), unread=len(unreadable))

    async def _take_in(
        self, connection: AsyncConnection, new: FixBatch, messages: Sequence[Message], oldest: Sequence[OldestHeld]
    ) -> Prepared:
        """New fixes through the engine; and what of all that waits to be saved is due."""
        boots = await self.devices.learn_clocks(connection, new)
        late = self._boots_of_late(new)
        outputs = await asyncio.to_thread(self.devices.engine.on_batch, new)
        self._say(outputs)
        engine, ledger = self.devices.engine, self.devices.ledger
        # Trackers say what they hold: what lies below is passed over, and boots before it are forgotten.
        held = {device: boot for device, boot, seq in oldest if ledger.oldest_held(device, boot, seq)}
        passed = ledger.known(ledger.passed)
        ledger.passed.clear()
        heard_us: dict[int, int] = {}
        for message in messages:
            heard_us[message.device] = max(heard_us.get(message.device, 0), message.received_us)
        journal = brought(self.unsaved.batch + 1, new, heard_us)
        self.unsaved.note(journal, outputs.latest)
        self.unsaved.add(outputs)
        return Prepared(
            messages=(),
            decoded=NOTHING_DECODED,
            new=new,
            dirty=outputs.dirty,
            journal=journal,
            passed=passed,
            held=held,
            clocks=kept_clocks(engine, [boot for boot in boots if engine.clocks[boot].stirred or boot in late]),
            saving=self.unsaved.collect(self.unsaved.due(self.settings.ingest.save_s)),
        )

    def _boots_of_late(self, new: FixBatch) -> set[BootId]:
        """Boots of fixes that nobody looks for after a crash, since they are older than what is settled."""
        devices, at = np.unique(new.device, return_inverse=True)
        settled_us = np.array([self.devices.engine.settled_us(device) for device in devices.tolist()], np.int64)
        late = present(new.boot) & (new.time_us <= settled_us[at])
        return set(boots_of(new.device[late], new.boot[late])[0])

    async def _fresh(
        self, connection: AsyncConnection, decoded: Decoded, written: Callable[[], Awaitable[None]]
    ) -> Bools:
        """New by sequence number; what the ledger cannot judge, the store does."""
        unsure, on_their_way = self._unsure(decoded.fixes)
        if on_their_way:
            await written()
        fresh = self.devices.ledger.fresh(decoded.fixes, decoded.unreadable)
        if len(unsure):
            fresh[unsure] &= await self._unknown(connection, decoded.fixes.take(unsure))
        return fresh

    async def _unknown(self, connection: AsyncConnection, fixes: FixBatch) -> Bools:
        """Fixes that are not stored yet, each once."""
        keys = np.stack([fixes.device, fixes.boot, fixes.seq, fixes.time_us, fixes.digest])
        first = np.zeros(len(fixes), np.bool_)
        first[np.unique(keys, axis=1, return_index=True)[1]] = True
        return first & ~await known_fixes(connection, fixes)

    def _unsure(self, fixes: FixBatch) -> tuple[Rows, bool]:
        """Fixes without a number, those of a boot that is new or was freed, and in doubt all; and whether the same ones
        may be on their way to the store, as of a boot that is new none can be."""
        if self.doubts:
            return np.arange(len(fixes)), True
        boots, boot = boots_of(fixes.device, fixes.boot)
        ledger = self.devices.ledger
        unknown = [ledger.get(boot_id) is None for boot_id in boots]
        not_new = any(is_unknown and ledger.freed(boot_id) for boot_id, is_unknown in zip(boots, unknown, strict=True))
        return np.flatnonzero(np.array(unknown, np.bool_)[boot]), not_new

    async def save_all(self, connection: AsyncConnection) -> None:
        """Nothing waits any more."""
        while devices := self.unsaved.due(0):
            async with connection.transaction():
                await self.charge.check(connection)
                await save(connection, self.devices.engine, self.unsaved.collect(devices))

    async def on_time(self, connection: AsyncConnection, writer: BatchWriter, now_us: int) -> None:
        """What time alone brings: tails of silent devices, stretches that were computed again. All is committed."""
        with store_errors("cannot settle"):
            await writer.fixes.partitions.make_ahead(now_us)
            await self.refresh_fleet(connection)
            outputs = self.devices.engine.on_time(now_us)
            self.unsaved.add(outputs)
            saving = self.unsaved.collect(self.unsaved.due(self.settings.ingest.save_s))
            async with connection.transaction():
                await self.charge.check(connection)
                await mark_dirty(connection, outputs.dirty)
                await save(connection, self.devices.engine, saving)
            self.devices.forget_clocks(self.unsaved.boots)
            again = await self.recomputing.put_in_place(connection)
            await self._retry(connection, writer)
            await trim_journal(connection, self.charge.worker, self.unsaved.oldest_batch())
        for stretch in again:
            log.info("computed a stretch again", device=str(self.devices.names.get(stretch.device, stretch.device)))

    async def refresh_fleet(self, connection: AsyncConnection) -> None:
        """Before anything is computed again: whoever changes the registry marks what it changes as dirty."""
        engine = self.devices.engine
        if await fleet_version(connection) != engine.fleet.version:
            await self.save_all(connection)
            engine.use(await read_fleet(connection))
            await use_basis(connection, Basis.of(engine))


def _of_devices(deliveries: Iterable[Delivery]) -> list[Delivery]:
    """Snow sensors are none."""
    return [one for one in deliveries if one.channel is not Channel.DEPTH]


def _oldest_of(statuses: Iterable[Message]) -> list[OldestHeld]:
    """What trackers say that they still hold, as far as they say it."""
    said = ((status.device, _oldest_held(status.payload)) for status in statuses)
    return [OldestHeld(device, *oldest) for device, oldest in said if oldest is not None]


def _oldest_held(payload: bytes) -> tuple[int, int] | None:
    """The oldest {boot, seq} of a status; nothing where it says none or is not what it should be."""
    try:
        status = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None
    oldest = status.get("oldest") if isinstance(status, dict) else None
    if not isinstance(oldest, dict):
        return None
    boot, seq = oldest.get("boot"), oldest.get("seq")
    if type(boot) is not int or type(seq) is not int:  # a bool is an int too, and no number for the store
        return None
    return (boot, seq) if 1 <= boot <= BOOT_MAX and 1 <= seq <= SEQ_MAX else None
