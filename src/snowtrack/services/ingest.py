"""From the broker to the commit: the one place where messages, engine and store meet.

A batch is decoded, freed of what is known already, run through the engine, and committed in one transaction together
with all that follows from it: fixes, passes, touched segments, sequence ranges, the stages' state. Heads leave before
the commit. Only after it are devices told what is durable, and the broker what it may forget. When a commit fails,
memory is dropped, the store's state is read again, and the broker sends again.
"""

import asyncio
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import orjson
import structlog
from psycopg import AsyncConnection

from snowtrack import wall_clock
from snowtrack.live.bus import Bus, News
from snowtrack.model.columns import Bools, Rows, present
from snowtrack.model.errors import StoreError
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
from snowtrack.services.dialects import load_dialects
from snowtrack.services.figures import IngestFigures
from snowtrack.services.heads import head_news
from snowtrack.services.known_devices import KnownDevices
from snowtrack.services.policies import engine_policy
from snowtrack.services.quarantine import Quarantine
from snowtrack.services.recompute import recompute_next
from snowtrack.services.stopping import stopped_within
from snowtrack.settings import Settings
from snowtrack.sources.mqtt import Delivery, MqttSource
from snowtrack.store.basis import use_basis
from snowtrack.store.database import connect, store_errors
from snowtrack.store.fixes import known_fixes
from snowtrack.store.fleet import fleet_version, read_fleet
from snowtrack.store.journal import trim_journal
from snowtrack.store.quarantine import read_retries
from snowtrack.supervised import announce_ready
from snowtrack.tracks.identity import BootId, boots_of, brought

TICK_S = 1.0
RETRY_S = 2.0
RETRIES = 100
LAST_SAVE_S_MAX = 2.0

NOTHING_DECODED = Decoded(fixes=FixBatch.empty(), begins=np.empty(0, np.int64), rejects=(), counts={})

log = structlog.get_logger()


class OldestHeld(NamedTuple):
    """The oldest epoch that a tracker holds."""

    device: int
    boot: int
    seq: int


