"""From the broker to the commit: where messages, engine and store meet.

A batch is read while another is computed and a third one committed. Heads leave before the commit; only after it are
devices told what is durable, and the broker what it may forget. What cannot be committed is put on the disk, where it
counts as acknowledged: while the database is away the last lane goes on in memory for those who watch, and when it is
back another one takes up what is stored, works off the disk in order, and goes on from there.
"""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial

import structlog
from psycopg import AsyncConnection

from snowtrack import wall_clock
from snowtrack.background import running
from snowtrack.live.bus import Bus, News
from snowtrack.model.errors import RefusedError, StoreError
from snowtrack.model.ids import DeviceId
from snowtrack.network.arrays import Network
from snowtrack.pipeline.engine import Outputs
from snowtrack.services.batches import BatchWriter, Prepared
from snowtrack.services.dialects import load_dialects
from snowtrack.services.figures import IngestFigures
from snowtrack.services.heads import head_news
from snowtrack.services.known_devices import KnownDevices
from snowtrack.services.lane import Lane, Read, Reader
from snowtrack.services.quarantine import Quarantine
from snowtrack.services.shares import InCharge, ShareLostError
from snowtrack.services.stopping import stopped_within
from snowtrack.services.suspects import Suspects
from snowtrack.settings import Settings
from snowtrack.sources.durables import Numbers
from snowtrack.sources.jetstream import cursors_of
from snowtrack.sources.session import Receipt
from snowtrack.sources.source import Delivery, Place, Source
from snowtrack.store.database import connect, store_errors, write_fault
from snowtrack.store.spool import Spool, Spooled, SpoolError
from snowtrack.supervised import announce_ready

TICK_S = 1.0
# What is done once a second waits until all is committed; after a while backlog waits for it, and at last all does.
TICK_PATIENCE_S, TICK_PATIENCE_S_MAX = 2.0, 30.0
RETRY_S = 2.0
LAST_SAVE_S_MAX = 2.0
# So much of the spool becomes one batch.
DRAIN_BYTES = 2 << 20
NO_RECEIPT = Receipt(-1, 0, 0)

log = structlog.get_logger()


