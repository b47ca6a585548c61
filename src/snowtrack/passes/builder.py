"""What was driven to passes.

A pass is one machine working along one segment in one direction. It grows with each stretch that was driven further on
that segment and ends when the machine turns, lifts its blade, leaves the road, goes to another segment or was not
observed for `bridge_us`. Nothing is credited that was not driven between two matches: a way that is longer than a
machine can drive in that time covers nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple

from snowtrack.model.matches import NO_ROW, DrivenBatch, MatchBatch
from snowtrack.model.passes import PassBatch, Work
from snowtrack.model.work import judge_work
from snowtrack.network.arrays import Network

# Further than this no machine comes between two matches: 108 km/h, and the noise of two positions.
SPEED_MMPS_MAX = 30_000
NOISE_MM = 30_000


class Place(NamedTuple):
    """A settled match, as far as passes care."""

    observed_us: int
    track_us: int
    on_road: bool
    working: bool
    evidence: int

    @property
    def works(self) -> bool:
        return self.working and self.on_road


class Stretch(NamedTuple):
    """Driven on one segment, from millimetre to millimetre."""

    row: int
    direction: int
    from_mm: int
    to_mm: int

    @property
    def length_mm(self) -> int:
        return abs(self.to_mm - self.from_mm)


@dataclass(slots=True)
class OpenPass:
    """A pass that may still grow, from where the machine began to where it is."""

    row: int
    direction: int
    from_mm: int
    to_mm: int
    started_us: int
    ended_us: int
    evidence: int

    def goes_on_with(self, stretch: Stretch) -> bool:
        return (self.row, self.direction, self.to_mm) == stretch[:3]


@dataclass(slots=True)
class PassBuilder:
    """One device. `on_place` takes its matches in observed order; finished passes gather in `finished`."""

    network: Network
    bridge_us: int
    last: Place | None = None
    open: OpenPass | None = None
    finished: list[OpenPass] = field(default_factory=list)

    def on_place(self, place: Place, driven: Sequence[Stretch]) -> None:
        """A match, and what was driven from the one before to it."""
        last, self.last = self.last, place
        if last is not None and last.works and place.works and self._connected(last, place, driven):
            self._drive(last, place, driven)
        else:
            self._close()

    def flush(self) -> None:
        """End what is open: the track is over, or the device is silent."""
        self._close()
        self.last = None

    def take(self) -> list[OpenPass]:
        finished, self.finished = self.finished, []
        return finished

    def snapshot(self) -> dict[str, Any]:
        kept = self.open
        fields = None if kept is None else [getattr(kept, name) for name in OpenPass.__slots__]
        return {"last": None if self.last is None else list(self.last), "open": fields}

    def restore(self, kept: Mapping[str, Any]) -> None:
        self.last = None if kept["last"] is None else Place(*kept["last"])
        self.open = None if kept["open"] is None else OpenPass(*kept["open"])

    def _connected(self, last: Place, place: Place, driven: Sequence[Stretch]) -> bool:
        spent_us = place.observed_us - last.observed_us
        way_mm = sum(stretch.length_mm for stretch in driven)
        return place.track_us == last.track_us and spent_us <= self.bridge_us and _drivable(way_mm, spent_us)

    def _drive(self, last: Place, place: Place, driven: Sequence[Stretch]) -> None:
        """Grow from segment to segment; when it came from one to the next is interpolated by distance."""
        whole_mm, done_mm = sum(stretch.length_mm for stretch in driven), 0
        spent_us, at_us = place.observed_us - last.observed_us, last.observed_us
        for stretch in driven:
            if self.open is None or not self.open.goes_on_with(stretch):
                self._close()
                row, direction, from_mm, _ = stretch
                self.open = OpenPass(row, direction, from_mm, from_mm, at_us, at_us, place.evidence)
            done_mm += stretch.length_mm
            at_us = last.observed_us + spent_us * done_mm // whole_mm
            self.open.to_mm, self.open.ended_us = stretch.to_mm, at_us
            self.open.evidence = max(self.open.evidence, last.evidence, place.evidence)

    def _close(self) -> None:
        if self.open is not None:
            self.finished.append(self.open)
        self.open = None


def _drivable(way_mm: int, spent_us: int) -> bool:
    return way_mm <= NOISE_MM + SPEED_MMPS_MAX * spent_us // 1_000_000


@dataclass(slots=True)
class PassStage:
    """All devices: settled matches in, finished passes out."""

    network: Network
    bridge_us: int
    builders: dict[int, PassBuilder] = field(default_factory=dict)

    def on_batch(self, settled: MatchBatch, driven: DrivenBatch) -> PassBatch:
        stretches = {
            match: [Stretch(*stretch) for _, *stretch in rows]
            for match, rows in groupby(driven.rows(), key=lambda row: row[0])
        }
        touched: dict[int, PassBuilder] = {}
        columns = (settled.device, settled.observed_us, settled.track_us, settled.row)
        more = (settled.blade, settled.speed_mmps)
        for match, values in enumerate(zip(*(column.tolist() for column in columns + more), strict=True)):
            device, observed_us, track_us, row, blade, speed_mmps = values
            place = Place(observed_us, track_us, row != NO_ROW, *judge_work(blade, speed_mmps))
            builder = touched.setdefault(device, self.builder(device))
            builder.on_place(place, stretches.get(match, ()))
        return self._collect(touched)

    def flush(self, devices: list[int]) -> PassBatch:
        touched = {device: self.builder(device) for device in devices}
        for builder in touched.values():
            builder.flush()
        return self._collect(touched)

    def builder(self, device: int) -> PassBuilder:
        return self.builders.setdefault(device, PassBuilder(self.network, self.bridge_us))

    def forget(self, device: int) -> None:
        self.builders.pop(device, None)

    def _collect(self, touched: dict[int, PassBuilder]) -> PassBatch:
        return PassBatch.from_rows(
            [
                (
                    device,
                    int(self.network.segment_id[done.row]),
                    done.direction,
                    min(done.from_mm, done.to_mm),
                    max(done.from_mm, done.to_mm),
                    done.started_us,
                    done.ended_us,
                    Work.PLOUGHING,
                    done.evidence,
                )
                for device, builder in touched.items()
                for done in builder.take()
            ]
        )
