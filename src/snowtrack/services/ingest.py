"""From the broker to the commit: the one place where messages, engine and store meet.

A batch is decoded, freed of what is known already, run through the engine, and committed in one transaction together
with all that follows from it: fixes, passes, touched segments, sequence ranges, the stages' state. Heads leave before
the commit. Only after it are devices told what is durable, and the broker what it may forget. When a commit fails,
memory is dropped, the store's state is read again, and the broker sends again.
"""

import asyncio
import time
from collections.abc import Iterable
from contextlib import suppress

import numpy as np
import orjson
import structlog
from psycopg import AsyncConnection

from snowtrack import wall_clock
from snowtrack.live.bus import Bus, News
from snowtrack.model.columns import Bools, Rows
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
from snowtrack.services.catching_up import catch_up
from snowtrack.services.checkpoints import Unsaved
from snowtrack.services.dialects import load_dialects
from snowtrack.services.figures import IngestFigures
from snowtrack.services.heads import head_news
from snowtrack.services.known_devices import KnownDevices
from snowtrack.services.policies import engine_policy
from snowtrack.services.quarantine import Quarantine
from snowtrack.services.recompute import recompute_next
from snowtrack.services.snow_intake import take_depths
from snowtrack.services.stopping import stopped_within
from snowtrack.settings import Settings
from snowtrack.sources.mqtt import Delivery, MqttSource
from snowtrack.store.basis import use_basis
from snowtrack.store.clocks import save_clocks
from snowtrack.store.database import connect, store_errors
from snowtrack.store.devices import free_boots, save_committed
from snowtrack.store.fixes import FixWriter, known_fixes
from snowtrack.store.fleet import fleet_version, read_fleet
from snowtrack.store.journal import add_journal, trim_journal
from snowtrack.store.passes import mark_dirty
from snowtrack.store.quarantine import end_retries, read_retries
from snowtrack.supervised import announce_ready
from snowtrack.tracks.clock import plausible
from snowtrack.tracks.identity import BootId, brought

TICK_S = 1.0
RETRY_S = 2.0
RETRIES = 100
LAST_SAVE_S_MAX = 2.0

