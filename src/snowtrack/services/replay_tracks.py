"""One device after the other, one run of tracks at a time: what its fixes come to, beside what is stored, and why."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from psycopg import AsyncConnection

from snowtrack.model.calendar import DAY_US
from snowtrack.model.columns import Bools
from snowtrack.model.tracks import DirtyStretch, ObservedBatch
from snowtrack.pipeline.basis import Basis, Reason
from snowtrack.pipeline.comparison import Pair, Results, pairs
from snowtrack.pipeline.engine import Engine, Outputs
from snowtrack.pipeline.replay import in_order
from snowtrack.services.replay_source import DeviceFixes, FixSource, within
from snowtrack.store.basis import TrackBasis, basis_in_use, known_tracks, read_track_bases
from snowtrack.store.replays import REACH_US_MAX, Held, Replayed, read_dirty, read_held, read_reach, read_results

# So much is looked at together, and more where a track goes on.
PORTION_US = DAY_US
FIXES_AT_ONCE = 20_000
NEVER_US = 2**62

Reasons = tuple[tuple[Reason, str], ...]
"""Why something differs, and what it was and is now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a stretch. `differs` says why it is not what it was, and nothing where it is; `stale`, whether
    what is noted of it is out of date. What is `held` open by ingest is not ours to replace. What has lost its fixes
    is `bereft`: it stays as it is, also in the pair."""

    pair: Pair
    differs: Reasons
    stale: bool
    held: bool
    bereft: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """A stretch of a device that ends where its tracks do. From `held_us` on it is held open by ingest."""

    stretch: DirtyStretch
    fixes: DeviceFixes
    held: Held | None = None
    held_us: int = NEVER_US


class Replay:
    """Computes again, with what is valid now, what a source has. Writes nothing.

    Each portion is looked at in a transaction of whoever asks, so that fixes and results are those of one moment.
    """

    def __init__(self, connection: AsyncConnection, engine: Engine, source: FixSource, *, archived: bool) -> None:
        self.connection = connection
        self.engine = engine
        self.source = source
        self.archived = archived

    async def portion(self, device: Replayed, from_us: int, to_us: int) -> Portion:
        """The first portion of a range: whole tracks, as they are now and as they are stored."""
        fixes = await self.source.of_device(device)
        held = None if self.archived else await read_held(self.connection, device)
        asked = DirtyStretch(device=device.number, from_us=from_us, to_us=min(to_us, from_us + PORTION_US))
        stretch = await self._widened(fixes, asked)
        if held is None or held.settled_us > stretch.to_us:
            return Portion(stretch=stretch, fixes=fixes)
        if held.newest_us > stretch.to_us:
            # What is not settled of a later track may end a pass of this one.
            later = DirtyStretch(device=device.number, from_us=stretch.from_us, to_us=held.newest_us)
            stretch = await self._widened(fixes, later)
        used = await basis_in_use(self.connection)
        cut_us = max(self.engine.policy.cut_us, 0 if used is None else used.settings.get("cut_us", 0))
        settled = DirtyStretch(device=device.number, from_us=held.settled_us, to_us=held.settled_us)
        opened = await fixes.whole_tracks(settled, cut_us)
        return Portion(stretch=stretch, fixes=fixes, held=held, held_us=opened.from_us)

    async def outcomes(self, portion: Portion) -> list[Outcome]:
        """What the fixes of a portion come to, stretch by stretch."""
        stretch, held_us = portion.stretch, portion.held_us
        before = await read_results(self.connection, stretch)
        bases = await read_track_bases(self.connection, stretch)
        dirty = await read_dirty(self.connection, stretch)
        fixes = await portion.fixes.observed(stretch)
        after = self._after(portion, fixes)
        found = []
        for pair in pairs(stretch.device, before, after):
            is_held = pair.stretch.to_us >= held_us
            # Of a track that goes on it depends on the batches that it came in what was told of it so far.
            same = pair.before.rows(tracks=not is_held) == pair.after.rows(tracks=not is_held)
            if not same and self._is_bereft(portion, pair, fixes):
                kept = replace(pair, after=pair.before)
                found.append(Outcome(pair=kept, differs=((Reason.NO_FIXES, ""),), stale=False, held=False, bereft=True))
                continue
            own = [one for one in bases if pair.stretch.from_us <= one.started_us <= pair.stretch.to_us]
            # An open track has fixes where it has no results yet.
            around = (held_us, stretch.to_us) if is_held else (pair.stretch.from_us, pair.stretch.to_us)
            waits = any(start <= around[1] and around[0] < end for start, end in dirty)
            reasons = () if same else await self._reasons(pair, own, waits=waits)
            stale = any(one.basis != Basis.of(self.engine) for one in own)
            found.append(Outcome(pair=pair, differs=reasons, stale=stale, held=is_held))
        return found

    def _is_bereft(self, portion: Portion, pair: Pair, fixes: ObservedBatch) -> bool:
        """Whether there are fewer fixes at hand than stored tracks were made of, or none anywhere near; or whether some
        may be in files that are not."""
        around = pair.stretch.widened(self.engine.policy.cut_us)
        if portion.fixes.lacks(around):
            return True
        if self.archived or not len(pair.before):
            return False
        near = within(fixes, around)
        return not len(near) or len(within(near, pair.stretch)) < int(pair.before.tracks.fixes.sum())

    def _after(self, portion: Portion, fixes: ObservedBatch) -> Results:
        """Of what is open, as far as ingest has settled it."""
        held, held_us = portion.held, portion.held_us
        if held is None or not held.readable:
            return self.compute(fixes, flush=True)
        opened = fixes.observed_us >= held_us
        known = _up_to(fixes, held.last) if held.provisional else fixes.observed_us <= held.newest_us
        settled = opened & known
        return Results.concat(
            [
                self.compute(fixes.take(~opened), flush=True),
                self.compute(fixes.take(settled), flush=held.provisional),
            ]
        )

    def compute(self, fixes: ObservedBatch, *, flush: bool) -> Results:
        """What the fixes of whole tracks come to; the last one ends with them unless it goes on."""
        if not len(fixes):
            return Results()
        device, ordered, engine = int(fixes.device[0]), in_order(fixes), self.engine
        engine.forget(device)
        engine.begin(device, int(ordered.observed_us[0]))
        parts = [
            _results(engine.on_observed(ordered.take(slice(at, at + FIXES_AT_ONCE))))
            for at in range(0, len(ordered), FIXES_AT_ONCE)
        ]
        if flush:
            parts.append(_results(engine.flush([device])))
        engine.forget(device)
        return Results.concat(parts)

    async def _widened(self, fixes: DeviceFixes, stretch: DirtyStretch) -> DirtyStretch:
        """To whole tracks, and to the end of all results that lie in these or begin where these may go on."""
        cut_us = self.engine.policy.cut_us
        longest = stretch.widened(REACH_US_MAX)
        while True:
            whole = await fixes.whole_tracks(stretch, cut_us)
            reach = await read_reach(self.connection, whole.widened(cut_us))
            if reach is None or not longest.encloses(whole):
                return whole
            from_us, to_us = min(reach[0], whole.from_us), max(reach[1], whole.to_us)
            if (from_us, to_us) == (whole.from_us, whole.to_us):
                return whole
            stretch = DirtyStretch(device=stretch.device, from_us=from_us, to_us=to_us)

    async def _reasons(self, pair: Pair, bases: Sequence[TrackBasis], *, waits: bool) -> Reasons:
        found: dict[Reason, str] = {}
        now = Basis.of(self.engine)
        for track in bases:
            if track.basis is None:
                found[Reason.NOT_NOTED] = ""
            else:
                found |= track.basis.differs(now)
        was = {track.started_us: track.known_as for track in bases if track.basis is not None}
        tracks = pair.after.tracks
        for start_us, is_ in zip(tracks.started_us.tolist(), known_tracks(self.engine.fleet, tracks), strict=True):
            if was.get(start_us, is_) != is_:
                found[Reason.REGISTRY] = f"{was[start_us]} → {is_}"
        if waits:
            found[Reason.WAITING] = ""
        if self.archived and sum(pair.before.tracks.fixes.tolist()) != sum(tracks.fixes.tolist()):
            found[Reason.OTHER_FIXES] = ""
        if not found and not bases and len(pair.before):
            found = await self._of_the_open(now)
        return tuple(sorted(found.items())) or ((Reason.UNEXPLAINED, ""),)

    async def _of_the_open(self, now: Basis) -> dict[Reason, str]:
        """Of a track that goes on nothing is noted yet, but with what ingest computes."""
        used = await basis_in_use(self.connection)
        if used is None:
            return {Reason.NOT_NOTED: ""}
        version = f"version {used.fleet_version} → {now.fleet_version}"
        registry = {} if used.fleet_version == now.fleet_version else {Reason.REGISTRY: version}
        return used.differs(now) | registry


def _up_to(fixes: ObservedBatch, last: tuple[int, ...]) -> Bools:
    """Where fixes come no later than this one, in a device's order."""
    earlier, equal = np.zeros(len(fixes), np.bool_), np.ones(len(fixes), np.bool_)
    for column, value in zip((fixes.observed_us, fixes.boot, fixes.seq, fixes.digest), last, strict=True):
        earlier |= equal & (column < value)
        equal &= column == value
    return earlier | equal


def _results(outputs: Outputs) -> Results:
    return Results(passes=outputs.passes, activities=outputs.activities, tracks=outputs.tracks)
