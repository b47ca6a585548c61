"""What is known of a segment. Labels are made from these facts when they are read, see `clearance.labels`."""

from dataclasses import dataclass
from enum import StrEnum

from snowtrack.model.intervals import Intervals, total
from snowtrack.model.passes import Evidence

ANY_DIRECTION = 0


class Label(StrEnum):
    """What a reader is told; from least to most reassuring."""

    UNKNOWN = "unknown"
    NEVER = "never"
    PARTLY = "partly"
    UNDER_WAY = "under_way"
    AGED = "aged"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectionFacts:
    """Facts of one segment in one direction since the event began. `ANY_DIRECTION` where directions do not matter."""

    segment_id: int
    direction: int
    covered_mm: Intervals
    length_mm: int
    passes: int
    first_us: int
    last_us: int
    done_us: int | None
    evidence: Evidence
    last_device: int

    @property
    def share_permille(self) -> int:
        """How much of the length is covered, rounded down so that 1000 means all of it."""
        return total(self.covered_mm) * 1000 // self.length_mm
