"""A batch on its way: everything that some messages lead to, and then all of it in one transaction.

What is prepared does not change any more, so that the next batch can be computed while this one is committed.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from psycopg import AsyncConnection

from snowtrack.model.errors import StoreError
from snowtrack.model.fixes import Decoded, FixBatch, Message
from snowtrack.model.ids import DeviceId
from snowtrack.model.journal import JournalBatch
from snowtrack.model.tracks import DirtyStretch
from snowtrack.pipeline.engine import Engine
from snowtrack.services.checkpoints import Saving, save
from snowtrack.services.quarantine import Quarantine
from snowtrack.services.shares import Cursors, InCharge
from snowtrack.services.snow_intake import take_depths
from snowtrack.sources.durables import Numbers
from snowtrack.sources.source import Delivery
from snowtrack.store.clocks import KeptClock, save_clocks
from snowtrack.store.database import store_errors
from snowtrack.store.devices import free_boots, save_committed
from snowtrack.store.fixes import FixWriter
from snowtrack.store.journal import add_journal
from snowtrack.store.passes import mark_dirty
from snowtrack.store.quarantine import leave_quarantine
from snowtrack.tracks.clock import plausible
from snowtrack.tracks.identity import BootId, Committed

# Of a tenth of a second each, when there is much to do: about as long as a database may take for one.
WAITING_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What is committed together, and what may be told afterwards.

    messages    those that were decoded; some may go to quarantine
    passed      boots in which numbers were passed over; `held` are the boots before which devices hold nothing
    clocks      those that cannot wait for their devices to be saved
    saving      what has waited long enough
    unfit       messages that cannot be worked off
    depths      of snow sensors, which are no devices
    durable     what devices are told once this is committed
    cursors     up to where it reaches in the streams
    retried     numbers of messages that were in quarantine and could be read now
    """

    messages: Sequence[Message]
    decoded: Decoded
    new: FixBatch
    dirty: tuple[DirtyStretch, ...]
    journal: JournalBatch
    passed: Mapping[BootId, Committed]
    clocks: Mapping[BootId, KeptClock]
    saving: Saving
    held: Mapping[int, int] = field(default_factory=dict)
    unfit: Sequence[Message] = ()
    depths: Sequence[Delivery] = ()
    durable: Mapping[DeviceId, Numbers] = field(default_factory=dict)
    cursors: Cursors = field(default_factory=dict)
    retried: Sequence[int] = ()


class BatchWriter:
    """Commits batches over one connection, in order. While a disk stalls some may wait, so that those who watch do
    not have to."""

    def __init__(
        self, connection: AsyncConnection, engine: Engine, quarantine: Quarantine, charge: InCharge, commit_s: float
    ) -> None:
        self.connection = connection
        self.engine = engine
        self.charge = charge
        self.quarantine = quarantine
        self.commit_s = commit_s
        self.fixes = FixWriter(connection)
        self._writing: deque[asyncio.Task[None]] = deque(maxlen=WAITING_MAX)

    async def begin(self, batch: Prepared, then: Callable[[], None]) -> None:
        """Commit a batch when those before it are, and do something then; waits when too many are waiting."""
        while self._writing and (self._writing[0].done() or len(self._writing) == WAITING_MAX):
            await self._writing.popleft()
        before = self._writing[-1] if self._writing else None

        async def work() -> None:
            if before is not None:
                await before
            await self.commit(batch)
            then()

        self._writing.append(asyncio.create_task(work()))

    @property
    def idle(self) -> bool:
        """Whether all that was begun is committed."""
        return all(writing.done() for writing in self._writing)

    async def committed(self) -> None:
        """Until what was begun by now is, or failed; more may be begun meanwhile."""
        if self._writing:
            await asyncio.wait([self._writing[-1]])

    async def written(self) -> None:
        """Until all that was begun is committed."""
        while self._writing:
            await self._writing.popleft()

    async def end(self) -> None:
        """Whatever becomes of it: its failure was told, or is that of what was tried after it."""
        await asyncio.gather(*self._writing, return_exceptions=True)
        self._writing.clear()

    async def commit(self, batch: Prepared) -> None:
        """Wholly or not at all, and within its time: a database that is too slow is as good as away."""
        try:
            with store_errors("cannot commit a batch"):
                async with asyncio.timeout(self.commit_s):
                    await self._commit(batch)
        except TimeoutError as error:
            raise StoreError(f"database: a batch was not committed within {self.commit_s:g} s") from error

    async def _commit(self, batch: Prepared) -> None:
        connection = self.connection
        async with connection.transaction():
            await self.charge.commit(connection, batch.cursors)
            await self.fixes.write(batch.new, plausible(batch.new))
            await add_journal(connection, self.charge.worker, batch.journal)
            await mark_dirty(connection, batch.dirty)
            await free_boots(connection, batch.held)
            await save_committed(connection, batch.passed)
            await save_clocks(connection, batch.clocks)
            await take_depths(connection, batch.depths)
            await leave_quarantine(connection, batch.retried)
            await self.quarantine.keep(connection, batch.messages, batch.decoded, batch.unfit)
            await save(connection, self.engine, batch.saving)
