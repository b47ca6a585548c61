"""Where a replay takes its fixes from: the database, or archives."""

from collections.abc import Sequence
from typing import Protocol

from psycopg import AsyncConnection

from snowtrack.model.fixes import FixBatch
from snowtrack.model.tracks import DirtyStretch, ObservedBatch
from snowtrack.pipeline.replay import whole_tracks
from snowtrack.store.archive import Archive, once_each
from snowtrack.store.clocks import read_device_clocks
from snowtrack.store.observed import oldest_observed, read_observed
from snowtrack.store.replays import REACH_US_MAX, Replayed
from snowtrack.tracks.clock import Clocks, observe
from snowtrack.tracks.identity import BootId
from snowtrack.tracks.learning import learn
from snowtrack.tracks.sessions import BootClock

# How much further is looked for the end of a track each time.
WIDER = 8


class DeviceFixes(Protocol):
    """The fixes of one device, as they are known now."""

    async def oldest_us(self) -> int | None:
        """None is from before this; nothing where there is none."""

    async def whole_tracks(self, stretch: DirtyStretch, cut_us: int) -> DirtyStretch:
        """From the start of the track that a stretch begins in to the end of the one that it ends in."""

    async def observed(self, stretch: DirtyStretch) -> ObservedBatch:
        """What was observed in a stretch, in any order."""


class FixSource(Protocol):
    """The fixes of all devices."""

    async def of_device(self, device: Replayed) -> DeviceFixes:
        """What is known of a device."""


class StoredFixes:
    """In the database."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection

    async def of_device(self, device: Replayed) -> DeviceFixes:
        return _Stored(self.connection, device.number, await read_device_clocks(self.connection, device.number))


class ArchivedFixes:
    """In files. The clocks of a device learn from all its fixes that are there before any is placed."""

    def __init__(self, archives: Sequence[Archive]) -> None:
        self.archives = archives
        self.latest: tuple[Replayed, ObservedBatch] | None = None

    async def of_device(self, device: Replayed) -> DeviceFixes:
        """Read once for all the stretches of a device, which are asked for one after the other."""
        if self.latest is None or self.latest[0] != device:
            fixes = once_each(FixBatch.concat([one.read(device.id, device.number) for one in self.archives]))
            clocks: dict[BootId, BootClock] = {}
            learn(clocks, fixes)
            self.latest = device, observe(fixes, clocks)
        return _Archived(self.latest[1])


class _Stored:
    """What was read last is kept: a portion is asked for several times, a little wider each time."""

    def __init__(self, connection: AsyncConnection, device: int, clocks: Clocks) -> None:
        self.connection, self.device, self.clocks = connection, device, clocks
        self.known: tuple[DirtyStretch, ObservedBatch] | None = None

    async def oldest_us(self) -> int | None:
        return await oldest_observed(self.connection, self.clocks, self.device)

    async def whole_tracks(self, stretch: DirtyStretch, cut_us: int) -> DirtyStretch:
        reach_us = cut_us
        while True:
            around = stretch.widened(reach_us)
            whole = whole_tracks(stretch, (await self.observed(around)).observed_us, cut_us)
            if around.encloses(whole.widened(cut_us)) or reach_us >= REACH_US_MAX:
                return whole
            reach_us = min(reach_us * WIDER, REACH_US_MAX)

    async def observed(self, stretch: DirtyStretch) -> ObservedBatch:
        if self.known is None or not self.known[0].encloses(stretch):
            self.known = stretch, await read_observed(self.connection, self.clocks, stretch)
        return within(self.known[1], stretch)


class _Archived:
    def __init__(self, fixes: ObservedBatch) -> None:
        self.fixes = fixes

    async def oldest_us(self) -> int | None:
        return int(self.fixes.observed_us.min()) if len(self.fixes) else None

    async def whole_tracks(self, stretch: DirtyStretch, cut_us: int) -> DirtyStretch:
        return whole_tracks(stretch, self.fixes.observed_us, cut_us)

    async def observed(self, stretch: DirtyStretch) -> ObservedBatch:
        return within(self.fixes, stretch)


def within(fixes: ObservedBatch, stretch: DirtyStretch) -> ObservedBatch:
    """Those that were observed in a stretch."""
    return fixes.take((fixes.observed_us >= stretch.from_us) & (fixes.observed_us <= stretch.to_us))
