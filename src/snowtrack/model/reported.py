"""What managers report of segments that no tracker tells of."""

from dataclasses import dataclass
from typing import NamedTuple

from snowtrack.model.work import Work


class ReportedWork(NamedTuple):
    """One segment of a report that holds; `direction` is `ANY_DIRECTION` where it is of all that the segment has."""

    agency: str
    segment_id: int
    direction: int
    work: Work
    from_us: int
    to_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Pairs of segment and direction, what was done on them, and when; `said_by` is free text, `received_us` ours.

    One that `corrects` another stands in its place, and takes it back where it has no segments.
    """

    agency: str
    ways: tuple[tuple[int, int], ...]
    work: Work
    from_us: int
    to_us: int
    said_by: str
    note: str = ""
    corrects: int | None = None
    number: int = 0
    corrected_by: int | None = None
    received_us: int = 0
