"""What is known of segments, and by which labels it is told. These are made when they are read: `clearance.labels`."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import numpy as np

from snowtrack.model.columns import Columns, Int8s, Int16s, Int32s, Int64s
from snowtrack.model.intervals import Intervals

ANY_DIRECTION = 0


class Label(StrEnum):
    """What a reader is told, from what has to be known first to the most reassuring. Of two directions, the one that
    comes first here speaks for the segment."""

    CLOSED = "closed"
    UNKNOWN = "unknown"
    UNDER_WAY = "under_way"
    DUE = "due"
    NEVER = "never"
    PARTLY = "partly"
    SNOWED_OVER = "snowed_over"
    AGED = "aged"
    DONE = "done"


LABELS = tuple(Label)
"""A label's place in here is its number in arrays."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StateBatch(Columns):
    """Facts of segments in a direction since the event began, ordered by both; `ANY_DIRECTION` where one pass clears
    the whole width, or where it is not known which way it was driven.

    `covered_mm` has had the needed number of passes. `passes` is how many ploughed the metre that most did, `first_us`
    to `last_us` is when. `done_us` is when enough of the length had been covered; `fresh_us`, as of when it is done, is
    the latest instant since which enough of it has been covered anew. `evidence` is the strongest on which enough of
    what is covered rests; `confidence` the mean over what is covered of the best there, in thousandths. Spreading
    covers nothing and is counted by itself.
    """

    segment_id: Int64s
    direction: Int8s
    length_mm: Int32s
    covered_mm: Int32s
    passes: Int32s
    first_us: Int64s
    last_us: Int64s
    done_us: Int64s
    fresh_us: Int64s
    evidence: Int8s
    confidence: Int16s
    last_device: Int32s
    spread_us: Int64s
    spreads: Int32s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stretches:
    """What is covered: that of row i lies at `offsets[i] … offsets[i + 1] - 1`, in order and disjoint."""

    offsets: Int64s
    from_mm: Int32s
    to_mm: Int32s

    @classmethod
    def of_all(cls, rows: Sequence[Intervals]) -> Self:
        pieces = [piece for row in rows for piece in row]
        from_mm, to_mm = np.array(pieces, np.int32).reshape(-1, 2).T
        return cls(offsets=np.cumsum([0, *map(len, rows)]), from_mm=from_mm, to_mm=to_mm)

    def of(self, row: int) -> Intervals:
        part = slice(self.offsets[row], self.offsets[row + 1])
        return tuple(zip(self.from_mm[part].tolist(), self.to_mm[part].tolist(), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class States:
    """Facts, and beside each row what is covered."""

    facts: StateBatch
    covered: Stretches

    def __len__(self) -> int:
        return len(self.facts)
