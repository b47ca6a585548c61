"""Results of one device beside what they were before: cut where neither has anything, and counted."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from typing import Self

import numpy as np

from snowtrack.model.intervals import Interval, union
from snowtrack.model.passes import PassBatch
from snowtrack.model.tracks import DirtyStretch, TrackBatch
from snowtrack.model.work import Activity, ActivityBatch, Work

Row = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What the fixes of a device come to."""

    passes: PassBatch = field(default_factory=PassBatch.empty)
    activities: ActivityBatch = field(default_factory=ActivityBatch.empty)
    tracks: TrackBatch = field(default_factory=TrackBatch.empty)

    @classmethod
    def concat(cls, parts: Iterable["Results"]) -> Self:
        """One after the other; of a track that was told of twice, what was said last."""
        known = list(parts)
        tracks = TrackBatch.concat(part.tracks for part in known)
        last = {(row[0], row[1]): at for at, row in enumerate(tracks.rows())}
        return cls(
            passes=PassBatch.concat(part.passes for part in known),
            activities=ActivityBatch.concat(part.activities for part in known),
            tracks=tracks.take(np.array(sorted(last.values()), np.int64)),
        )

    def begun_in(self, from_us: int, to_us: int) -> "Results":
        """What began from one instant to another, both included."""

        def chosen(batch: PassBatch | ActivityBatch | TrackBatch) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
            return (batch.started_us >= from_us) & (batch.started_us <= to_us)

        return Results(
            passes=self.passes.take(chosen(self.passes)),
            activities=self.activities.take(chosen(self.activities)),
            tracks=self.tracks.take(chosen(self.tracks)),
        )

    def spans(self) -> Iterator[Interval]:
        for batch in (self.passes, self.activities, self.tracks):
            yield from zip(batch.started_us.tolist(), (batch.ended_us + 1).tolist(), strict=True)

    def rows(self, *, tracks: bool = True) -> tuple[list[Row], ...]:
        """The same for the same results."""
        return (
            sorted(self.passes.rows()),
            sorted(self.activities.rows()),
            sorted(self.tracks.rows()) if tracks else [],
        )

    def __len__(self) -> int:
        return len(self.passes) + len(self.activities) + len(self.tracks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A stretch outside of which neither has anything near, with what was there and what is there now."""

    stretch: DirtyStretch
    before: Results
    after: Results


def pairs(device: int, before: Results, after: Results) -> list[Pair]:
    """All results, in stretches that can be replaced each by itself."""
    found = []
    for start_us, end_us in union([*before.spans(), *after.spans()]):
        stretch = DirtyStretch(device=device, from_us=start_us, to_us=end_us - 1)
        own = [side.begun_in(stretch.from_us, stretch.to_us) for side in (before, after)]
        found.append(Pair(stretch=stretch, before=own[0], after=own[1]))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How much is there, and how much of it differs. A pass that changed is on the same road at the same time."""

    passes_before: int = 0
    passes_after: int = 0
    added: int = 0
    removed: int = 0
    changed: int = 0
    ploughed_mm_before: int = 0
    ploughed_mm_after: int = 0
    working_us_before: int = 0
    working_us_after: int = 0

    @classmethod
    def of(cls, before: Results, after: Results) -> Self:
        added, removed, changed = _differing(before.passes, after.passes)
        return cls(
            passes_before=len(before.passes),
            passes_after=len(after.passes),
            added=added,
            removed=removed,
            changed=changed,
            ploughed_mm_before=_ploughed_mm(before.passes),
            ploughed_mm_after=_ploughed_mm(after.passes),
            working_us_before=_working_us(before.activities),
            working_us_after=_working_us(after.activities),
        )

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(**{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(Tally)})


def _ploughed_mm(passes: PassBatch) -> int:
    long_mm = passes.to_mm.astype(np.int64) - passes.from_mm
    return int(long_mm[passes.work == Work.PLOUGHING].sum())


def _working_us(activities: ActivityBatch) -> int:
    return int((activities.ended_us - activities.started_us)[activities.activity == Activity.WORKING].sum())


def _differing(before: PassBatch, after: PassBatch) -> tuple[int, int, int]:
    """How many passes are new, are gone, and are others than before."""
    was, is_ = Counter(before.rows()), Counter(after.rows())
    gone, new = _by_place((was - is_).elements()), _by_place((is_ - was).elements())
    changed = sum(_meeting(own, new[place]) for place, own in gone.items() if place in new)
    count = sum(map(len, new.values())), sum(map(len, gone.values()))
    return count[0] - changed, count[1] - changed, changed


def _by_place(rows: Iterable[Row]) -> dict[tuple[int, ...], list[Interval]]:
    """When there were passes of each work on each segment, and which way."""
    found = defaultdict(list)
    for _, segment, direction, _, _, started_us, ended_us, work, *_ in rows:
        found[segment, direction, work].append((started_us, ended_us))
    return {place: sorted(times) for place, times in found.items()}


def _meeting(ones: list[Interval], others: list[Interval]) -> int:
    """How many of the ones have another to themselves that shares an instant with them."""
    count = at = 0
    for start_us, end_us in ones:
        while at < len(others) and others[at][1] < start_us:
            at += 1
        if at < len(others) and others[at][0] <= end_us:
            count, at = count + 1, at + 1
    return count