class Ingest:
    """One worker."""

    def __init__(self, settings: Settings, network: Network, source: MqttSource, bus: Bus) -> None:
        self.settings = settings
        self.network = network
        self.source = source
        self.bus = bus
        self.devices = KnownDevices(Engine(network, engine_policy(settings)))
        self.figures = IngestFigures()
        self.dialects = load_dialects(settings.ingest.dialects)
        self.decoder = Decoder(self.dialects.dialects)
        self.decoder.decode([])  # loads the machine code, or makes it the first time, before messages wait for it
        self.quarantine = Quarantine(settings.ingest)
        self.unsaved = Unsaved(self.devices.engine, self.devices.ledger)
        self.writing: asyncio.Task[None] | None = None

    async def run(self, stopping: asyncio.Event) -> None:
        """Until told to stop; a database or broker that is away is waited for."""
        while not stopping.is_set():
            try:
                await self._serve(stopping)
            except StoreError as error:
                log.error("ingest: the database is away, nothing is acknowledged until it is back", error=str(error))
                self.figures.store_fault = str(error)
                self._report()
                self.devices.forget_all()
                self.unsaved.forget()
                await stopped_within(stopping, RETRY_S)
                self.source.reopen()

    async def _serve(self, stopping: asyncio.Event) -> None:
        url = self.settings.database.url
        async with connect(url, name="ingest") as connection, connect(url, name="ingest writer") as own:
            with store_errors("cannot read the devices"):
                await self.take_up(connection)
            writer = BatchWriter(own, self.devices.engine, self.quarantine)
            self.figures.store_fault = None
            announce_ready()
            try:
                await self._take_batches(connection, writer, stopping)
            finally:
                await self._end_writing()
            # What does not come in time is made again from the fixes when ingest starts.
            with store_errors("cannot save the last results"), suppress(TimeoutError):
                async with asyncio.timeout(LAST_SAVE_S_MAX):
                    await self._save_all(connection)

    async def _take_batches(self, connection: AsyncConnection, writer: BatchWriter, stopping: asyncio.Event) -> None:
        limits = self.settings.ingest
        next_tick = time.monotonic() + TICK_S
        while not stopping.is_set():
            deliveries = await self.source.batch(
                batch_s=limits.batch_s, fixes_max=limits.batch_fixes, idle_s=limits.batch_s
            )
            if deliveries:
                await self._take(connection, writer, deliveries)
            if time.monotonic() >= next_tick:
                next_tick = time.monotonic() + TICK_S
                await self._written()
                await self._tick(connection, writer)
        await self._written()

    async def take_up(self, connection: AsyncConnection) -> None:
        """Go on from what is stored."""
        self.devices.engine.use(await read_fleet(connection))
        behind = await self.devices.take_up(connection)
        await catch_up(connection, self.devices.engine, self.unsaved, behind)
        await take_up_basis(connection, self.devices.engine)

    async def _take(self, connection: AsyncConnection, writer: BatchWriter, deliveries: list[Delivery]) -> None:
        """Compute a micro-batch while the one before it is committed; then begin to commit it."""
        try:
            with store_errors("cannot prepare a batch"):
                prepared = await self.prepare(connection, deliveries)
            await self._written()
        except BaseException:
            self.source.settle(deliveries, committed=False)
            raise
        self.writing = asyncio.create_task(self._write(writer, prepared, deliveries))

    async def _write(self, writer: BatchWriter, prepared: Prepared, deliveries: list[Delivery]) -> None:
        """Wholly or not at all, and nothing is told before it is."""
        committed = False
        try:
            with store_errors("cannot commit a batch"):
                await writer.commit(prepared)
            committed = True
        finally:
            self.source.settle(deliveries, committed=committed)
        self.source.tell_durable(prepared.durable)

    async def _written(self) -> None:
        """Until the last batch is committed."""
        if self.writing is not None:
            writing, self.writing = self.writing, None
            await writing

    async def _end_writing(self) -> None:
        """Whatever becomes of it: its failure was told, or is that of what was tried after it."""
        with suppress(StoreError):
            await self._written()

    async def prepare(self, connection: AsyncConnection, deliveries: Sequence[Delivery]) -> Prepared:
        """What messages lead to, in memory. What it reads of the store is not changed by the batch before it."""
        sent = [one for one in deliveries if one.channel is not Channel.DEPTH]
        messages = [await self._message(connection, one.device, one.received_us, one.payload) for one in sent]
        statuses = [m for d, m in zip(sent, messages, strict=True) if d.channel is Channel.STATUS]
        readings = [m for d, m in zip(sent, messages, strict=True) if d.channel is not Channel.STATUS]
        decoded = await asyncio.to_thread(self.decoder.decode, readings)
        self.figures.count(messages=len(messages), rejects=decoded.counts)
        new = decoded.fixes.take(await self._fresh(connection, decoded))
        self.figures.count_fixes(new=len(new), doubled=len(decoded.fixes) - len(new))
        prepared = await self._take_in(connection, new, messages, _oldest_of(statuses))
        told = {self.devices.names[message.device]: message.device for message in messages}
        durable = ((device, self.devices.ledger.durable(number)) for device, number in told.items())
        return replace(
            prepared,
            messages=readings,
            decoded=decoded,
            depths=[one for one in deliveries if one.channel is Channel.DEPTH],
            durable={device: numbers for device, numbers in durable if numbers},
        )

    async def _retry(self, connection: AsyncConnection, writer: BatchWriter) -> None:
        """Read messages in quarantine again. What is stored of them already is known by its bytes, not its number."""
        waiting = await read_retries(connection, RETRIES)
        if not waiting:
            return
        messages = [await self._message(connection, device, at_us, payload) for _, device, at_us, payload in waiting]
        decoded = self.decoder.decode(messages)
        unreadable = {reject.message for reject in decoded.rejects}
        new = decoded.fixes.take(await self._unknown(connection, decoded.fixes))
        self.devices.ledger.fresh(decoded.fixes, ())
        prepared = await self._take_in(connection, new, messages, [])
        numbers = [number for number, *_ in waiting]
        read = [n for at, n in enumerate(numbers) if at not in unreadable]
        await writer.commit(replace(prepared, retried=(read, [n for n in numbers if n not in read])))
        log.info("read messages in quarantine again", messages=len(messages), fixes=len(new), unread=len(unreadable))

    async def _message(self, connection: AsyncConnection, device: DeviceId, at_us: int, payload: bytes) -> Message:
        number, dialect = await self.devices.learn(connection, device), self.dialects.number(device.agency)
        return Message(device=number, received_us=at_us, payload=payload, dialect=dialect)

    async def _take_in(
        self, connection: AsyncConnection, new: FixBatch, messages: Sequence[Message], oldest: Sequence[OldestHeld]
    ) -> Prepared:
        """New fixes through the engine; and what of all that waits to be saved is due."""
        boots = await self.devices.learn_clocks(connection, new, self.unsaved.boots)
        late = self._boots_of_late(new)
        outputs = await asyncio.to_thread(self.devices.engine.on_batch, new)
        self._say_heads(outputs)
        engine, ledger = self.devices.engine, self.devices.ledger
        # Trackers say what they hold: what lies below is passed over, and boots before it are forgotten.
        freed = [BootId(device, boot) for device, boot, seq in oldest if ledger.oldest_held(device, boot, seq)]
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
            freed=freed,
            clocks=kept_clocks(engine, [boot for boot in boots if engine.clocks[boot].stirred or boot in late]),
            saving=self.unsaved.collect(self.unsaved.due(self.settings.ingest.save_s)),
        )

    def _boots_of_late(self, new: FixBatch) -> set[BootId]:
        """Boots of fixes that nobody looks for after a crash, since they are older than what is settled."""
        devices, at = np.unique(new.device, return_inverse=True)
        settled_us = np.array([self.devices.engine.settled_us(device) for device in devices.tolist()], np.int64)
        late = new.take(present(new.boot) & (new.time_us <= settled_us[at]))
        return set(boots_of(late)[0])

    async def _fresh(self, connection: AsyncConnection, decoded: Decoded) -> Bools:
        """New by sequence number; what the ledger cannot judge, the store does."""
        unsure = self._unsure(decoded.fixes)
        if len(unsure):
            await self._written()
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

    def _unsure(self, fixes: FixBatch) -> Rows:
        """Fixes without a number, and those of a boot that is new, or was freed and comes once more."""
        boots, boot = boots_of(fixes)
        unknown = np.array([self.devices.ledger.get(boot_id) is None for boot_id in boots], np.bool_)
        return np.flatnonzero(unknown[boot])

    async def _save_all(self, connection: AsyncConnection) -> None:
        while devices := self.unsaved.due(0):
            async with connection.transaction():
                await save(connection, self.devices.engine, self.unsaved.collect(devices))

    async def _tick(self, connection: AsyncConnection, writer: BatchWriter) -> None:
        """What time alone brings: tails of silent devices, stretches to compute again, figures."""
        limits = self.settings.ingest
        with store_errors("cannot settle"):
            now_us = wall_clock.now_us()
            await self._refresh_fleet(connection)
            outputs = self.devices.engine.on_time(now_us)
            self.unsaved.add(outputs)
            saving = self.unsaved.collect(self.unsaved.due(limits.save_s))
            async with connection.transaction():
                await save(connection, self.devices.engine, saving)
            again = await recompute_next(
                connection, self.unsaved, quiet_s=limits.dirty_quiet_s, patience_s=limits.dirty_patience_s
            )
            await self._retry(connection, writer)
            await self.quarantine.tidy(connection, now_us)
            await trim_journal(connection, self.unsaved.oldest_batch())
        if again is not None:
            log.info("computed a stretch again", device=str(self.devices.names.get(again.device, again.device)))
        self._report()

    async def _refresh_fleet(self, connection: AsyncConnection) -> None:
        """Before anything is computed again: whoever changes the registry marks what it changes as dirty."""
        engine = self.devices.engine
        if await fleet_version(connection) != engine.fleet.version:
            await self._save_all(connection)
            engine.use(await read_fleet(connection))
            await use_basis(connection, Basis.of(engine))

    def _report(self) -> None:
        self.bus.say(News.INGEST, self.figures.news(self.source.waiting, self.source.refusal))

    def _say_heads(self, outputs: Outputs) -> None:
        now_us = wall_clock.now_us()
        self.figures.note_heads((now_us - outputs.heads.received_us).tolist())
        if len(outputs.heads):
            fleet = self.devices.engine.fleet
            self.bus.say(News.HEADS, head_news(outputs.heads, self.network, fleet, self.devices.names))


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
