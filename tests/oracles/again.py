"""A stretch computed again in one go, while nothing else happens."""

from snowtrack.model.tracks import DirtyStretch, ObservedBatch
from snowtrack.pipeline.engine import Engine
from snowtrack.pipeline.replay import Again, Recomputed


def recompute(engine: Engine, stretch: DirtyStretch, fixes: ObservedBatch) -> Recomputed:
    again = Again(engine, stretch, goes_on=engine.newest_us(stretch.device) <= stretch.to_us)
    again.take(fixes)
    return again.over()
