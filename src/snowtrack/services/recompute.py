"""Dirty stretches: compute the passes of whole tracks again from the stored fixes, and replace them in one go."""

from dataclasses import replace

from psycopg import AsyncConnection

from snowtrack.model.calendar import DAY_US
from snowtrack.model.tracks import DirtyStretch
from snowtrack.pipeline.comparison import Results
from snowtrack.pipeline.replay import recompute, whole_tracks, widen_to_now
from snowtrack.services.checkpoints import Unsaved, save
from snowtrack.store.clocks import read_device_clocks
from snowtrack.store.fleet import fleet_version
from snowtrack.store.observed import read_observed
from snowtrack.store.passes import clear_dirty, mark_dirty, next_dirty
from snowtrack.store.replays import hold_device, replace_results
from snowtrack.tracks.clock import Clocks

# A track is looked for this far around a stretch. Machines do not work for a week without a pause of five minutes.
REACH_US_MAX = 7 * DAY_US
WIDER = 8
# So much is computed in one go, and what belongs to tracks at its borders.
AT_ONCE_US = 2 * DAY_US


async def recompute_next(
    connection: AsyncConnection, unsaved: Unsaved, *, quiet_s: float, patience_s: float
) -> DirtyStretch | None:
    """Take the device that has waited longest, if any; the stretch that was computed again.

    Of a long stretch, such as the season of a device that was registered late, the first days; the rest waits. Where
    the stretch holds the device's newest fix, the live engine goes on from the state computed here. Either way the
    device is saved, so that its stored state does not lie before stored results. By a registry that is not the
    engine's, nothing is computed: stretches stay marked until the engine has it.
    """
    work = await next_dirty(connection, quiet_s=quiet_s, patience_s=patience_s)
    if work is None:
        return None
    device, asked, engine = work.stretch.device, work.stretch, unsaved.engine
    async with connection.transaction():
        await hold_device(connection, device)
        # Looked at after the marks were read: a change that made one of them is not missed.
        if await fleet_version(connection) != engine.fleet.version:
            return None
        portion = replace(asked, to_us=min(asked.to_us, asked.from_us + AT_ONCE_US))
        clocks = await read_device_clocks(connection, device)
        stretch = widen_to_now(engine, await widen_to_tracks(connection, clocks, portion, engine.policy.cut_us))
        again = recompute(engine, stretch, await read_observed(connection, clocks, stretch))
        results = Results(passes=again.passes, activities=again.activities, tracks=again.tracks)
        await replace_results(connection, engine, stretch, results)
        unsaved.drop(stretch)
        await clear_dirty(connection, work)
        # From the next instant on, though no track goes on there: what is stored may be of another time.
        rest = replace(asked, from_us=stretch.to_us + 1)
        if rest.from_us <= rest.to_us:
            await mark_dirty(connection, [rest])
        if again.kept is not None:
            engine.restore(device, again.kept)
        await save(connection, engine, unsaved.collect([device]))
    return stretch


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