log = structlog.get_logger()


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

    async def run(self, stopping: asyncio.Event) -> None:
        """Until told to stop; a database or broker that is away is waited for."""
        while not stopping.is_set():
            try:
                async with connect(self.settings.database.url, name="ingest") as connection:
                    await self._serve(connection, stopping)
            except StoreError as error:
                log.error("ingest: the database is away, nothing is acknowledged until it is back", error=str(error))
                self.figures.store_fault = str(error)
                self._report()
                self.devices.forget_all()
                self.unsaved.forget()
                await stopped_within(stopping, RETRY_S)
                self.source.reopen()

    async def _serve(self, connection: AsyncConnection, stopping: asyncio.Event) -> None:
        writer = FixWriter(connection)
        limits = self.settings.ingest
        next_tick = time.monotonic() + TICK_S
        with store_errors("cannot read the devices"):
            await self.take_up(connection)
        self.figures.store_fault = None
        announce_ready()
        while not stopping.is_set():
            deliveries = await self.source.batch(
                batch_s=limits.batch_s, fixes_max=limits.batch_fixes, idle_s=limits.batch_s
            )
            if deliveries:
                await self._take(connection, writer, deliveries)
            if time.monotonic() >= next_tick:
                next_tick = time.monotonic() + TICK_S
                await self._tick(connection, writer)
        # What does not come in time is made again from the fixes when ingest starts.
        with store_errors("cannot save the last results"), suppress(TimeoutError):
            async with asyncio.timeout(LAST_SAVE_S_MAX):
                await self._save_all(connection)

    async def take_up(self, connection: AsyncConnection) -> None:
        """Go on from what is stored."""
        self.devices.engine.use(await read_fleet(connection))
        behind = await self.devices.take_up(connection)
        await catch_up(connection, self.devices.engine, self.unsaved, behind)
        await take_up_basis(connection, self.devices.engine)

    async def _take(self, connection: AsyncConnection, writer: FixWriter, deliveries: list[Delivery]) -> None:
        """One micro-batch, wholly or not at all."""
        committed = False
        try:
            with store_errors("cannot commit a batch"):
                await self._commit(connection, writer, deliveries)
            committed = True
        finally:
            self.source.settle(deliveries, committed=committed)
        for device in dict.fromkeys(delivery.device for delivery in _from_trackers(deliveries)):
            durable = self.devices.ledger.durable(self.devices.numbers[device])
            if durable:
                self.source.publish_durable(device, orjson.dumps(durable))

    async def _commit(self, connection: AsyncConnection, writer: FixWriter, deliveries: list[Delivery]) -> None:
        sent = _from_trackers(deliveries)
        messages = [await self._message(connection, one.device, one.received_us, one.payload) for one in sent]
        statuses = [m for d, m in zip(sent, messages, strict=True) if d.channel is Channel.STATUS]
        readings = [m for d, m in zip(sent, messages, strict=True) if d.channel is not Channel.STATUS]
        decoded = self.decoder.decode(readings)
        self.figures.count(messages=len(messages), rejects=decoded.counts)
        async with connection.transaction():
            new = decoded.fixes.take(await self._fresh(connection, decoded))
            outputs = await self._take_in(connection, writer, new)
            await self._free(connection, statuses)
            await self._keep_account(connection, new, outputs, messages)
            await self.quarantine.keep(connection, readings, decoded)
            await take_depths(connection, (one for one in deliveries if one.channel is Channel.DEPTH))
            await self._save_due(connection)
        self.figures.count_fixes(new=len(new), doubled=len(decoded.fixes) - len(new))

    async def _retry(self, connection: AsyncConnection, writer: FixWriter) -> None:
        """Read messages in quarantine again. What is stored of them already is known by its bytes, not its number."""
        waiting = await read_retries(connection, RETRIES)
        if not waiting:
            return
        messages = [await self._message(connection, device, at_us, payload) for _, device, at_us, payload in waiting]
        decoded = self.decoder.decode(messages)
        unreadable = {reject.message for reject in decoded.rejects}
        numbers = [number for number, *_ in waiting]
        async with connection.transaction():
            new = decoded.fixes.take(await self._unknown(connection, decoded.fixes))
            self.devices.ledger.fresh(decoded.fixes, ())
            outputs = await self._take_in(connection, writer, new)
            await self._keep_account(connection, new, outputs, messages)
            await end_retries(connection, [n for at, n in enumerate(numbers) if at not in unreadable], read=True)
            await end_retries(connection, [n for at, n in enumerate(numbers) if at in unreadable], read=False)
        log.info("read messages in quarantine again", messages=len(messages), fixes=len(new), unread=len(unreadable))

    async def _message(self, connection: AsyncConnection, device: DeviceId, at_us: int, payload: bytes) -> Message:
        number, dialect = await self.devices.learn(connection, device), self.dialects.number(device.agency)
        return Message(device=number, received_us=at_us, payload=payload, dialect=dialect)

    async def _take_in(self, connection: AsyncConnection, writer: FixWriter, new: FixBatch) -> Outputs:
        """New fixes through the engine and into the store, with all that follows from them."""
        boots = await self.devices.learn_clocks(connection, new)
        outputs = self.devices.engine.on_batch(new)
        self._say_heads(outputs)
        await writer.write(new, plausible(new))
        await mark_dirty(connection, outputs.dirty)
        await save_clocks(connection, {boot_id: self.devices.engine.clocks[boot_id] for boot_id in boots})
        return outputs

    async def _fresh(self, connection: AsyncConnection, decoded: Decoded) -> Bools:
        """New by sequence number; what the ledger cannot judge, the store does."""
        unsure = self._unsure(decoded.fixes)
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
        boots = list(zip(fixes.device.tolist(), fixes.boot.tolist(), strict=True))
        unknown = {boot for boot in set(boots) if BootId(*boot) not in self.devices.ledger.boots}
        return np.flatnonzero([boot in unknown for boot in boots])

    async def _free(self, connection: AsyncConnection, statuses: Iterable[Message]) -> None:
        """Trackers say what they hold: what lies below is passed over, and boots before it are forgotten."""
        for status in statuses:
            oldest = _oldest_held(status.payload)
            if oldest is not None and self.devices.ledger.oldest_held(status.device, *oldest):
                await free_boots(connection, status.device, oldest[0])

    async def _keep_account(
        self, connection: AsyncConnection, new: FixBatch, outputs: Outputs, messages: Iterable[Message]
    ) -> None:
        """A line in the journal; what else a batch led to waits until its devices are saved."""
        ledger, heard_us = self.devices.ledger, dict[int, int]()
        for message in messages:
            heard_us[message.device] = max(heard_us.get(message.device, 0), message.received_us)
        journal = await add_journal(connection, brought(new, heard_us))
        await save_committed(connection, {boot_id: ledger.boots[boot_id] for boot_id in sorted(ledger.passed)})
        ledger.passed.clear()
        self.unsaved.note(journal, outputs.latest)
        self.unsaved.add(outputs)

    async def _save_due(self, connection: AsyncConnection) -> None:
        await self.unsaved.save(connection, self.unsaved.due(self.settings.ingest.save_s))

    async def _save_all(self, connection: AsyncConnection) -> None:
        while devices := self.unsaved.due(0):
            async with connection.transaction():
                await self.unsaved.save(connection, devices)

    async def _tick(self, connection: AsyncConnection, writer: FixWriter) -> None:
        """What time alone brings: tails of silent devices, stretches to compute again, figures."""
        limits = self.settings.ingest
        with store_errors("cannot settle"):
            now_us = wall_clock.now_us()
            await self._refresh_fleet(connection)
            outputs = self.devices.engine.on_time(now_us)
            self.unsaved.add(outputs)
            async with connection.transaction():
                await self._save_due(connection)
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


def _from_trackers(deliveries: Iterable[Delivery]) -> list[Delivery]:
    """What does not come from a depth sensor, which is no device."""
    return [one for one in deliveries if one.channel is not Channel.DEPTH]


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
