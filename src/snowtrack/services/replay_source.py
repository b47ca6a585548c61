"""Where a replay takes its fixes from: the database, archives, or both where days left the one for the others."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from psycopg import AsyncConnection

from snowtrack.model.columns import present
from snowtrack.model.errors import ConfigError, StoreError
from snowtrack.model.fixes import FixBatch
from snowtrack.model.intervals import Interval
from snowtrack.model.tracks import DirtyStretch, ObservedBatch
from snowtrack.pipeline.replay import whole_tracks
from snowtrack.store.archive import Archive, once_each
from snowtrack.store.clocks import read_device_clocks
from snowtrack.store.observed import oldest_observed, read_candidates, read_observed
from snowtrack.store.replays import REACH_US_MAX, Replayed
from snowtrack.store.retired import RetiredFile, file_sha256, hold_days, meets, read_retired, shade
from snowtrack.tracks.clock import Clocks, observe, place
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

    def lacks(self, stretch: DirtyStretch) -> bool:
        """Whether fixes of a stretch may have left the database for files that are not given."""


class FixSource(Protocol):
    """The fixes of all devices."""

    async def of_device(self, device: Replayed) -> DeviceFixes:
        """What is known of a device."""


class StoredFixes:
    """In the database, and in those of the files that days left for which are given: its clocks have learned from both.

    `lacking` gathers the names of others that something asked for. To be asked within a transaction, until whose end no
    further day leaves.
    """

    def __init__(self, connection: AsyncConnection, given: Mapping[str, Archive] | None = None) -> None:
        self.connection = connection
        self.given = given or {}
        self.lacking: set[str] = set()
        self.latest: tuple[Replayed, FixBatch] | None = None

    async def of_device(self, device: Replayed) -> DeviceFixes:
        await hold_days(self.connection)
        if self.latest is None or self.latest[0] != device:
            self.latest = device, read_archives(self.given.values(), device)
        clocks = await read_device_clocks(self.connection, device.number)
        away = [file for file in await read_retired(self.connection) if file.sha256 not in self.given]
        return _Stored(self, device.number, clocks, self.latest[1], away)


class ArchivedFixes:
    """In files. The clocks of a device learn from all its fixes that are there before any is placed."""

    def __init__(self, archives: Sequence[Archive]) -> None:
        self.archives = archives
        self.lacking: set[str] = set()
        self.latest: tuple[Replayed, ObservedBatch] | None = None

    async def of_device(self, device: Replayed) -> DeviceFixes:
        """Read once for all the stretches of a device, which are asked for one after the other."""
        if self.latest is None or self.latest[0] != device:
            fixes = read_archives(self.archives, device)
            clocks: dict[BootId, BootClock] = {}
            learn(clocks, fixes)
            self.latest = device, observe(fixes, clocks)
        return _Archived(self.latest[1])


class _Stored:
    """What was read last is kept: a portion is asked for several times, a little wider each time."""

    def __init__(
        self, source: StoredFixes, device: int, clocks: Clocks, archived: FixBatch, away: Sequence[RetiredFile]
    ) -> None:
        self.source, self.connection, self.device, self.clocks = source, source.connection, device, clocks
        self.archived, self.archived_us = archived, place(archived, clocks).observed_us
        self.away = {file.name: shade([file], device, clocks) for file in away}
        self.known: tuple[DirtyStretch, ObservedBatch] | None = None

    async def oldest_us(self) -> int | None:
        stored_us = await oldest_observed(self.connection, self.clocks, self.device)
        placed_us = self.archived_us[present(self.archived_us)]
        found = [int(placed_us.min())] if len(placed_us) else []
        return min(found if stored_us is None else [*found, stored_us], default=None)

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
            self.known = stretch, await self._read(stretch)
        return within(self.known[1], stretch)

    async def _read(self, stretch: DirtyStretch) -> ObservedBatch:
        if not len(self.archived):
            return await read_observed(self.connection, self.clocks, stretch)
        inside = (self.archived_us >= stretch.from_us) & (self.archived_us <= stretch.to_us)
        stored = await read_candidates(self.connection, self.clocks, stretch)
        fixes = once_each(FixBatch.concat([stored, self.archived.take(inside)]))
        return within(observe(fixes, self.clocks), stretch)

    def lacks(self, stretch: DirtyStretch) -> bool:
        found = {name for name, own in self.away.items() if meets(own, stretch)}
        self.source.lacking |= found
        return bool(found)


class _Archived:
    def __init__(self, fixes: ObservedBatch) -> None:
        self.fixes = fixes

    async def oldest_us(self) -> int | None:
        return int(self.fixes.observed_us.min()) if len(self.fixes) else None

    async def whole_tracks(self, stretch: DirtyStretch, cut_us: int) -> DirtyStretch:
        return whole_tracks(stretch, self.fixes.observed_us, cut_us)

    async def observed(self, stretch: DirtyStretch) -> ObservedBatch:
        return within(self.fixes, stretch)

    def lacks(self, stretch: DirtyStretch) -> bool:  # noqa: ARG002 - as the others have it
        """These files are all that is asked for."""
        return False


async def fix_source(
    connection: AsyncConnection, archives: Sequence[Archive], span: Interval, *, in_place: bool
) -> StoredFixes | ArchivedFixes:
    """Files that days left for come together with the database, and all of them; any others alone."""
    files = await read_retired(connection)
    retired = {file.sha256 for file in files}
    given = {file_sha256(archive.path): archive for archive in archives}
    strange = [str(archive.path) for sha256, archive in given.items() if sha256 not in retired]
    if strange and (in_place or len(strange) < len(given)):
        raise ConfigError(
            f"--archive {strange[0]}: is none that 'snowtrack retire' wrote for this database; only those are taken"
            " together with what is in it, or in place"
        )
    if strange:
        return ArchivedFixes(archives)
    from_us, to_us = span
    missing = [one for one in files if one.span[0] <= to_us and from_us < one.span[1] and one.sha256 not in given]
    if missing:
        names = " ".join(f"--archive {file.name}" for file in missing)
        raise StoreError(f"fixes of this time left the database; give the files that 'snowtrack retire' wrote: {names}")
    return StoredFixes(connection, given)


def read_archives(archives: Iterable[Archive], device: Replayed) -> FixBatch:
    """The fixes of a device, each once."""
    return once_each(FixBatch.concat([one.read(device.id, device.number) for one in archives]))


def within(fixes: ObservedBatch, stretch: DirtyStretch) -> ObservedBatch:
    """Those that were observed in a stretch."""
    return fixes.take((fixes.observed_us >= stretch.from_us) & (fixes.observed_us <= stretch.to_us))
