"""Passes to state: one fold per network, fenced by a lease.

It takes the touched segments, folds their passes since the event began, commits the facts under the next number, and
says what changed. At least once a minute it also says which labels changed by age alone. A new event begins with
nothing known. The public's cut is made here too, so that there is one.
"""

import asyncio
import os
import socket
import time
from itertools import groupby

import orjson
import structlog
from psycopg import AsyncConnection

from snowtrack.clearance.fold import fold_segment
from snowtrack.clearance.view import SegmentView, changed_views, counts_both_ways, untouched, view_segments
from snowtrack.live.bus import Bus, News
from snowtrack.model.calendar import SECOND_US, event_start_us, utc_text
from snowtrack.model.errors import StoreError
from snowtrack.model.passes import PassBatch
from snowtrack.model.states import DirectionFacts
from snowtrack.network.arrays import Network
from snowtrack.services.policies import label_policy
from snowtrack.services.public_cut import public_segments
from snowtrack.services.stopping import stopped_within
from snowtrack.settings import Settings
from snowtrack.store.database import connect, store_errors
from snowtrack.store.devices import devices_silent_since
from snowtrack.store.instants import to_us
from snowtrack.store.passes import read_segment_passes
from snowtrack.store.states import (
    FoldProgress,
    hold_lease,
    leave_lease,
    read_progress,
    read_public_cut,
    read_states,
    remove_all_states,
    replace_states,
    save_progress,
    save_public_cut,
    segments_with_passes,
    take_lease,
    take_touched,
)
from snowtrack.supervised import announce_ready

LEASE_S = 6.0
WAKE_S = 1.0
RETRY_S = 2.0
RELABEL_US = 60 * SECOND_US

log = structlog.get_logger()


class LeaseLostError(StoreError):
    """Another fold holds the lease."""


class Fold:
    """The fold of one network."""

    def __init__(self, settings: Settings, network: Network, bus: Bus) -> None:
        self.settings = settings
        self.network = network
        self.bus = bus
        self.policy = label_policy(settings)
        self.silence_us = round(settings.engine.silence_s * SECOND_US)
        self.lease = f"fold {network.network_id}"
        self.facts: dict[int, list[DirectionFacts]] = {}
        self.views: dict[int, SegmentView] = {}
        self.progress = FoldProgress(number=0, event_us=0)
        self.relabelled_us = 0
        self.cut_us = 0
        self.waits = False

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
                    await self.turn(connection, epoch, time.time_ns() // 1_000)
                    async for _ in connection.notifies(timeout=WAKE_S, stop_after=1):
                        pass
            finally:
                if not connection.broken:
                    await leave_lease(connection, self.lease, epoch=epoch)

    async def load(self, connection: AsyncConnection) -> None:
        """Go on from where the last holder of the lease was."""
        self.progress = await read_progress(connection, self.network.network_id) or FoldProgress(number=0, event_us=0)
        states = await read_states(connection)
        self.facts = {segment: list(own) for segment, own in groupby(states, key=lambda one: one.segment_id)}
        self.views = {}
        self.relabelled_us = 0
        cut = await read_public_cut(connection, self.network.network_id)
        self.cut_us = 0 if cut is None else to_us(cut[0])

    async def turn(self, connection: AsyncConnection, epoch: int, now_us: int) -> None:
        """One transaction: fold what is touched, relabel when it is time, number what changed; then tell."""
        async with connection.transaction():
            await self._check_lease(connection, epoch)
            event_us = event_start_us(now_us, self.settings.clearance.event_hour)
            touched = await self._take_touched(connection, event_us)
            facts = self._fold_segments(touched, await read_segment_passes(connection, touched, event_us))
            if touched:
                await replace_states(connection, touched, [one for own in facts.values() for one in own])
            changed = await self._changed(connection, touched, facts, now_us)
            progress = FoldProgress(number=self.progress.number + bool(touched or changed), event_us=event_us)
            if progress != self.progress:
                await save_progress(connection, self.network.network_id, progress)
        before, self.progress = self.progress, progress
        if progress.number != before.number:
            self._remember(touched, facts, changed)
            self.bus.say(
                News.DELTA,
                {
                    "number": progress.number,
                    "event_start": utc_text(progress.event_us),
                    "segments": [view.as_json() for view in changed],
                },
            )
        await self._cut(connection, epoch, now_us)
        self.bus.say(News.FOLD, {"number": self.progress.number, "fault": None})

    async def _take_touched(self, connection: AsyncConnection, event_us: int) -> list[int]:
        """What ingest touched, on this network; all that has state or passes when a new event begins."""
        touched = set(await take_touched(connection, self.settings.clearance.fold_segments))
        if event_us != self.progress.event_us:
            touched.update(await remove_all_states(connection), await segments_with_passes(connection, event_us))
        ordered = sorted(touched)
        return [segment for segment, row in zip(ordered, self._rows(ordered), strict=True) if row >= 0]

    def _rows(self, segments: list[int]) -> list[int]:
        rows: list[int] = self.network.rows_of(segments).tolist()
        return rows

    def _fold_segments(self, touched: list[int], passes: PassBatch) -> dict[int, list[DirectionFacts]]:
        rows = dict(zip(touched, self._rows(touched), strict=True))
        return {
            segment: fold_segment(
                own,
                length_mm=int(self.network.length_mm[rows[segment]]),
                both_ways=counts_both_ways(self.network, rows[segment]),
                done_permille=self.policy.done_permille,
            )
            for segment, own in groupby(passes.rows(), key=lambda row: row[1])
        }

    async def _changed(
        self, connection: AsyncConnection, touched: list[int], facts: dict[int, list[DirectionFacts]], now_us: int
    ) -> list[SegmentView]:
        """The views that read differently now; of all segments when the minute is over, since labels age."""
        looked_at = touched
        if now_us - self.relabelled_us >= RELABEL_US:
            self.relabelled_us = now_us
            looked_at = sorted(self.facts.keys() | set(touched))
        if not looked_at:
            return []
        latest = {**self.facts, **{segment: facts.get(segment, []) for segment in touched}}
        views = {
            view.segment_id: view
            for view in view_segments(
                self.network,
                [one for segment in looked_at for one in latest[segment]],
                now_us=now_us,
                silent=await devices_silent_since(connection, now_us - self.silence_us),
                policy=self.policy,
            )
        }
        return changed_views(self.views, [views.get(segment, untouched(segment)) for segment in looked_at])

    def _remember(self, touched: list[int], facts: dict[int, list[DirectionFacts]], changed: list[SegmentView]) -> None:
        """After the commit: what is in memory follows the store."""
        for segment in touched:
            self.facts.pop(segment, None)
        self.facts.update(facts)
        self.views.update({view.segment_id: view for view in changed})

    async def _check_lease(self, connection: AsyncConnection, epoch: int) -> None:
        if not await hold_lease(connection, self.lease, epoch=epoch, lasts_s=LEASE_S):
            raise LeaseLostError("another fold took the lease of this network")

    async def _cut(self, connection: AsyncConnection, epoch: int, now_us: int) -> None:
        """At most every `public.cut_s`: what residents see until the next cut. A cut of the future is none."""
        if 0 <= now_us - self.cut_us < self.settings.public.cut_s * SECOND_US:
            return
        segments = public_segments(self.views.values(), self.settings.public.round_s)
        async with connection.transaction():
            await self._check_lease(connection, epoch)
            await save_public_cut(connection, self.network.network_id, cut_us=now_us, segments=orjson.dumps(segments))
        self.cut_us = now_us
