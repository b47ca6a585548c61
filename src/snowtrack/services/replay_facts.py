"""What other passes would make of segments: their facts before and after, event by event."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from psycopg import AsyncConnection

from snowtrack.clearance.events import Event
from snowtrack.clearance.fold import fold
from snowtrack.clearance.segments import Segments
from snowtrack.model.columns import Bools, Int64s, present
from snowtrack.model.passes import PassBatch
from snowtrack.model.states import StateBatch, States
from snowtrack.network.arrays import Network
from snowtrack.pipeline.comparison import Pair, Results
from snowtrack.store.outlook import Outlook
from snowtrack.store.passes import read_segment_passes

EXAMPLES = 10


class Standing(StrEnum):
    """How far a segment is, in a direction."""

    NOTHING = "nothing"
    PARTLY = "partly"
    DONE = "done"


Move = tuple[Standing, Standing]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFacts:
    """An event, and which of its facts differ: how many directions of segments and of which length stand elsewhere, the
    roads with most of them, and in how many only times, shares or evidence are others."""

    event: Event
    segments: int
    moved: dict[Move, int] = field(default_factory=dict)
    moved_mm: dict[Move, int] = field(default_factory=dict)
    roads: Sequence[tuple[str, Move, int]] = ()
    otherwise: int = 0


class ChangedPasses:
    """The stretches that differ, with their passes before and after. A pass takes about 50 bytes, so all are kept."""

    def __init__(self) -> None:
        self.pairs: list[Pair] = []

    def add(self, pair: Pair) -> None:
        before, after = (Results(passes=side.passes) for side in (pair.before, pair.after))
        self.pairs.append(Pair(stretch=pair.stretch, before=before, after=after))

    def segments(self) -> Int64s:
        """All that such a pass is on, or was."""
        parts = [side.passes.segment_id for pair in self.pairs for side in (pair.before, pair.after)]
        return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int64)

    def around(self, stored: PassBatch) -> PassBatch:
        """Of stored passes those that lie in none of these stretches: whichever is stored, before or after."""
        spans = defaultdict(list)
        for pair in self.pairs:
            spans[pair.stretch.device].append((pair.stretch.from_us, pair.stretch.to_us))
        inside = np.zeros(len(stored), np.bool_)
        for device in set(np.unique(stored.device).tolist()) & spans.keys():
            own = np.flatnonzero(stored.device == device)
            starts, ends = np.array(sorted(spans[device]), np.int64).T
            at = np.searchsorted(starts, stored.started_us[own], side="right") - 1
            inside[own] = (at >= 0) & (stored.started_us[own] <= ends[np.maximum(at, 0)])
        return stored.take(~inside)

    def on(self, segments: Int64s, *, after: bool) -> PassBatch:
        sides = (pair.after if after else pair.before for pair in self.pairs)
        passes = PassBatch.concat(side.passes for side in sides)
        return passes.take(np.isin(passes.segment_id, segments))


class Facts:
    """The facts of one event, folded from stored passes with those that changed in place of theirs."""

    def __init__(self, connection: AsyncConnection, outlook: Outlook, event: Event, until_us: int | None) -> None:
        self.connection = connection
        self.outlook = outlook
        self.event = event
        self.until_us = until_us
        self.segments = Segments.of(outlook.network, outlook.table(event.start_us))

    async def fold(self, segments: Int64s, changed: ChangedPasses) -> tuple[States, States]:
        """Before and after."""
        known = segments[self.segments.places(segments) >= 0]
        span = self.event.start_us, self.until_us
        stored = await read_segment_passes(self.connection, known.tolist(), *span)
        around = changed.around(stored)
        sides = (PassBatch.concat([around, changed.on(known, after=after)]) for after in (False, True))
        before, after = (fold(self._counting(passes), self.segments) for passes in sides)
        return before, after

    def _counting(self, passes: PassBatch) -> PassBatch:
        """Those of the event that count."""
        own = passes.ended_us >= self.event.start_us
        if self.until_us is not None:
            own &= passes.ended_us < self.until_us
        chosen = passes.take(own)
        return chosen.take(self.outlook.credited(chosen, self.segments.rows(chosen.segment_id)))


def events_at(events: Sequence[Event], from_us: int, to_us: int) -> Iterator[tuple[Event, int | None]]:
    """The events that a time range has a part in, each with when the next one began."""
    nexts = [*(event.start_us for event in events[1:]), None]
    for event, until_us in zip(events, nexts, strict=False):
        if event.start_us <= to_us and (event.end_us is None or event.end_us >= from_us):
            yield event, until_us


async def compare_facts(facts: Facts, changed: ChangedPasses, at_once: int) -> EventFacts:
    """What differs on all segments with passes that changed, so many of them in one go."""
    segments = changed.segments()
    moved: Counter[Move] = Counter()
    moved_mm: Counter[Move] = Counter()
    roads: Counter[tuple[str, Move]] = Counter()
    touched = otherwise = 0
    for first in range(0, len(segments), at_once):
        before, after = await facts.fold(segments[first : first + at_once], changed)
        both = _side_by_side(before.facts, after.facts)
        differs = ~_same(*both)
        touched += len(np.unique(both[0].segment_id[differs]))
        for row in np.flatnonzero(differs).tolist():
            move = (_standing(both[0], row), _standing(both[1], row))
            if move[0] == move[1]:
                otherwise += 1
                continue
            long_mm = int(max(side.length_mm[row] for side in both))
            moved[move] += 1
            moved_mm[move] += long_mm
            roads[_road(facts.outlook.network, int(both[0].segment_id[row])), move] += long_mm
    largest = sorted(roads.items(), key=lambda one: (-one[1], one[0]))[:EXAMPLES]
    return EventFacts(
        event=facts.event,
        segments=touched,
        moved=dict(moved),
        moved_mm=dict(moved_mm),
        roads=[(name, move, long_mm) for (name, move), long_mm in largest],
        otherwise=otherwise,
    )


def _side_by_side(*sides: StateBatch) -> tuple[StateBatch, ...]:
    """Rows for the same segments and directions; where one side has no facts, there is nothing in them."""
    keys = sorted({key for side in sides for key in _keys(side)})
    found = []
    for side in sides:
        rows = {key: at for at, key in enumerate(_keys(side))}
        blank = StateBatch.of(1, covered_mm=np.zeros(1, np.int32), length_mm=np.zeros(1, np.int32))
        padded = StateBatch.concat([side, blank])
        chosen = padded.take(np.array([rows.get(key, len(side)) for key in keys], np.int64))
        columns = {name: getattr(chosen, name) for name in StateBatch.dtypes()}
        columns["segment_id"] = np.array([segment for segment, _ in keys], np.int64)
        columns["direction"] = np.array([direction for _, direction in keys], np.int8)
        found.append(StateBatch(**columns))
    return tuple(found)


def _keys(facts: StateBatch) -> Iterable[tuple[int, int]]:
    return zip(facts.segment_id.tolist(), facts.direction.tolist(), strict=True)


def _same(one: StateBatch, other: StateBatch) -> Bools:
    same = np.ones(len(one), np.bool_)
    for name in StateBatch.dtypes():
        same &= getattr(one, name) == getattr(other, name)
    return same


def _standing(facts: StateBatch, row: int) -> Standing:
    if present(facts.done_us[row : row + 1])[0]:
        return Standing.DONE
    return Standing.PARTLY if facts.covered_mm[row] > 0 else Standing.NOTHING


def _road(network: Network, segment_id: int) -> str:
    """What people call it."""
    row = int(network.rows_of([segment_id])[0])
    name = network.text(int(network.name_text[row])) or network.text(int(network.route_text[row]))
    return name or f"segment {segment_id}"
