"""From the broker to the commit: the one place where messages, engine and store meet.

A batch is decoded, freed of what is known already, run through the engine, and committed in one transaction together
with all that follows from it: fixes, passes, touched segments, sequence ranges, the stages' state. Heads leave before
the commit. Only after it are devices told what is durable, and the broker what it may forget. When a commit fails,
memory is dropped, the store's state is read again, and the broker sends again.
"""

import asyncio
import time
from collections.abc import Iterable

import numpy as np
import orjson
import structlog
from psycopg import AsyncConnection

from snowtrack.live.bus import Bus, News
from snowtrack.model.columns import Bools, Rows, present
from snowtrack.model.errors import StoreError
from snowtrack.model.fixes import Decoded, FixBatch, Message
from snowtrack.model.topics import Channel
from snowtrack.network.arrays import Network
from snowtrack.nmea.decode import decode
from snowtrack.nmea.sentences import BOOT_MAX, SEQ_MAX
from snowtrack.pipeline.engine import Engine, Outputs
from snowtrack.services.figures import IngestFigures
from snowtrack.services.heads import head_news
from snowtrack.services.known_devices import KnownDevices
from snowtrack.services.policies import engine_policy
from snowtrack.services.recompute import recompute_next
from snowtrack.services.stopping import stopped_within
from snowtrack.settings import Settings
from snowtrack.sources.mqtt import Delivery, MqttSource
from snowtrack.store.database import connect, store_errors
from snowtrack.store.devices import free_boots, note_device, read_devices, save_committed, save_kept
from snowtrack.store.fixes import FixWriter, known_fixes
from snowtrack.store.passes import add_passes, mark_dirty
from snowtrack.supervised import announce_ready
from snowtrack.tracks.clock import trusted
from snowtrack.tracks.identity import BootId

