"""Five roads on routes, what was worked on them, and how far the routes are."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from snowtrack.clearance.routes import Route, Routes
from snowtrack.indicators.progress import Progress, Roads, Work, progress
from snowtrack.model.passes import PassBatch
from snowtrack.model.states import LABELS
from tests.clearance.worlds import HOUR_US, NETWORK, NOW_US, SEGMENTS, TABLE, around, ledger_of

Line = tuple[int, int]
EVENT_US = NOW_US - HOUR_US


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The progress of one route."""

    all: Progress
    place: int

    def mm(self, label: str) -> int:
        return int(self.all.label_mm[self.place, LABELS.index(label)])

    def __getattr__(self, name: str) -> int:
        return int(getattr(self.all, name)[self.place])

    @property
    def state(self) -> str:
        return str(self.all.state(self.place))


def length(segment: int) -> int:
    return int(NETWORK.length_mm[segment - 1])


def roads_of(*routes: tuple[Route, list[Line]]) -> Roads:
    lined = [
        (route, np.array([line[0] for line in lines], np.int64), np.array([line[1] for line in lines], np.int8))
        for route, lines in routes
    ]
    return Roads.of(Routes.of(lined), NETWORK, TABLE)


def route(*lines: Line, id_: str = "r", due_us: int | None = None) -> tuple[Route, list[Line]]:
    return Route(agency="a", id=id_, name=id_, due_us=due_us), list(lines)


def progress_of(
    *routes: tuple[Route, list[Line]],
    passes: tuple[PassBatch, ...] = (),
    asked_us: int = EVENT_US,
    **told: Any,  # noqa: ANN401 - as `around` takes them
) -> Progress:
    """Of routes after these passes, all of which count."""
    roads = roads_of(*routes)
    known = PassBatch.concat(passes)
    work = Work(
        passes=known, row=SEGMENTS.rows(known.segment_id), asked_us=np.full(len(roads.routes), asked_us, np.int64)
    )
    told.setdefault("event_us", EVENT_US)
    return progress(roads, ledger_of(*passes), around(**told), TABLE, work)


def one_route(
    *lines: Line,
    passes: tuple[PassBatch, ...] = (),
    due_us: int | None = None,
    **told: Any,  # noqa: ANN401 - as `around` takes them
) -> Found:
    return Found(all=progress_of(route(*lines, due_us=due_us), passes=passes, **told), place=0)