class Ingest:
    """One worker. `in_hand` are the batches that are neither committed nor on the disk, oldest first. Without a spool,
    what comes while the database is away stays where it is: in the cluster's stream."""

    def __init__(
        self, settings: Settings, network: Network, source: Source, charge: InCharge, spool: Spool | None, bus: Bus
    ) -> None:
        self.settings = settings
        self.network = network
        self.source = source
        self.charge = charge
        self.bus = bus
        self.figures = IngestFigures()
        self.reader = Reader(load_dialects(settings.ingest.dialects))
        self.quarantine = Quarantine(settings.ingest)
        self.spool = spool
        self.lane: Lane | None = None
        self.in_hand: list[list[Delivery]] = []
        self.suspects = Suspects()
        self.computing = False
        self.batch = 0
        self.next_report = 0.0

    async def run(self, stopping: asyncio.Event) -> None:
        """Until told to stop; a database or broker that is away is waited for."""
        while not stopping.is_set():
            # What failed is held by its own frames, tasks and exceptions in rings, and all of a lane with it: as much
            # memory again each time, until somebody looks for garbage.
            gc.collect()
            try:
                await self._with_store(stopping)
            except ShareLostError as error:
                log.warning("ingest: begins anew", reason=str(error))
            except StoreError as error:
                if not (isinstance(error, RefusedError) and self.suspects.failed(error)):
                    log.error("ingest: the database is away, messages wait until it is back", error=str(error))
                    self.figures.store_fault = str(error)
                    await self._without_store(stopping)
            except Exception as error:  # a fault of ours: all but the message that it shows itself at goes on
                if not self.suspects.failed(error):
                    raise
                self.lane = None

    def new_lane(self) -> Lane:
        return Lane(self.settings, self.network, self.reader, self.figures, self.charge)

    async def _with_store(self, stopping: asyncio.Event) -> None:
        url = self.settings.database.url
        async with connect(url, name="ingest") as connection, connect(url, name="ingest writer") as own:
            lane = self.new_lane()
            with store_errors("cannot read the devices"):
                self._drop(await self.charge.take_up(connection, own))
                await lane.take_up(connection, self.batch)
            lane.doubts = self.suspects.searching
            writer = BatchWriter(own, lane.devices.engine, self.quarantine, self.charge, self.settings.ingest.commit_s)
            announce_ready()
            try:
                await self._drain(lane, connection, writer, stopping)
                self.lane, lane.say, lane.doubts = lane, self._say_heads, False
                self.figures.store_fault = self.figures.spool_fault = None
                async with self._recomputing(lane, writer):
                    await self._take_batches(lane, connection, writer, stopping)
            finally:
                await writer.end()
                self.batch = lane.unsaved.batch
            # What does not come in time is made again from the fixes when ingest starts.
            with store_errors("cannot save the last results"), suppress(TimeoutError):
                async with asyncio.timeout(LAST_SAVE_S_MAX):
                    await lane.save_all(connection)

    def _drop(self, partitions: set[int]) -> None:
        """What is in hand of these, others read again."""
        gone = [one for batch in self.in_hand for one in batch if partition_in(one) in partitions]
        self.source.settle(gone)
        kept = ([one for one in batch if partition_in(one) not in partitions] for batch in self.in_hand)
        self.in_hand = [batch for batch in kept if batch]

    async def _take_batches(
        self, lane: Lane, connection: AsyncConnection, writer: BatchWriter, stopping: asyncio.Event
    ) -> None:
        self.suspects.trying = self.in_hand
        next_tick = time.monotonic() + TICK_S
        reading: asyncio.Task[Read | None] | None = asyncio.create_task(self._read_batch(lane, connection))
        try:
            while reading is not None:
                read = await asyncio.shield(reading)  # when this is cancelled, what it takes is still to be in hand
                over = stopping.is_set() or self.charge.moves
                overdue_s = time.monotonic() - next_tick
                backlog = overdue_s < TICK_PATIENCE_S
                reading = None if over else asyncio.create_task(self._read_batch(lane, connection, backlog=backlog))
                if overdue_s > TICK_PATIENCE_S_MAX or (overdue_s >= 0 and writer.idle):
                    next_tick = time.monotonic() + TICK_S
                    await self._on_time(lane, connection, writer)
                if read is not None:
                    async with lane.recomputing.steady:
                        with self._computing(), store_errors("cannot prepare a batch"):
                            prepared = await lane.prepare(connection, read, writer.written)
                        await writer.begin(prepared, partial(self._committed, prepared))
            await writer.written()
        finally:
            if reading is not None:  # what it takes is in hand
                await asyncio.gather(reading, return_exceptions=True)

    @asynccontextmanager
    async def _recomputing(self, lane: Lane, writer: BatchWriter) -> AsyncIterator[None]:
        """What is dirty is computed again beside what is live. Its failure is that of what is live."""
        async with (
            connect(self.settings.database.url, name="ingest recompute") as connection,
            running(lane.recomputing.run(connection, writer.committed)),
        ):
            yield

    @contextmanager
    def _computing(self) -> Iterator[None]:
        """The next batch is not wanted before this one is prepared."""
        self.computing = True
        try:
            yield
        finally:
            self.computing = False

    async def _read_batch(self, lane: Lane, connection: AsyncConnection, *, backlog: bool = True) -> Read | None:
        """The next messages, which are in hand from now on."""
        limits = self.settings.ingest
        deliveries = await self.source.batch(
            batch_s=limits.batch_s,
            fixes_max=limits.batch_fixes,
            idle_s=limits.batch_s,
            wanted=lambda: not self.computing,
            backlog=backlog,
        )
        if not deliveries:
            return None
        self.in_hand.append(deliveries)
        with store_errors("cannot read a batch"):
            return await self._read(lane, connection, deliveries)

    async def _read(self, lane: Lane, connection: AsyncConnection, deliveries: Sequence[Delivery]) -> Read:
        """What they say, but those that cannot be worked off, and where all of them end in the streams."""
        fit, unfit = self.suspects.parted(deliveries)
        return (await lane.read(connection, fit, unfit))._replace(cursors=cursors_of(deliveries))

    async def _on_time(self, lane: Lane, connection: AsyncConnection, writer: BatchWriter) -> None:
        now_us = wall_clock.now_us()
        async with lane.recomputing.steady:
            await writer.written()
            await lane.on_time(connection, writer, now_us)
        with store_errors("cannot tidy the quarantine"):
            await self.quarantine.tidy(connection, now_us)
        self._report()

    def _committed(self, prepared: Prepared) -> None:
        """The oldest batch in hand is."""
        self._settle(self.in_hand[0])
        self.source.tell_durable(prepared.durable)

    def _settle(self, deliveries: Sequence[Delivery]) -> None:
        """These, the first in hand, are where they belong."""
        self.source.settle(deliveries)
        del self.in_hand[0][: len(deliveries)]
        if not self.in_hand[0]:
            del self.in_hand[0]

    async def _drain(
        self, lane: Lane, connection: AsyncConnection, writer: BatchWriter, stopping: asyncio.Event
    ) -> None:
        """What waits on the disk, in order, then what is in hand; what is live meanwhile goes behind it."""
        if self.spool:
            await self._drain_spool(self.spool, lane, connection, writer, stopping)
        while not stopping.is_set() and not self.charge.moves and self.in_hand:
            part = self.suspects.part(self.in_hand[0])
            prepared = await self._commit(lane, connection, writer, part)
            self._settle(part)
            self.source.tell_durable(prepared.durable)
        if not self.in_hand:
            self.suspects.end()

    async def _drain_spool(
        self, spool: Spool, lane: Lane, connection: AsyncConnection, writer: BatchWriter, stopping: asyncio.Event
    ) -> None:
        while not stopping.is_set() and not spool.empty:
            portion = await asyncio.to_thread(spool.oldest, DRAIN_BYTES)
            waiting = [Delivery(*one, NO_RECEIPT) for one in portion.messages]
            while waiting:
                part = self.suspects.part(waiting)
                await self._commit(lane, connection, writer, part)
                del waiting[: len(part)]
            await asyncio.to_thread(spool.forget, portion)
            if not spool.empty:
                await self._put_off(spool, batch_s=0, idle_s=0)
            self._report_now_and_then()

    async def _commit(
        self, lane: Lane, connection: AsyncConnection, writer: BatchWriter, deliveries: Sequence[Delivery]
    ) -> Prepared:
        with store_errors("cannot prepare a batch"):
            read = await self._read(lane, connection, deliveries)
            prepared = await lane.prepare(connection, read, writer.written)
        await writer.commit(prepared)
        self.suspects.passed()
        return prepared

    async def _without_store(self, stopping: asyncio.Event) -> None:
        """Messages go to the disk if there is one for them, until the store takes them again."""
        limits = self.settings.ingest
        while not stopping.is_set():
            until = time.monotonic() + RETRY_S
            while time.monotonic() < until and not stopping.is_set():
                if self.spool:
                    await self._put_off(self.spool, batch_s=limits.batch_s, idle_s=limits.batch_s)
                self._report_now_and_then()
                if self.in_hand or not self.spool:  # and no room on the disk
                    await stopped_within(stopping, RETRY_S)
            fault = await write_fault(self.settings.database.url)
            if fault is None:
                return
            self.figures.store_fault = fault

    async def _put_off(self, spool: Spool, *, batch_s: float, idle_s: float) -> None:
        """Put what comes on the disk, where it counts as acknowledged. When that is full it stays in hand, and no more
        comes."""
        if not self.in_hand:
            came = await self.source.batch(batch_s=batch_s, fixes_max=self.settings.ingest.batch_fixes, idle_s=idle_s)
            self.in_hand += [came] if came else []
        while self.in_hand:
            deliveries = self.in_hand[0]
            durable = await self._look_ahead(deliveries)
            try:
                await asyncio.to_thread(spool.append, [Spooled(*one[:4]) for one in deliveries])
            except SpoolError as error:
                self.figures.spool_fault = str(error)
                return
            self.figures.spool_fault = None
            self._settle(deliveries)
            self.source.tell_durable(durable)

    async def _look_ahead(self, deliveries: Sequence[Delivery]) -> Mapping[DeviceId, Numbers]:
        """Where machines are, to who watches; and what devices are told once these are on the disk."""
        try:
            return await self.lane.look_ahead(deliveries) if self.lane else {}
        except Exception:
            log.exception("ingest: nothing is said of machines until the database is back")
            self.lane = None
            return {}

    def _report_now_and_then(self) -> None:
        if time.monotonic() >= self.next_report:
            self._report()

    def _report(self) -> None:
        self.next_report = time.monotonic() + TICK_S
        if self.spool:
            self.figures.spool_bytes, self.figures.acknowledged_lost = self.spool.size, self.spool.damaged
        self.figures.strangers, self.figures.unsaid = self.source.strangers, self.source.unsaid
        self.figures.news_dropped = self.bus.dropped
        self.bus.say(News.INGEST, self.figures.news(self.charge.worker, self.source.waiting, self.source.refusal))

    def _say_heads(self, outputs: Outputs, devices: KnownDevices) -> None:
        now_us = wall_clock.now_us()
        self.figures.note_heads((now_us - outputs.heads.received_us).tolist())
        if len(outputs.heads):
            self.bus.say(News.HEADS, head_news(outputs.heads, self.network, devices.engine.fleet, devices.names))


def partition_in(delivery: Delivery) -> int:
    """Of the stream that it came from; of a broker there are none."""
    return delivery.receipt.partition if isinstance(delivery.receipt, Place) else -1
