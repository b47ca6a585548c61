"""Stored fixes of a stretch to their passes: the same stages, over whole tracks at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from snowtrack.model.columns import Int64s
from snowtrack.model.passes import PassBatch
from snowtrack.model.tracks import DirtyStretch, ObservedBatch, TrackBatch
from snowtrack.model.work import ActivityBatch
from snowtrack.pipeline.engine import Engine, Outputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed:
    """What became of a stretch, and what the live engine goes on from when it holds the device's newest fix."""

    passes: PassBatch
    activities: ActivityBatch
    tracks: TrackBatch
    kept: Mapping[str, Any] | None


def in_order(fixes: ObservedBatch) -> ObservedBatch:
    """Observed order: time, boot, sequence, bytes."""
    return fixes.take(np.lexsort((fixes.digest, fixes.seq, fixes.boot, fixes.observed_us)))


def whole_tracks(stretch: DirtyStretch, observed_us: Int64s, cut_us: int) -> DirtyStretch:
    """From the start of the track that the stretch begins in to the end of the one it ends in."""
    times = np.unique(np.concatenate([observed_us, [stretch.from_us, stretch.to_us]]))
    opens = np.concatenate([[True], np.diff(times) > cut_us])
    closes = np.concatenate([opens[1:], [True]])
    first = np.flatnonzero(opens & (times <= stretch.from_us))[-1]
    last = np.flatnonzero(closes & (times >= stretch.to_us))[0]
    return DirtyStretch(device=stretch.device, from_us=int(times[first]), to_us=int(times[last]))


def widen_to_now(engine: Engine, stretch: DirtyStretch) -> DirtyStretch:
    """Up to the device's newest fix when the live engine has settled nothing after the stretch.

    The pass that the engine still holds open then lies within the stretch, even if a new track has begun.
    """
    if engine.settled_us(stretch.device) > stretch.to_us:
        return stretch
    newest_us = max(stretch.to_us, engine.newest_us(stretch.device))
    return DirtyStretch(device=stretch.device, from_us=stretch.from_us, to_us=newest_us)


def recompute(engine: Engine, stretch: DirtyStretch, fixes: ObservedBatch) -> Recomputed:
    """Compute a stretch again, which begins with a track, from all its fixes. The live engine is only asked.

    What it holds open of an earlier track, when it has settled nothing since, ends before the stretch.
    """
    device = stretch.device
    again = Engine(engine.network, engine.policy)
    again.use(engine.fleet)
    goes_on = engine.newest_us(device) <= stretch.to_us
    if goes_on and 0 < engine.settled_us(device) < stretch.from_us:
        again.restore(device, engine.snapshot(device))
    ended = again.end_track(device)
    again.begin(device, stretch.from_us)
    found = again.on_observed(in_order(fixes))
    rest = Outputs.nothing() if goes_on else again.flush([device])
    return Recomputed(
        passes=PassBatch.concat([ended.passes, found.passes, rest.passes]),
        activities=ActivityBatch.concat([ended.activities, found.activities, rest.activities]),
        tracks=TrackBatch.concat([ended.tracks, found.tracks, rest.tracks]),
        kept=again.snapshot(device) if goes_on else None,
    )
