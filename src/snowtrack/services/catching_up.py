"""After a stop in the middle: the stages go on from their saved state over the fixes that are stored beyond it."""

import structlog
from psycopg import AsyncConnection

from snowtrack import wall_clock
from snowtrack.model.calendar import DAY_US
from snowtrack.model.tracks import DirtyStretch
from snowtrack.pipeline.engine import Engine
from snowtrack.pipeline.replay import in_order
from snowtrack.services.checkpoints import Unsaved
from snowtrack.services.known_devices import Behind
from snowtrack.store.clocks import read_device_clocks
from snowtrack.store.observed import read_candidates
from snowtrack.store.passes import mark_dirty
from snowtrack.tracks.clock import latest_trusted, observe
from snowtrack.tracks.learning import learn

log = structlog.get_logger()


async def catch_up(connection: AsyncConnection, engine: Engine, unsaved: Unsaved, behind: Behind) -> None:
    """What comes of it is unsaved, as it was before."""
    latest: dict[int, int] = {}
    until_us = wall_clock.now_us() + DAY_US
    for device in behind.devices:
        stored = DirtyStretch(device=device, from_us=engine.settled_us(device), to_us=until_us)
        clocks = await read_device_clocks(connection, device)
        fixes = await read_candidates(connection, clocks, stored)
        moved = learn(clocks, fixes)
        observed = observe(fixes, clocks)
        observed = observed.take(observed.observed_us >= stored.from_us)
        outputs = engine.on_observed(in_order(observed.take(engine.unseen(observed))))
        await mark_dirty(connection, (*moved, *outputs.dirty))
        engine.clocks.update(clocks)
        unsaved.add(outputs)
        latest |= latest_trusted(observed)
    newest = max(unsaved.batch, behind.batch)  # no number comes twice, whosever devices these are now
    unsaved.note(behind.journal, latest)
    unsaved.batch = newest
    if behind.devices:
        log.info("took up what was not saved", devices=len(behind.devices), fixes=int(behind.journal.fixes.sum()))
