"""What goes on in groups of segments at this moment: machines at work, and what fell."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from snowtrack.clearance.groups import Groups
from snowtrack.clearance.summaries import Summary
from snowtrack.model.columns import ABSENT_32, Int32s, Rows, most


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Of one group: its summary, machines that are at work on its roads, and the most that fell anywhere in it in the
    last hour and day; absent where no sensor tells."""

    summary: Summary
    machines_working: int
    new_1h_mm: int | None
    new_24h_mm: int | None

    def as_json(self) -> dict[str, object]:
        return {
            **self.summary.as_json(),
            "machines_working": self.machines_working,
            "new_1h_mm": self.new_1h_mm,
            "new_24h_mm": self.new_24h_mm,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class GoingOn:
    """Where machines are at work, a row of each, and what fell on each row of the network."""

    working: Rows
    new_1h_mm: Int32s
    new_24h_mm: Int32s


def moments(groups: Groups, summaries: Iterator[Summary], now: GoingOn) -> Iterator[Moment]:
    """In the order of the groups."""
    count = len(groups.names)
    on_row = np.bincount(now.working, minlength=len(now.new_1h_mm))
    machines = np.bincount(groups.member, weights=on_row[groups.row], minlength=count).astype(np.int64)
    hour, day = (
        most(fallen[groups.row].astype(np.int64), groups.member, count) for fallen in (now.new_1h_mm, now.new_24h_mm)
    )
    for place, summary in enumerate(summaries):
        yield Moment(
            summary=summary,
            machines_working=int(machines[place]),
            new_1h_mm=_told(hour[place]),
            new_24h_mm=_told(day[place]),
        )


def _told(fallen_mm: np.int64) -> int | None:
    return None if fallen_mm <= ABSENT_32 else int(fallen_mm)
