"""Which devices a worker is in charge of: all of them, or its share of those of a cluster.

Workers share evenly. One that comes takes what others leave for it, one that dies loses its share to them; whoever gets
a partition goes on from what is committed.
"""

import asyncio
import time
from collections.abc import Mapping
from math import ceil
from typing import Protocol

import structlog
from psycopg import AsyncConnection

from snowtrack.model.errors import StoreError
from snowtrack.sources.jetstream import JetStreamSource
from snowtrack.sources.partitions import KINDS, PARTITIONS
from snowtrack.store.database import connect, store_errors
from snowtrack.store.shares import (
    Cursor,
    Shares,
    join_workers,
    leave_partitions,
    leave_workers,
    new_worker,
    read_cursors,
    read_shares,
    save_cursors,
    still_held,
    take_partitions,
    wait_for_own,
)
from snowtrack.store.sole_writer import Sole, be_sole

ALL = range(PARTITIONS)
LEASE_S, RENEW_S = 6.0, 1.5
# A transaction of a worker that says nothing any more is not to keep its partitions from the others for longer.
IDLE_S_MAX = 5

Cursors = Mapping[tuple[int, str], Cursor]

log = structlog.get_logger()


class ShareLostError(StoreError):
    """Others hold what this worker held."""


class InCharge(Protocol):
    """`worker` is the number that it numbers its batches under, `partitions` whose devices are its own; `moves` says
    that it is to have others, for which what is open has to be brought to an end."""

    worker: int
    moves: bool

    @property
    def partitions(self) -> list[int]: ...

    async def take_up(self, connection: AsyncConnection, own: AsyncConnection) -> set[int]:
        """Before anything is read of what is stored; the partitions that are not its own any more."""

    async def check(self, connection: AsyncConnection) -> None:
        """In a transaction: what it writes is its own until the end."""

    async def commit(self, connection: AsyncConnection, cursors: Cursors) -> None:
        """The same for a batch, with where it ends in the streams."""

    async def leave(self) -> None:
        """Nothing more will come of this worker."""


class Alone:
    """Of all devices; others wait until its sessions end."""

    def __init__(self, within_s: float) -> None:
        self.within_s = within_s
        self.worker = 0
        self.moves = False
        self.partitions = list(ALL)

    async def take_up(self, connection: AsyncConnection, own: AsyncConnection) -> set[int]:
        await be_sole(connection, Sole.PREPARING, within_s=self.within_s)
        await be_sole(own, Sole.WRITING, within_s=self.within_s)
        self.worker = self.worker or await new_worker(connection, PARTITIONS)
        return set()

    async def check(self, connection: AsyncConnection) -> None:
        """The sessions that write hold the locks."""

    async def commit(self, connection: AsyncConnection, cursors: Cursors) -> None:
        """There is no stream."""

    async def leave(self) -> None:
        """The sessions end."""


class Shared:
    """Of a share. `keep` renews it, on a connection of its own, and sees when others come or go."""

    def __init__(self, url: str, source: JetStreamSource) -> None:
        self.url = url
        self.source = source
        self.worker = 0
        self.moves = False
        self.held: dict[int, int] = {}
        self.renewed = self.patient_until = 0.0

    @property
    def partitions(self) -> list[int]:
        return sorted(self.held)

    async def take_up(self, connection: AsyncConnection, own: AsyncConnection) -> set[int]:
        for each in (connection, own):
            await each.execute(f"set idle_in_transaction_session_timeout = '{IDLE_S_MAX}s'".encode())
        self.worker = self.worker or await new_worker(connection, PARTITIONS)
        # After an outage of all the first one back would find no others, and take everything.
        away = 0 < self.renewed < time.monotonic() - LEASE_S
        async with connection.transaction():
            if self.source.cut_off:
                await leave_workers(connection, self.worker, self.held)
                kept: dict[int, int] = {}
            else:
                held = await join_workers(connection, self.worker, lasts_s=LEASE_S)
                await wait_for_own(connection, self.worker, within_s=LEASE_S - 1)
                kept = held if away else await self._fair(connection, held)
                self.renewed = time.monotonic()
        return await self._go_on_with(connection, kept)

    async def _fair(self, connection: AsyncConnection, held: dict[int, int]) -> dict[int, int]:
        """What is its part of all: some less, or some more if nobody holds them."""
        shares = await read_shares(connection)
        fair = _fair_part(shares)
        surplus = sorted(held)[fair:]
        await leave_partitions(connection, self.worker, surplus)
        kept = {partition: epoch for partition, epoch in held.items() if partition not in surplus}
        most = max(fair - len(kept), 0)
        taken = await take_partitions(connection, self.worker, most=most, lasts_s=LEASE_S)
        if len(taken) < min(most, shares.free):  # something is still being committed in the name of who is gone
            self.patient_until = time.monotonic() + LEASE_S
        return kept | taken

    async def check(self, connection: AsyncConnection) -> None:
        if not await still_held(connection, self.held):
            raise ShareLostError("ingest: others hold what this worker held; what it has in hand is read again")

    async def commit(self, connection: AsyncConnection, cursors: Cursors) -> None:
        await self.check(connection)
        await save_cursors(connection, cursors)

    async def leave(self) -> None:
        with store_errors("cannot leave the share to others"):
            async with connect(self.url, name="ingest share") as connection:
                await leave_workers(connection, self.worker, self.held)

    async def keep(self) -> None:
        """Until cancelled. While the database is away the share may be lost; that is seen when it is back."""
        while True:
            try:
                async with connect(self.url, name="ingest share") as connection:
                    while True:
                        if self.worker:
                            async with asyncio.timeout(LEASE_S):
                                await self._look(connection)
                        await asyncio.sleep(RENEW_S)
            except (StoreError, TimeoutError) as error:
                log.warning("ingest: cannot renew its share", reason=str(error) or "the database does not answer")
                await asyncio.sleep(RENEW_S)

    async def _look(self, connection: AsyncConnection) -> None:
        """Renew the share; one who cannot reach the stream wants none."""
        if self.source.cut_off:
            self.moves = self.moves or bool(self.held)
            return
        with store_errors("cannot renew the share"):
            async with connection.transaction():
                held = await join_workers(connection, self.worker, lasts_s=LEASE_S)
                shares = await read_shares(connection)
        self.renewed = time.monotonic()
        fair = _fair_part(shares)
        wants = shares.free > 0 and len(held) < fair and self.renewed >= self.patient_until
        if held != self.held or len(held) > fair or wants:
            self.moves = True

    async def _go_on_with(self, connection: AsyncConnection, kept: dict[int, int]) -> set[int]:
        """Have the source read these and no others, new ones from where they are committed."""
        gone = {partition for partition, epoch in self.held.items() if kept.get(partition) != epoch}
        come = [partition for partition, epoch in kept.items() if self.held.get(partition) != epoch]
        for partition in gone:
            await self.source.disown(partition)
        cursors = await read_cursors(connection, come)
        for partition in come:
            places = {kind: cursors[partition, kind] for kind in KINDS if (partition, kind) in cursors}
            await self.source.own(partition, places)
        if gone or come:
            log.info("ingest: its share changed", worker=self.worker, partitions=len(kept), new=len(come))
        self.held, self.moves = kept, False
        return gone


def _fair_part(shares: Shares) -> int:
    return ceil(PARTITIONS / max(shares.workers, 1))
