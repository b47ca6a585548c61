"""Stored fixes by the instant at which they were observed, wherever they are stored."""

from dataclasses import replace

import numpy as np
from psycopg import AsyncConnection

from snowtrack.model.columns import Bools, Int64s, present
from snowtrack.model.fixes import FixBatch
from snowtrack.model.intervals import union
from snowtrack.model.tracks import DirtyStretch, ObservedBatch
from snowtrack.store.fixes import read_fixes, read_undated
from snowtrack.tracks.clock import AHEAD_US_MAX, Clocks, observe, place
from snowtrack.tracks.sessions import misplaced_spans


async def read_observed(connection: AsyncConnection, clocks: Clocks, stretch: DirtyStretch) -> ObservedBatch:
    """All fixes of a device that have a position and were observed in the stretch."""
    observed = observe(await _candidates(connection, clocks, stretch), clocks)
    return observed.take(_within(observed.observed_us, stretch))


async def read_placed(connection: AsyncConnection, clocks: Clocks, stretch: DirtyStretch) -> FixBatch:
    """All fixes of a device in the stretch, with the instant for the time, in that order."""
    fixes = await _candidates(connection, clocks, stretch)
    times_us = place(fixes, clocks).observed_us
    placed = replace(fixes, time_us=times_us).take(present(times_us) & _within(times_us, stretch))
    return placed.take(np.lexsort((placed.digest, placed.seq, placed.boot, placed.time_us)))


async def _candidates(connection: AsyncConnection, clocks: Clocks, stretch: DirtyStretch) -> FixBatch:
    """Stored at these times, at others that were wrong, or without a time that can be right."""
    device = stretch.device
    stated = union([(stretch.from_us, stretch.to_us + 1), *misplaced_spans(clocks.values())])
    parts = [await read_fixes(connection, device, from_us, to_us - 1) for from_us, to_us in stated]
    return FixBatch.concat([*parts, await read_undated(connection, device, stretch.from_us - AHEAD_US_MAX)])


def _within(times_us: Int64s, stretch: DirtyStretch) -> Bools:
    within: Bools = (times_us >= stretch.from_us) & (times_us <= stretch.to_us)
    return within
