"""Settled matches to passes.

A pass is one machine working along one segment in one direction. It grows with each match on the segment, reaches
the segment's end when the next match is on a segment that meets it there, and ends when the machine turns, lifts its
blade, leaves the road, goes to another segment or was not observed for `bridge_us`. Nothing is credited that was not
driven between two matches: a jump to a segment that does not touch the last one covers neither.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from snowtrack.model.matches import MatchBatch, MatchStatus
from snowtrack.model.passes import PassBatch, Work
from snowtrack.model.work import judge_work
from snowtrack.network.arrays import Network


class Place(NamedTuple):
    """A settled match, as far as passes care."""

    observed_us: int
    track_us: int
    row: int
    direction: int
    along_mm: int
    working: bool
    evidence: int


@dataclass(slots=True)
class OpenPass:
    """A pass that may still grow."""

    row: int
    direction: int
    from_mm: int
    to_mm: int
    started_us: int
    ended_us: int
    evidence: int

    def reach(self, along_mm: int, at_us: int) -> None:
        self.from_mm, self.to_mm = min(self.from_mm, along_mm), max(self.to_mm, along_mm)
        self.ended_us = at_us


@dataclass(slots=True)
class PassBuilder:
    """One device. `on_place` takes its matches in observed order; finished passes gather in `finished`."""

    network: Network
    bridge_us: int
    last: Place | None = None
    open: OpenPass | None = None
    finished: list[OpenPass] = field(default_factory=list)

    def on_place(self, place: Place) -> None:
        last = self.last
        self.last = place
        if last is None or not self._connected(last, place):
            self._close()
        if not place.working or place.row < 0:
            self._close()
            return
        if self.open is None or last is None:
            self._start(place, place.along_mm, place.observed_us)
        elif place.row == last.row:
            self._along(last, place)
        else:
            self._across(last, place)

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

    def _connected(self, last: Place, place: Place) -> bool:
        return place.track_us == last.track_us and place.observed_us - last.observed_us <= self.bridge_us

    def _start(self, place: Place, along_mm: int, started_us: int) -> None:
        low, high = sorted((along_mm, place.along_mm))
        self.open = OpenPass(place.row, place.direction, low, high, started_us, place.observed_us, place.evidence)

    def _along(self, last: Place, place: Place) -> None:
        """Further along the same segment; standing still and small steps back by noise are no turn."""
        current = self.open
        if current is None:
            return
        if place.direction and current.direction and place.direction != current.direction:
            self._close()
            self._start(place, last.along_mm, last.observed_us)
            return
        current.direction = current.direction or place.direction
        current.evidence = max(current.evidence, place.evidence)
        current.reach(place.along_mm, place.observed_us)

    def _across(self, last: Place, place: Place) -> None:
        """Over a junction, when the two segments meet there; the instant of crossing is interpolated by distance."""
        node = self.network.shared_node(last.row, place.row)
        if node is None or self.open is None:
            self._close()
            self._start(place, place.along_mm, place.observed_us)
            return
        end_mm, begin_mm = self.network.end_mm(last.row, node), self.network.end_mm(place.row, node)
        before, after = abs(end_mm - last.along_mm), abs(place.along_mm - begin_mm)
        spent_us = place.observed_us - last.observed_us
        crossed_us = last.observed_us + spent_us * before // max(before + after, 1)
        self.open.reach(end_mm, crossed_us)
        self._close()
        self._start(place, begin_mm, crossed_us)

    def _close(self) -> None:
        if self.open is not None and self.open.to_mm > self.open.from_mm:
            self.finished.append(self.open)
        self.open = None


@dataclass(slots=True)
class PassStage:
    """All devices: settled matches in, finished passes out."""

    network: Network
    bridge_us: int
    builders: dict[int, PassBuilder] = field(default_factory=dict)

    def on_batch(self, settled: MatchBatch) -> PassBatch:
        touched: dict[int, PassBuilder] = {}
        columns = (settled.device, settled.observed_us, settled.track_us, settled.row, settled.direction)
        more = (settled.along_mm, settled.status, settled.blade, settled.speed_mmps)
        for values in zip(*(column.tolist() for column in columns + more), strict=True):
            device, observed_us, track_us, row, direction, along_mm, status, blade, speed_mmps = values
            working, evidence = judge_work(blade, speed_mmps)
            matched = row if status in (MatchStatus.MATCHED, MatchStatus.INFERRED) else -1
            builder = touched.setdefault(device, self.builder(device))
            builder.on_place(Place(observed_us, track_us, matched, direction, along_mm, working, evidence))
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
                    done.from_mm,
                    done.to_mm,
                    done.started_us,
                    done.ended_us,
                    Work.PLOUGHING,
                    done.evidence,
                )
                for device, builder in touched.items()
                for done in builder.take()
            ]
        )
