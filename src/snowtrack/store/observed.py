"""Stored fixes by the instant at which they were observed, wherever they are stored."""

from psycopg import AsyncConnection

from snowtrack.model.fixes import FixBatch
from snowtrack.model.intervals import union
from snowtrack.model.tracks import DirtyStretch, ObservedBatch
from snowtrack.store.fixes import read_fixes, read_oldest, read_undated
from snowtrack.tracks.clock import AHEAD_US_MAX, Clocks, observe
from snowtrack.tracks.sessions import misplaced_spans


async def read_observed(connection: AsyncConnection, clocks: Clocks, stretch: DirtyStretch) -> ObservedBatch:
    """All fixes of a device that have a position and were observed in the stretch."""
    observed = observe(await read_candidates(connection, clocks, stretch), clocks)
    inside = (observed.observed_us >= stretch.from_us) & (observed.observed_us <= stretch.to_us)
    return observed.take(inside)


async def oldest_observed(connection: AsyncConnection, clocks: Clocks, device: int) -> int | None:
    """No fix of a device was observed before this. Only those are read that were not when they say."""
    oldest = (await read_oldest(connection, [device])).get(device)
    if oldest is None:
        return None
    astray = await read_candidates(connection, clocks, DirtyStretch(device=device, from_us=0, to_us=0))
    return int(min([oldest, *observe(astray, clocks).observed_us.tolist()]))


async def read_candidates(connection: AsyncConnection, clocks: Clocks, stretch: DirtyStretch) -> FixBatch:
    """What may be of a stretch: stored at its times, at others that were wrong, or without one that can be right."""
    device = stretch.device
    stated = union([(stretch.from_us, stretch.to_us + 1), *misplaced_spans(clocks.values())])
    parts = [await read_fixes(connection, device, from_us, to_us - 1) for from_us, to_us in stated]
    return FixBatch.concat([*parts, await read_undated(connection, device, stretch.from_us - AHEAD_US_MAX)])
