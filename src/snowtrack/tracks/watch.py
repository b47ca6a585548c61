"""What is odd about a track: counted, never dropped.

jumps      further from the last fix than any machine drives in that time
returns    jumps back to about where the one before began: two trackers that say they are one, taking turns
twins      fixes of one instant at two places
too_fast   fixes at a speed that no plough has, stated or driven
frozen_us  time in which the position did not change by a digit while the receiver said that it moved
unsure     fixes whose instant does not rest on the tracker's own clock
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import cos, hypot, radians
from typing import Any, NamedTuple

from snowtrack.model.matches import MatchBatch
from snowtrack.model.tracks import TimeTrust, TrackBatch

METRES_PER_E7 = 0.0111319
JUMP_M, JUMP_MPS = 100.0, 60.0
FAST_MPS = 42.0
FAST_FROM_M = 100.0
MOVING_MMPS = 1_000
SAME_INSTANT_M = 30.0


class Spot(NamedTuple):
    """A settled fix where its receiver said it was."""

    observed_us: int
    lat_e7: int
    lon_e7: int
    speed_mmps: int
    trust: int

    def metres_to(self, other: "Spot") -> float:
        north = (other.lat_e7 - self.lat_e7) * METRES_PER_E7
        return hypot(north, (other.lon_e7 - self.lon_e7) * METRES_PER_E7 * cos(radians(self.lat_e7 / 1e7)))

    def jumps_to(self, other: "Spot") -> bool:
        spent_s = abs(other.observed_us - self.observed_us) / 1e6
        return self.metres_to(other) > JUMP_M + JUMP_MPS * spent_s


@dataclass(slots=True)
class Oddities:
    """A track so far."""

    started_us: int
    ended_us: int
    fixes: int = 0
    jumps: int = 0
    returns: int = 0
    twins: int = 0
    too_fast: int = 0
    frozen_us: int = 0
    unsure: int = 0


@dataclass(slots=True)
class TrackWatch:
    """One device. Tracks that ended, or of which there is something new to tell, gather in `told`."""

    track: Oddities | None = None
    last: Spot | None = None
    left: Spot | None = None
    told: dict[int, Oddities] = field(default_factory=dict)

    def on_spot(self, track_us: int, spot: Spot) -> None:
        if self.track is None or self.track.started_us != track_us:
            self.end()
            self.track = Oddities(started_us=track_us, ended_us=spot.observed_us)
        track = self.track
        before = (track.jumps, track.twins, track.too_fast > 0, track.unsure > 0)
        track.fixes += 1
        track.ended_us = spot.observed_us
        track.unsure += spot.trust < TimeTrust.DATED
        track.too_fast += spot.speed_mmps > FAST_MPS * 1_000
        if self.last is not None:
            self._compare(track, self.last, spot)
        self.last = spot
        if (track.jumps, track.twins, track.too_fast > 0, track.unsure > 0) != before:
            self.told[track.started_us] = track

    def end(self) -> None:
        """The track is over, or the device is silent."""
        if self.track is not None:
            self.told[self.track.started_us] = self.track
        self.track = self.last = self.left = None

    def take(self) -> list[Oddities]:
        told, self.told = list(self.told.values()), {}
        return told

    def snapshot(self) -> dict[str, Any]:
        track = None if self.track is None else [getattr(self.track, name) for name in Oddities.__slots__]
        last, left = (None if spot is None else list(spot) for spot in (self.last, self.left))
        return {"track": track, "last": last, "left": left}

    def restore(self, kept: Mapping[str, Any]) -> None:
        self.track = None if kept["track"] is None else Oddities(*kept["track"])
        self.last = None if kept["last"] is None else Spot(*kept["last"])
        self.left = None if kept["left"] is None else Spot(*kept["left"])

    def _compare(self, track: Oddities, last: Spot, spot: Spot) -> None:
        spent_us = spot.observed_us - last.observed_us
        way_m = last.metres_to(spot)
        if spent_us == 0:
            track.twins += way_m > SAME_INSTANT_M
        elif last.jumps_to(spot):
            track.jumps += 1
            track.returns += self.left is not None and not self.left.jumps_to(spot)
            self.left = last
        elif way_m > FAST_FROM_M and way_m > FAST_MPS * spent_us / 1e6:
            track.too_fast += 1
        moving = min(last.speed_mmps, spot.speed_mmps) >= MOVING_MMPS
        if moving and (last.lat_e7, last.lon_e7) == (spot.lat_e7, spot.lon_e7):
            track.frozen_us += spent_us


@dataclass(slots=True)
class TrackStage:
    """All devices: settled fixes in, what there is to tell of their tracks out."""

    watches: dict[int, TrackWatch] = field(default_factory=dict)

    def on_batch(self, settled: MatchBatch) -> TrackBatch:
        touched: dict[int, TrackWatch] = {}
        columns = (settled.device, settled.track_us, settled.observed_us, settled.fix_lat_e7, settled.fix_lon_e7)
        more = (settled.speed_mmps, settled.trust)
        for device, track_us, *spot in zip(*(column.tolist() for column in columns + more), strict=True):
            touched.setdefault(device, self.watch(device)).on_spot(track_us, Spot(*spot))
        return _told(touched)

    def flush(self, devices: list[int]) -> TrackBatch:
        touched = {device: self.watch(device) for device in devices}
        for watch in touched.values():
            watch.end()
        return _told(touched)

    def watch(self, device: int) -> TrackWatch:
        return self.watches.setdefault(device, TrackWatch())

    def forget(self, device: int) -> None:
        self.watches.pop(device, None)


def _told(touched: Mapping[int, TrackWatch]) -> TrackBatch:
    return TrackBatch.from_rows(
        [
            (device, *(getattr(track, name) for name in Oddities.__slots__))
            for device, watch in touched.items()
            for track in watch.take()
        ]
    )
