"""Settled matches to passes.

A pass is one machine working along one segment in one direction. It grows with each match on the segment, reaches
the segment's end when the next match is on a segment that meets it there, and ends when the machine turns, lifts its
blade, leaves the road, goes to another segment or was not observed for `bridge_us`. Nothing is credited that was not
driven between two matches: a jump to a segment that does not touch the last one, or further than a machine can drive
in that time, covers neither.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from snowtrack.model.matches import MatchBatch, MatchStatus
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
    row: int
    direction: int
    along_mm: int
    working: bool
    evidence: int


@dataclass(slots=True)
class OpenPass:
    """A pass that may still grow: from `begin_mm` to `at_mm` so far, covering all between `from_mm` and `to_mm`."""

    row: int
    direction: int
    begin_mm: int
    at_mm: int
    from_mm: int
    to_mm: int
    started_us: int
    ended_us: int
    evidence: int

    @property
    def driven(self) -> int:
        """Which way it went: by its course, or by where it came to when it was too slow for one."""
        return self.direction or (self.at_mm > self.begin_mm) - (self.at_mm < self.begin_mm)

    def reach(self, along_mm: int, at_us: int) -> None:
        self.at_mm = along_mm
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
        last, current, self.last = self.last, self.open, place
        if not place.working or place.row < 0:
            self._close()
        elif last is None or current is None or not self._connected(last, place):
            self._start(place)
        elif place.row == last.row:
            self._along(last, current, place)
        else:
            self._across(last, current, place)

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

    def _start(self, place: Place, begin_mm: int | None = None, started_us: int | None = None) -> None:
        """End what is open and begin at the match, or before it where it is known that the machine came from there."""
        self._close()
        begin_mm = place.along_mm if begin_mm is None else begin_mm
        started_us = place.observed_us if started_us is None else started_us
        self.open = OpenPass(
            row=place.row,
            direction=place.direction,
            begin_mm=begin_mm,
            at_mm=place.along_mm,
            from_mm=min(begin_mm, place.along_mm),
            to_mm=max(begin_mm, place.along_mm),
            started_us=started_us,
            ended_us=place.observed_us,
            evidence=place.evidence,
        )

    def _along(self, last: Place, current: OpenPass, place: Place) -> None:
        """Further along the same segment; standing still and small steps back by noise are no turn."""
        if not _drivable(abs(place.along_mm - last.along_mm), place.observed_us - last.observed_us):
            self._start(place)
        elif place.direction and current.direction and place.direction != current.direction:
            self._start(place, last.along_mm, last.observed_us)
        else:
            current.direction = current.direction or place.direction
            current.evidence = max(current.evidence, place.evidence)
            current.reach(place.along_mm, place.observed_us)

    def _across(self, last: Place, current: OpenPass, place: Place) -> None:
        """Over a junction, when the two segments meet there; the instant of crossing is interpolated by distance."""
        crossing = self.network.crossing(last.row, last.along_mm, place.row, place.along_mm)
        end_mm, begin_mm = crossing or (0, 0)
        before, after = abs(end_mm - last.along_mm), abs(place.along_mm - begin_mm)
        spent_us = place.observed_us - last.observed_us
        if crossing is None or not _drivable(before + after, spent_us):
            self._start(place)
            return
        crossed_us = last.observed_us + spent_us * before // max(before + after, 1)
        current.reach(end_mm, crossed_us)
        self._start(place, begin_mm, crossed_us)

    def _close(self) -> None:
        """What never moved along its segment is no pass."""
        if self.open is not None and self.open.driven and self.open.from_mm < self.open.to_mm:
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
                    done.driven,
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
