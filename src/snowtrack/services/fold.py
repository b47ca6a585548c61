"""Passes to state: one fold per network, fenced by a lease.

It takes the touched segments, folds their passes since the event began, commits the facts, and says what changed under
the next numbers. At least once a minute it also says which labels changed by age, snow or a closure alone. A new event
begins with nothing known. A fold that starts leaves out a number, so that whoever follows reads all again: nobody knows
what was told last. The public's cut is made here too, so that there is one.
"""

import asyncio
import os
import socket
from dataclasses import dataclass, field

import numpy as np
import structlog
from psycopg import AsyncConnection

from snowtrack import wall_clock
from snowtrack.clearance.fold import fold
from snowtrack.clearance.ledger import Ledger
from snowtrack.clearance.public_cut import PublicCut
from snowtrack.clearance.reported import reported_passes
from snowtrack.clearance.segments import Segments
from snowtrack.clearance.view import Views, view
from snowtrack.live.bus import Bus, News
from snowtrack.model.calendar import SECOND_US, utc_text
from snowtrack.model.columns import Rows
from snowtrack.model.errors import StoreError
from snowtrack.model.passes import PassBatch
from snowtrack.network.arrays import Network
from snowtrack.services.events import newest_event
from snowtrack.services.policies import adopt_policies, load_policies, unknown_agencies
from snowtrack.services.snow import SnowWatch
from snowtrack.services.stopping import stopped_within
from snowtrack.settings import Settings
from snowtrack.store.database import connect, store_errors
from snowtrack.store.outlook import Outlook
from snowtrack.store.passes import read_segment_passes
from snowtrack.store.reported import read_reported_work
from snowtrack.store.states import (
    FoldProgress,
    begin_anew,
    hold_lease,
    leave_lease,
    read_progress,
    read_public_cut,
    read_states,
    replace_states,
    save_progress,
    save_public_cut,
    take_lease,
    take_touched,
)
from snowtrack.supervised import announce_ready

LEASE_S = 6.0
WAKE_S = 1.0
RETRY_S = 2.0
RELABEL_US = 60 * SECOND_US
# Segments in one delta: what a broker and a browser take in one piece.
DELTA_SEGMENTS = 10_000

log = structlog.get_logger()


class LeaseLostError(StoreError):
    """Another fold holds the lease."""


@dataclass(slots=True)
class Turn:
    """What one transaction found: the rows to label, all of them or those that were touched, and what they read now."""

    event_us: int
    touched: bool = False
    rows: Rows = field(default_factory=lambda: np.empty(0, np.int64))
    views: Views = field(default_factory=Views.empty)


