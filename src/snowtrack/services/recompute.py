"""Dirty stretches: compute the passes of whole tracks again from the stored fixes, and replace them in one go."""

from psycopg import AsyncConnection

from snowtrack.model.tracks import DirtyStretch
from snowtrack.pipeline.engine import Engine
from snowtrack.pipeline.replay import recompute, widen_to_now
from snowtrack.store.devices import save_kept
from snowtrack.store.fixes import read_fixes
from snowtrack.store.passes import clear_dirty, next_dirty, replace_passes, widen_to_tracks


async def recompute_next(
    connection: AsyncConnection, engine: Engine, *, quiet_s: float, patience_s: float
) -> DirtyStretch | None:
    """Take the device that has waited longest, if any; the stretch that was computed again.

    Where the stretch holds the device's newest fix, the live engine goes on from the state computed here.
    """
    work = await next_dirty(connection, quiet_s=quiet_s, patience_s=patience_s)
    if work is None:
        return None
    stretch = widen_to_now(engine, await widen_to_tracks(connection, work.stretch, engine.policy.cut_us))
    fixes = await read_fixes(connection, stretch.device, stretch.from_us, stretch.to_us)
    again = recompute(engine, stretch, fixes)
    async with connection.transaction():
        await replace_passes(connection, stretch, again.passes)
        await clear_dirty(connection, work)
        if again.kept is not None:
            await save_kept(connection, stretch.device, engine.network.network_id, again.kept)
    if again.kept is not None:
        engine.restore(stretch.device, again.kept)
    return stretch
