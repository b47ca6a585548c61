"""Dirty stretches: compute the passes of whole tracks again from the stored fixes, and replace them in one go.

Where fixes have left the database, nothing is computed here: it would lose what these came to. Such a stretch is marked
as waiting for archives, and stays as it is until somebody replays it with these.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import structlog
from psycopg import AsyncConnection

from snowtrack.model.calendar import DAY_US
from snowtrack.model.intervals import Intervals
from snowtrack.model.tracks import DirtyStretch, ObservedBatch
from snowtrack.pipeline.comparison import Results
from snowtrack.pipeline.replay import Again, moment_of, whole_tracks, widen_to_now
from snowtrack.services.checkpoints import Unsaved, save
from snowtrack.services.shares import InCharge
from snowtrack.settings import Ingest as IngestLimits
from snowtrack.store.clocks import read_device_clocks
from snowtrack.store.database import store_errors
from snowtrack.store.fleet import fleet_version
from snowtrack.store.observed import read_observed
from snowtrack.store.passes import DirtyWork, clear_dirty, mark_dirty, next_dirty
from snowtrack.store.replays import hold_device, replace_results
from snowtrack.store.retired import RetiredFile, hold_days, mark_waiting, meets, read_retired, shade
from snowtrack.tracks.clock import Clocks

# A track is looked for this far around a stretch. Machines do not work for a week without a pause of five minutes.
REACH_US_MAX = 7 * DAY_US
WIDER = 8
# What waits to be put in place; and how long that may hold up what is live, each second.
READY_MAX, PUT_S_MAX = 8, 0.25
LOOK_S = 0.5
# So much is computed in one go, and what belongs to tracks at its borders.
AT_ONCE_US = 2 * DAY_US

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What was computed of a stretch, or that it waits for archives, and what it was computed with."""

    work: DirtyWork
    stretch: DirtyStretch
    again: Again | None
    retired: list[RetiredFile]


