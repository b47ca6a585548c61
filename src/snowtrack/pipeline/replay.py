"""Stored fixes of a stretch to their passes: the same stages, over whole tracks at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from snowtrack.model.fixes import FixBatch
from snowtrack.model.passes import PassBatch
from snowtrack.model.tracks import DirtyStretch
from snowtrack.pipeline.engine import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed:
    """The passes of a stretch, and what the live engine goes on from when the stretch holds the device's newest fix."""

    passes: PassBatch
    kept: Mapping[str, Any] | None


def in_order(fixes: FixBatch) -> FixBatch:
    """Observed order: time, boot, sequence, bytes."""
    return fixes.take(np.lexsort((fixes.digest, fixes.seq, fixes.boot, fixes.time_us)))


def widen_to_now(engine: Engine, stretch: DirtyStretch) -> DirtyStretch:
    """Up to the device's newest fix when the live engine has settled nothing after the stretch.

    The pass that the engine still holds open then lies within the stretch, even if a new track has begun.
    """
    if engine.settled_us(stretch.device) > stretch.to_us:
        return stretch
    newest_us = max(stretch.to_us, engine.newest_us(stretch.device))
    return DirtyStretch(device=stretch.device, from_us=stretch.from_us, to_us=newest_us)


def recompute(engine: Engine, stretch: DirtyStretch, fixes: FixBatch) -> Recomputed:
    """Compute a stretch again, which begins with a track, from all its fixes. The live engine is only asked."""
    again = Engine(engine.network, engine.policy)
    again.begin(stretch.device, stretch.from_us)
    passes = again.on_batch(in_order(fixes)).passes
    if engine.newest_us(stretch.device) <= stretch.to_us:
        return Recomputed(passes=passes, kept=again.snapshot(stretch.device))
    return Recomputed(passes=PassBatch.concat([passes, again.flush([stretch.device]).passes]), kept=None)
