"""Stored fixes of a stretch to their passes: the same stages, over whole tracks at once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

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


class Moment(NamedTuple):
    """How far the live engine is with a device: its newest instant, and up to where its fixes are settled."""

    newest_us: int
    settled_us: int


def moment_of(engine: Engine, device: int) -> Moment:
    return Moment(engine.newest_us(device), engine.settled_us(device))


def widen_to_now(moment: Moment, stretch: DirtyStretch) -> DirtyStretch:
    """Up to the device's newest fix when the live engine has settled nothing after the stretch.

    The pass that the engine still holds open then lies within the stretch, even if a new track has begun.
    """
    if moment.settled_us > stretch.to_us:
        return stretch
    return replace(stretch, to_us=max(stretch.to_us, moment.newest_us))


class Again:
    """A stretch computed again, which begins with a track, from all its fixes. The live engine is only asked: when this
    is begun, and whether what it said then still holds when this takes its place. It goes on from here when the stretch
    holds the device's newest fix.

    What the live engine holds open of an earlier track, when it has settled nothing since, ends before the stretch.
    """

    def __init__(self, engine: Engine, stretch: DirtyStretch, *, goes_on: bool) -> None:
        self.stretch = stretch
        self.goes_on = goes_on
        self.engine = Engine(engine.network, engine.policy)
        self.engine.use(engine.fleet)
        device = stretch.device
        settled_us = engine.settled_us(device)
        self.open_us = settled_us if self.goes_on and settled_us < stretch.from_us else 0
        if self.open_us:
            self.engine.restore(device, engine.snapshot(device))
        self.found = [self.engine.end_track(device)]
        self.engine.begin(device, stretch.from_us)

    def take(self, fixes: ObservedBatch) -> None:
        """All that was observed in the stretch."""
        self.found.append(self.engine.on_observed(in_order(fixes)))

    def holds(self, engine: Engine) -> bool:
        """Whether the live engine has not ended by itself what ends before the stretch, nor knows other machines."""
        same = self.engine.fleet.version == engine.fleet.version
        return same and self.open_us in (0, engine.settled_us(self.stretch.device))

    def since_us(self) -> int:
        """From when on fixes can go on from it that came after those taken."""
        return max(self.engine.settled_us(self.stretch.device), self.stretch.from_us)

    def go_on(self, newest_us: int, fixes: ObservedBatch) -> None:
        """Up to the device's newest fix, over what is stored since then."""
        self.stretch = replace(self.stretch, to_us=max(self.stretch.to_us, newest_us))
        self.take(fixes.take(self.engine.unseen(fixes)))

    def over(self) -> Recomputed:
        device = self.stretch.device
        found = [*self.found, Outputs.nothing() if self.goes_on else self.engine.flush([device])]
        return Recomputed(
            passes=PassBatch.concat([one.passes for one in found]),
            activities=ActivityBatch.concat([one.activities for one in found]),
            tracks=TrackBatch.concat([one.tracks for one in found]),
            kept=self.engine.snapshot(device) if self.goes_on else None,
        )