class Fold:
    """The fold of one network. Its memory follows the store; after a fault it is read again (`load`)."""

    def __init__(self, settings: Settings, network: Network, bus: Bus) -> None:
        self.settings = settings
        self.network = network
        self.bus = bus
        self.outlook = Outlook(network, load_policies(settings), round(settings.engine.silence_s * SECOND_US))
        self.snow = SnowWatch(network)
        self.lease = f"fold {network.network_id}"
        self.views = Views.untouched(len(network))
        self.progress = FoldProgress(number=0, event_us=0)
        self.left_out = 0
        self.relabelled_us = 0
        self.cut_us = 0
        self.waits = False
        self.warned = False
        self._begin(0)

    async def run(self, stopping: asyncio.Event) -> None:
        """Until told to stop; waits for the lease and for a database that is away."""
        while not stopping.is_set():
            try:
                async with connect(self.settings.database.url, name="fold") as connection:
                    await self._serve(connection, stopping)
            except LeaseLostError as error:
                if not self.waits:
                    log.info("fold: waiting", reason=str(error))
                self.waits = True
                await stopped_within(stopping, RETRY_S)
            except StoreError as error:
                log.warning("fold: waiting", reason=str(error))
                self.bus.say(News.FOLD, {"number": self.progress.number, "fault": str(error)})
                await stopped_within(stopping, RETRY_S)

    async def _serve(self, connection: AsyncConnection, stopping: asyncio.Event) -> None:
        with store_errors("the fold cannot go on"):
            holder = f"{socket.gethostname()} {os.getpid()}"
            epoch = await take_lease(connection, self.lease, holder=holder, lasts_s=LEASE_S)
            if epoch is None:
                raise LeaseLostError("another fold holds the lease of this network")
            await connection.execute("listen snowtrack_touched")
            await self.load(connection)
            self.waits = False
            announce_ready()
            try:
                while not stopping.is_set():
                    await self.turn(connection, epoch, wall_clock.now_us())
                    async for _ in connection.notifies(timeout=WAKE_S, stop_after=1):
                        pass
            finally:
                if not connection.broken:
                    await leave_lease(connection, self.lease, epoch=epoch)

    async def load(self, connection: AsyncConnection) -> None:
        """Go on from where the last holder of the lease was."""
        progress = await read_progress(connection, self.network.network_id)
        async with connection.transaction():
            folded_us = None if progress is None else progress.event_us
            await adopt_policies(connection, self.outlook.policies, folded_us=folded_us)
        self.progress = progress or FoldProgress(number=0, event_us=0)
        await self.outlook.refresh(connection)
        self._warn_of_strangers()
        self.snow = SnowWatch(self.network)
        await self._remember(connection)
        self.views = Views.untouched(len(self.network))
        self.left_out = int(progress is not None)
        self.relabelled_us = 0
        cut = await read_public_cut(connection, self.network.network_id)
        self.cut_us = 0 if cut is None else cut.cut_us

    def _warn_of_strangers(self) -> None:
        """Once, however often the database goes away: an id that was mistyped would otherwise never show."""
        strangers = unknown_agencies(self.outlook.policies, self.outlook.fleet)
        if strangers and not self.warned:
            log.warning("policy: rules of agencies that are not registered hold nowhere", agencies=strangers)
        self.warned = True

    async def _remember(self, connection: AsyncConnection) -> None:
        """The facts of the event as the store has them."""
        self._begin(self.progress.event_us)
        facts = await read_states(connection)
        self.ledger.replace(np.empty(0, np.int64), facts, self.segments.rows(facts.segment_id))

    def _begin(self, event_us: int) -> None:
        """Nothing is known of an event, whose facts are made by the policy that was valid when it began."""
        table = self.outlook.table(event_us)
        self.segments = Segments.of(self.network, table)
        self.ledger = Ledger(table.both_ways)

    async def turn(self, connection: AsyncConnection, epoch: int, now_us: int) -> None:
        """One transaction: fold what is touched, relabel when it is time, number what changed; then tell."""
        async with connection.transaction():
            await self._check_lease(connection, epoch)
            found = await self._look(connection, now_us)
            changed = found.views.differ(self.views.take(found.rows))
            rows, views = found.rows[changed], found.views.take(changed)
            parts = max(-(-len(rows) // DELTA_SEGMENTS), int(found.touched))
            first = self.progress.number + self.left_out + 1
            progress = FoldProgress(number=first + parts - 1, event_us=found.event_us)
            if progress != self.progress:
                await save_progress(connection, self.network.network_id, progress)
            if progress.event_us != self.progress.event_us:
                await self._check_lease(connection, epoch)  # to fold a whole event may take long
        self.progress, self.left_out = progress, 0
        self.views = self.views.replaced(rows, views) if len(rows) else self.views
        for part in range(parts):
            chosen = slice(part * DELTA_SEGMENTS, (part + 1) * DELTA_SEGMENTS)
            said = views.take(np.arange(len(rows))[chosen]).as_json(self.network.segment_id[rows[chosen]])
            self._say_delta(first + part, said)
        await self._cut(connection, epoch, now_us)
        self.bus.say(News.FOLD, {"number": self.progress.number, "fault": None, "cut_us": self.cut_us})

    def _say_delta(self, number: int, segments: list[dict[str, object]]) -> None:
        begun = utc_text(self.progress.event_us)
        self.bus.say(News.DELTA, {"number": number, "event_start": begun, "segments": segments})

    async def _look(self, connection: AsyncConnection, now_us: int) -> Turn:
        """What is touched, folded, or all when the minute is over or an event begins; and how it reads now."""
        touched = await take_touched(connection, self.settings.clearance.fold_segments)
        whole = now_us - self.relabelled_us >= RELABEL_US
        if not (touched or whole):
            return Turn(self.progress.event_us)
        if await self.outlook.refresh(connection):
            await self._remember(connection)
        if whole:
            await self._watch_snow(connection, now_us)
        event_us = await self._event_start(connection, now_us)
        if event_us != self.progress.event_us:
            whole = True
            self._begin(event_us)
            # All in this one transaction: nobody is to see an event of which a part is folded.
            touched = await begin_anew(connection, event_us)
        rows = await self._fold(connection, np.unique(np.array(touched, np.int64)), event_us)
        if whole:
            self.relabelled_us = now_us
        looked_at = np.arange(len(self.network)) if whole else rows
        around = await self.outlook.look(connection, now_us=now_us, event_us=event_us)
        views = view(self.ledger, looked_at, around, self.outlook.table(now_us))
        return Turn(event_us, bool(len(rows)), looked_at, views)

    async def _watch_snow(self, connection: AsyncConnection, now_us: int) -> None:
        """What fell, for labels and events, and whom that has to be told."""
        await self.snow.turn(connection, now_us, self.outlook.criteria(now_us))
        self.outlook.snow = self.snow.segment_snow(self.outlook.reach_m(now_us))

    async def _event_start(self, connection: AsyncConnection, now_us: int) -> int:
        """Of the newest event; as long as there is none, nothing was worked."""
        newest = await newest_event(connection, self.outlook, now_us)
        return newest.start_us if newest else self.progress.event_us or now_us

    async def _fold(self, connection: AsyncConnection, segments: Rows, event_us: int) -> Rows:
        """Fold segments of this network anew, so many in one go; their rows."""
        rows = self.segments.rows(segments)
        rows, known, at_once = rows[rows >= 0], segments[rows >= 0], self.settings.clearance.fold_segments
        for start in range(0, len(known), at_once):
            own = known[start : start + at_once].tolist()
            states = fold(await self._counting(connection, own, event_us), self.segments)
            await replace_states(connection, own, states)
            folded = rows[start : start + at_once]
            self.ledger.replace(folded, states.facts, self.segments.rows(states.facts.segment_id))
        return rows

    async def _counting(self, connection: AsyncConnection, segments: list[int], event_us: int) -> PassBatch:
        """What counts on segments: passes that machines were seen to make, and what managers report."""
        passes = await read_segment_passes(connection, segments, event_us)
        seen = passes.take(self.outlook.credited(passes, self.segments.rows(passes.segment_id)))
        found = await read_reported_work(connection, segments, event_us)
        told = reported_passes(found, self.segments, self.outlook.fleet, self.outlook.managers)
        return PassBatch.concat([seen, told])

    async def _check_lease(self, connection: AsyncConnection, epoch: int) -> None:
        if not await hold_lease(connection, self.lease, epoch=epoch, lasts_s=LEASE_S):
            raise LeaseLostError("another fold took the lease of this network")

    async def _cut(self, connection: AsyncConnection, epoch: int, now_us: int) -> None:
        """At most every `public.cut_s`: what residents see until the next cut. A cut of the future is none."""
        if 0 <= now_us - self.cut_us < self.settings.public.cut_s * SECOND_US:
            return
        cut = PublicCut.made(self.views, now_us, self.settings.public.round_s)
        async with connection.transaction():
            await self._check_lease(connection, epoch)
            await save_public_cut(connection, self.network.network_id, cut)
        self.cut_us = now_us
