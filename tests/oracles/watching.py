"""What is odd about a track, spot by spot in plain Python."""

from dataclasses import dataclass, field
from math import cos, hypot, radians
from typing import NamedTuple

from snowtrack.model.tracks import TimeTrust
from snowtrack.tracks.watch import (
    FAST_FROM_M,
    FAST_MPS,
    JUMP_M,
    JUMP_MPS,
    METRES_PER_E7,
    MOVING_MMPS,
    RETURN_M,
    RETURN_US,
    SAME_INSTANT_M,
)


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

    def comes_back_at(self, other: "Spot") -> bool:
        return other.observed_us - self.observed_us <= RETURN_US and self.metres_to(other) <= RETURN_M


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

    def _compare(self, track: Oddities, last: Spot, spot: Spot) -> None:
        spent_us = spot.observed_us - last.observed_us
        way_m = last.metres_to(spot)
        if spent_us == 0:
            track.twins += way_m > SAME_INSTANT_M
        elif last.jumps_to(spot):
            track.jumps += 1
            track.returns += self.left is not None and self.left.comes_back_at(spot)
            self.left = last
        elif way_m > FAST_FROM_M and way_m > FAST_MPS * spent_us / 1e6:
            track.too_fast += 1
        moving = min(last.speed_mmps, spot.speed_mmps) >= MOVING_MMPS
        if moving and (last.lat_e7, last.lon_e7) == (spot.lat_e7, spot.lon_e7):
            track.frozen_us += spent_us