class Recomputing:
    """Of one lane: what is dirty is computed beside what is live, and put in place when nothing else is being written.

    Of a long stretch, such as the season of a device that was registered late, the first days; the rest waits. Where
    the stretch holds the device's newest fix, the live engine goes on from the state computed here.
    """

    def __init__(self, unsaved: Unsaved, limits: IngestLimits, charge: InCharge) -> None:
        self.unsaved = unsaved
        self.engine = unsaved.engine
        self.limits = limits
        self.charge = charge
        self.steady = asyncio.Lock()
        """Held by whoever moves the live engine, until what moved it is on its way to the store."""
        self.ready: deque[Ready] = deque(maxlen=READY_MAX)

    async def run(self, connection: AsyncConnection, committed: Callable[[], Awaitable[None]]) -> None:
        """Until cancelled."""
        while True:
            if len(self.ready) == READY_MAX or not await self.compute_next(connection, committed):
                await asyncio.sleep(LOOK_S)

    async def compute_next(self, connection: AsyncConnection, committed: Callable[[], Awaitable[None]]) -> bool:
        """Of the device that has waited longest; whether there was one. `committed` waits for all that the live engine
        has seen to be in the store."""
        with store_errors("cannot compute a stretch again"):
            work = await next_dirty(
                connection,
                self.charge.partitions,
                [one.stretch.device for one in self.ready],
                quiet_s=self.limits.dirty_quiet_s,
                patience_s=self.limits.dirty_patience_s,
            )
            if work is None:
                return False
            device = work.stretch.device
            async with self.steady:
                moment = moment_of(self.engine, device)
            await committed()
            async with connection.transaction():
                await hold_days(connection)
                retired, clocks = await read_retired(connection), await read_device_clocks(connection, device)
                cut_us, shaded = self.engine.policy.cut_us, shade(retired, device, clocks)
                stretch, waits = await _first_portion(connection, cut_us, clocks, work.stretch, shaded)
                if not waits:
                    stretch = widen_to_now(moment, stretch)
                    waits = meets(shaded, stretch.widened(cut_us))
                fixes = ObservedBatch.empty() if waits else await read_observed(connection, clocks, stretch)
        again = None if waits else await self._computed(stretch, fixes, goes_on=moment.newest_us <= stretch.to_us)
        self.ready.append(Ready(work=work, stretch=stretch, again=again, retired=retired))
        return True

    async def _computed(self, stretch: DirtyStretch, fixes: ObservedBatch, *, goes_on: bool) -> Again:
        async with self.steady:
            again = Again(self.engine, stretch, goes_on=goes_on)
        await asyncio.to_thread(again.take, fixes)
        return again

    async def put_in_place(self, connection: AsyncConnection) -> list[DirtyStretch]:
        """What is ready, for a while, when all that the live engine has seen is in the store; what was put there."""
        done, over = [], time.monotonic() + PUT_S_MAX
        while self.ready and time.monotonic() < over:
            ready = self.ready[0]
            async with connection.transaction():
                await self.charge.check(connection)
                if await self._put(connection, ready):
                    done.append(ready.stretch)
            self.ready.popleft()  # not before its marks are gone, by which it would be computed once more
        return done

    async def _put(self, connection: AsyncConnection, ready: Ready) -> bool:
        """In place of all that there is of a stretch. What does not hold any more stays marked, and is computed again.

        Either way the device is saved, so that its stored state does not lie before stored results.
        """
        device, again = ready.stretch.device, ready.again
        await hold_device(connection, device)
        await hold_days(connection)
        # Looked at after the marks were read: a change that made one of them is not missed.
        version = await fleet_version(connection)
        if version != self.engine.fleet.version or await read_retired(connection) != ready.retired:
            return False
        if again is None:
            await mark_waiting(connection, ready.stretch)
            log.info("a stretch of retired days waits for their archives", device=device)
        elif again.holds(self.engine):
            await self._replace(connection, again)
        else:
            return False
        await clear_dirty(connection, ready.work)
        # From the next instant on, though no track goes on there: what is stored may be of another time.
        until_us = again.stretch.to_us if again else ready.stretch.to_us
        rest = replace(ready.work.stretch, from_us=until_us + 1)
        if rest.from_us <= rest.to_us:
            await mark_dirty(connection, [rest])
        await save(connection, self.engine, self.unsaved.collect([device]))
        return again is not None

    async def _replace(self, connection: AsyncConnection, again: Again) -> None:
        device = again.stretch.device
        if again.goes_on:
            newest_us = max(again.stretch.to_us, self.engine.newest_us(device))
            since = DirtyStretch(device=device, from_us=again.since_us(), to_us=newest_us)
            clocks = await read_device_clocks(connection, device)
            again.go_on(newest_us, await read_observed(connection, clocks, since))
        found = again.over()
        results = Results(passes=found.passes, activities=found.activities, tracks=found.tracks)
        await replace_results(connection, self.engine, again.stretch, results)
        self.unsaved.drop(again.stretch)
        if found.kept is not None:
            self.engine.restore(device, found.kept)


async def _first_portion(
    connection: AsyncConnection, cut_us: int, clocks: Clocks, asked: DirtyStretch, retired: Intervals
) -> tuple[DirtyStretch, bool]:
    """What is looked at first of a stretch: whole tracks, or what waits since fixes of it may have left the database.

    A track that comes within a cut of a day that left may go on there, and is looked at together with it.
    """
    until_us = min(asked.to_us, asked.from_us + AT_ONCE_US)
    for start_us, end_us in retired:
        if end_us + REACH_US_MAX < asked.from_us:
            continue
        if asked.from_us < start_us:
            first = await widen_to_tracks(connection, clocks, _instant(asked, start_us), cut_us)
            if asked.from_us < first.from_us - cut_us:
                until_us = min(until_us, first.from_us - cut_us - 1)
                break
        last = await widen_to_tracks(connection, clocks, _instant(asked, end_us - 1), cut_us)
        if asked.from_us <= last.to_us + cut_us:
            return replace(asked, to_us=min(asked.to_us, last.to_us + cut_us)), True
    return await widen_to_tracks(connection, clocks, replace(asked, to_us=until_us), cut_us), False


def _instant(of: DirtyStretch, at_us: int) -> DirtyStretch:
    return replace(of, from_us=at_us, to_us=at_us)


async def widen_to_tracks(
    connection: AsyncConnection, clocks: Clocks, stretch: DirtyStretch, cut_us: int
) -> DirtyStretch:
    """The stretch from the start of the track it begins in to the end of the track it ends in."""
    reach_us = cut_us
    while True:
        around = stretch.widened(reach_us)
        observed = await read_observed(connection, clocks, around)
        whole = whole_tracks(stretch, observed.observed_us, cut_us)
        if around.encloses(whole.widened(cut_us)) or reach_us >= REACH_US_MAX:
            return whole
        reach_us *= WIDER
