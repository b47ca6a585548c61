"""Machines on a small town's roads, fix by fix: what a matcher says of them when it is never wrong."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

from snowtrack.model.columns import ABSENT_32
from snowtrack.model.fixes import BLADE_DOWN
from snowtrack.model.fleet import FOREVER_US, NOBODY, Fleet, Mountings
from snowtrack.model.machines import MachineKind
from snowtrack.model.matches import NO_ROW, DrivenBatch, MatchBatch, MatchStatus
from snowtrack.model.passes import PassBatch
from snowtrack.model.work import ActivityBatch
from snowtrack.passes.stage import PassStage, Worked, WorkPolicy, joined
from tests.oracles.batches import batch_of
from tests.oracles.drives import Driven
from tests.oracles.towns import road, town
from tests.oracles.ways import after

SECOND = 1_000_000
MINUTE = 60 * SECOND
# At a full ten minutes.
START = 1_768_404_600 * SECOND
# A road of ten segments of 100 m with a dead end of 120 m behind the last crossing, where thirty streets of 15 m begin.
STREETS = [road((1_000, 15 * at), (1_000, 15 * at + 15)) for at in range(30)]
TOWN = town(road((0, 0), (1_000, 0)), road((1_000, 0), (1_120, 0)), *STREETS)
LAST, DEAD_END, STREET = 9, 10, 11


class Came(NamedTuple):
    """A settled match, and what was driven from the one before to it. Before `flushed` ones the track was ended."""

    match: dict[str, int]
    driven: tuple[Driven, ...] = ()
    flushed: bool = False


class Journey:
    """One machine, on a segment row at `along_mm`."""

    def __init__(self, row: int = 0, at_m: float = 0, *, direction: int = 1, device: int = 1, **said: int) -> None:
        self.row, self.direction, self.along_mm = row, direction, round(at_m * 1000)
        self.at_us = self.track_us = START
        self.said = {"device": device, "blade": BLADE_DOWN, "stands": 0, "confidence": 900, **said}
        self.came: list[Came] = []

    def go(self, seconds: float, speed_mps: float, *, every_s: float = 1, **said: int) -> Self:
        """On at a speed, with a fix at the beginning of the journey and then as often as said."""
        return self.fixes(round(seconds / every_s), speed_mps, every_s, **said)

    def fixes(self, count: int, speed_mps: float, every_s: float = 1, **said: int) -> Self:
        self.said |= said
        speed_mmps, spent_us = round(speed_mps * 1000), round(every_s * SECOND)
        if not self.came:
            self._come((), speed_mmps)
        for _ in range(count):
            self.at_us += spent_us
            self._come(self._drive(speed_mmps * spent_us // SECOND), speed_mmps)
        return self

    def stand(self, seconds: float, *, every_s: float = 1, **said: int) -> Self:
        return self.go(seconds, 0, every_s=every_s, **said)

    def turn(self) -> Self:
        self.direction = -self.direction
        return self

    def wait(self, seconds: float) -> Self:
        """Unheard."""
        self.at_us += round(seconds * SECOND)
        return self

    def new_track(self) -> Self:
        self.track_us = self.at_us
        return self

    def take(self, row: int, direction: int = 1) -> Self:
        """Be at the beginning of another road: nobody saw how it came there."""
        self.row, self.direction = row, direction
        self.along_mm = 0 if direction == 1 else int(TOWN.length_mm[row])
        return self

    def put(self, along_mm: int) -> Self:
        """Elsewhere on the same road, without having driven."""
        self.along_mm = min(max(along_mm, 0), int(TOWN.length_mm[self.row]))
        return self

    def _come(self, driven: Sequence[Driven], speed_mmps: int) -> None:
        match = {
            "observed_us": self.at_us,
            "track_us": self.track_us,
            "row": self.row,
            "status": MatchStatus.MATCHED,
            "speed_mmps": speed_mmps,
            **self.said,
        }
        if match["row"] == NO_ROW:
            driven = ()
        self.came.append(Came(match, tuple(driven)))

    def _drive(self, way_mm: int) -> list[Driven]:
        """On over crossings, straight on where there is a choice, and back where the road ends."""
        driven: list[Driven] = []
        while way_mm > 0:
            end_mm = int(TOWN.length_mm[self.row]) if self.direction == 1 else 0
            if self.along_mm == end_mm:
                self._cross()
                continue
            step_mm = min(way_mm, abs(end_mm - self.along_mm))
            to_mm = self.along_mm + self.direction * step_mm
            driven.append((self.row, self.direction, self.along_mm, to_mm))
            self.along_mm, way_mm = to_mm, way_mm - step_mm
        return driven

    def _cross(self) -> None:
        edge = 2 * self.row + (self.direction < 0)
        self.take(*_directed(min(after(TOWN, edge), key=lambda other: abs((other >> 1) - self.row))))


def _directed(edge: int) -> tuple[int, int]:
    return edge >> 1, -1 if edge & 1 else 1


def batches(came: Iterable[Came]) -> tuple[MatchBatch, DrivenBatch]:
    whole = list(came)
    driven = [(match, *stretch) for match, one in enumerate(whole) for stretch in one.driven]
    return batch_of(MatchBatch, *(one.match for one in whole)), DrivenBatch.from_rows(driven)


def fleet(**kinds: MachineKind) -> Fleet:
    """Of devices `d1`, `d2` …, each on one machine for good."""
    rows = [(int(name[1:]), 0, FOREVER_US, kind, kind == MachineKind.SMALL, NOBODY) for name, kind in kinds.items()]
    return Fleet(version=1, mountings=Mountings.from_rows(sorted(rows)))


def worked(*journeys: Journey, policy: WorkPolicy | None = None, on: Fleet | None = None) -> Worked:
    """Everything that comes of whole journeys, one after the other."""
    stage = PassStage(TOWN, policy or WorkPolicy(), on or fleet())
    parts = [stage.on_batch(*batches(journey.came)) for journey in journeys]
    return joined([*parts, stage.flush(sorted({journey.said["device"] for journey in journeys}))])


def on_machine(journey: Journey, kind: MachineKind) -> Worked:
    return worked(journey, on=fleet(d1=kind))


def named(batch: PassBatch | ActivityBatch) -> list[dict[str, int]]:
    """Rows by column."""
    return [dict(zip(batch.dtypes(), row, strict=True)) for row in batch.rows()]


def covered(made: Worked, work: int = 0) -> list[tuple[int, int, int, int]]:
    """Row, direction, from and to in metres, of the passes of one kind of work as they began. Segments of 100 m miss a
    millimetre or two: what was driven on the next one then is left out."""
    return [
        (one["segment_id"] - 1, one["direction"], round(one["from_mm"] / 1000), round(one["to_mm"] / 1000))
        for one in sorted(named(made.passes), key=lambda one: one["started_us"])
        if one["work"] == work and one["to_mm"] - one["from_mm"] > 100
    ]


def spans(made: Worked) -> list[tuple[int, float, float]]:
    """Activity, and from when to when in seconds since the start; those cut at full ten minutes in one."""
    told: list[tuple[int, float, float]] = []
    for one in named(made.activities):
        activity, begins, ends = (
            one["activity"],
            (one["started_us"] - START) / SECOND,
            (one["ended_us"] - START) / SECOND,
        )
        if told and told[-1][0] == activity and told[-1][2] == begins:
            told[-1] = (activity, told[-1][1], ends)
        else:
            told.append((activity, begins, ends))
    return told


NOT_STATED = {"speed_mmps": ABSENT_32}
