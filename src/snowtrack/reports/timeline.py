"""How a machine spent its day: spans of activity and the holes between them, which add up to the time between the first
span and the last."""

from dataclasses import dataclass
from itertools import pairwise

from snowtrack.model.calendar import SECOND_US
from snowtrack.model.intervals import Interval
from snowtrack.model.work import Activity, ActivityBatch, Evidence

# A shorter hole is part of what came before it.
GAP_US = 60_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """`seconds` by activity and `unseen_s` add up to `to_us - from_us` exactly, in whole seconds."""

    from_us: int
    to_us: int
    seconds: dict[Activity, int]
    gaps: tuple[Interval, ...]
    inferred: bool
    driven_mm: int
    worked_mm: int

    @property
    def unseen_s(self) -> int:
        return sum(to - start for start, to in self.gaps) // SECOND_US


def make_timeline(activities: ActivityBatch, day: Interval) -> Timeline | None:
    """The day of one device, from its spans in order; those around the day tell what crosses its borders."""
    spans = [
        (_second(started_us, day), _second(ended_us, day), Activity(activity), evidence, driven_mm)
        for _, started_us, ended_us, activity, evidence, *_, driven_mm in _of_day(activities, day)
    ]
    if not spans or spans[0][0] == spans[-1][1]:
        return None
    seconds = dict.fromkeys(Activity, 0)
    for started_us, ended_us, activity, _, _ in spans:
        seconds[activity] += (ended_us - started_us) // SECOND_US
    return Timeline(
        from_us=spans[0][0],
        to_us=spans[-1][1],
        seconds=seconds,
        gaps=tuple((one[1], other[0]) for one, other in pairwise(spans) if one[1] < other[0]),
        inferred=any(evidence == Evidence.INFERRED for *_, evidence, _ in spans),
        driven_mm=sum(driven_mm for *_, driven_mm in spans),
        worked_mm=sum(driven_mm for *_, activity, _, driven_mm in spans if activity is Activity.WORKING),
    )


def _of_day(activities: ActivityBatch, day: Interval) -> list[tuple[int, ...]]:
    """Spans without short holes between them. No span crosses midnight, but a hole that is closed may."""
    rows = activities.rows()
    for at, (one, other) in enumerate(pairwise(rows)):
        if one[2] < other[1] <= one[2] + GAP_US:
            rows[at] = (*one[:2], other[1], *one[3:])
    of_day = [row for row in rows if row[1] < day[1] and row[2] > day[0]]
    return [row if row[1] >= day[0] else (*row[:-1], 0) for row in of_day]


def _second(time_us: int, day: Interval) -> int:
    return min(max(time_us - time_us % SECOND_US, day[0]), day[1])