TICK_S = 1.0
RETRY_S = 2.0

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
                await stopped_within(stopping, RETRY_S)
                self.source.reopen()

    async def _serve(self, connection: AsyncConnection, stopping: asyncio.Event) -> None:
        writer = FixWriter(connection)
        limits = self.settings.ingest
        next_tick = time.monotonic() + TICK_S
        with store_errors("cannot read the devices"):
            for device in await read_devices(connection):
                await self.devices.learn(connection, device.id)
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
                await self._tick(connection)

    async def _take(self, connection: AsyncConnection, writer: FixWriter, deliveries: list[Delivery]) -> None:
        """One micro-batch, wholly or not at all."""
        committed = False
        try:
            with store_errors("cannot commit a batch"):
                await self._commit(connection, writer, deliveries)
            committed = True
        finally:
            for delivery in deliveries:
                delivery.settle(committed)
        for device in dict.fromkeys(delivery.device for delivery in deliveries):
            durable = self.devices.ledger.durable(self.devices.numbers[device])
            if durable:
                self.source.publish_durable(device, orjson.dumps(durable))

    async def _commit(self, connection: AsyncConnection, writer: FixWriter, deliveries: list[Delivery]) -> None:
        messages = [
            Message(
                device=await self.devices.learn(connection, delivery.device),
                received_us=delivery.received_us,
                payload=delivery.payload,
            )
            for delivery in deliveries
        ]
        statuses = [m for d, m in zip(deliveries, messages, strict=True) if d.channel is Channel.STATUS]
        decoded = decode([m for d, m in zip(deliveries, messages, strict=True) if d.channel is not Channel.STATUS])
        self.figures.count(messages=len(messages), rejects=decoded.rejects)
        async with connection.transaction():
            new = decoded.fixes.take(await self._fresh(connection, decoded))
            outputs = self.devices.engine.on_batch(new)
            self._say_heads(outputs)
            await writer.write(new, trusted(new))
            await self._save(connection, outputs, set(new.device.tolist()))
            await self._save_ledger(connection, decoded.fixes, statuses)
            await _note_devices(connection, new, messages)
        self.figures.count_fixes(new=len(new), doubled=len(decoded.fixes) - len(new))

    async def _fresh(self, connection: AsyncConnection, decoded: Decoded) -> Bools:
        """New by sequence number; what the ledger cannot judge, the store does."""
        fixes = decoded.fixes
        unsure = self._unsure(fixes)
        fresh = self.devices.ledger.fresh(fixes, {reject.device for reject in decoded.rejects})
        if len(unsure):
            asked = fixes.take(unsure)
            keys = np.stack([asked.device, asked.boot, asked.seq, asked.time_us, asked.digest])
            first = np.zeros(len(unsure), np.bool_)
            first[np.unique(keys, axis=1, return_index=True)[1]] = True
            fresh[unsure] &= first & ~await known_fixes(connection, asked)
        return fresh

    def _unsure(self, fixes: FixBatch) -> Rows:
        """Fixes without a number, and those of a boot that is new, or was freed and comes once more."""
        boots = list(zip(fixes.device.tolist(), fixes.boot.tolist(), strict=True))
        unknown = {boot for boot in set(boots) if BootId(*boot) not in self.devices.ledger.boots}
        return np.flatnonzero([boot in unknown for boot in boots])

    async def _save(self, connection: AsyncConnection, outputs: Outputs, devices: set[int]) -> None:
        await add_passes(connection, outputs.passes)
        await mark_dirty(connection, outputs.dirty)
        for device in sorted(devices | set(outputs.passes.device.tolist())):
            await save_kept(connection, device, self.network.network_id, self.devices.engine.snapshot(device))

    async def _save_ledger(self, connection: AsyncConnection, fixes: FixBatch, statuses: list[Message]) -> None:
        numbered = present(fixes.boot)
        pairs = zip(fixes.device[numbered].tolist(), fixes.boot[numbered].tolist(), strict=True)
        changed = {BootId(device, boot) for device, boot in pairs}
        for status in statuses:
            oldest = _oldest_held(status.payload)
            if oldest is not None:
                freed = self.devices.ledger.oldest_held(status.device, *oldest)
                changed.add(BootId(status.device, oldest[0]))
                if freed:
                    await free_boots(connection, status.device, oldest[0])
        for boot_id in sorted(changed):
            committed = self.devices.ledger.boots.get(boot_id)
            if committed is not None:
                await save_committed(connection, boot_id, committed)

    async def _tick(self, connection: AsyncConnection) -> None:
        """What time alone brings: tails of silent devices, stretches to compute again, figures."""
        limits = self.settings.ingest
        with store_errors("cannot settle"):
            outputs = self.devices.engine.on_time(time.time_ns() // 1_000)
            if outputs.ended:
                async with connection.transaction():
                    await self._save(connection, outputs, set(outputs.ended))
            again = await recompute_next(
                connection, self.devices.engine, quiet_s=limits.dirty_quiet_s, patience_s=limits.dirty_patience_s
            )
        if again is not None:
            log.info("computed a stretch again", device=str(self.devices.names.get(again.device, again.device)))
        self._report()

    def _report(self) -> None:
        self.bus.say(News.INGEST, self.figures.news(self.source.waiting, self.source.refusal))

    def _say_heads(self, outputs: Outputs) -> None:
        now_us = time.time_ns() // 1_000
        self.figures.note_heads((now_us - outputs.heads.received_us).tolist())
        if len(outputs.heads):
            self.bus.say(News.HEADS, head_news(outputs.heads, self.network, self.devices.names))


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


async def _note_devices(connection: AsyncConnection, new: FixBatch, messages: Iterable[Message]) -> None:
    dated = trusted(new)
    heard: dict[int, int] = {}
    for message in messages:
        heard[message.device] = max(heard.get(message.device, 0), message.received_us)
    for device, heard_us in sorted(heard.items()):
        own = new.device == device
        times = new.time_us[own & dated]
        latest_us = int(times.max()) if len(times) else None
        await note_device(connection, device, fixes=int(own.sum()), latest_us=latest_us, heard_us=heard_us)
