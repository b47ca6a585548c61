"""Itineraries driven second by second: tracks with truth, spoilt as receivers spoil them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from pyproj import Geod

from benchmarks.match.itinerary import Stretch, Town, path_of
from benchmarks.match.noise import add_noise, thinned_rows
from benchmarks.match.tracks import Path, Track
from snowtrack.model.columns import Bools, Floats, Int8s, Int64s
from snowtrack.network.geometry import metres_per_e7

ACCELERATION = 1.0
CORNER_DEG, CORNER_MPS = 40.0, 4.0
BACKING_MPS, YARD_MPS, CREEP_MPS = 1.5, 3.0, 0.3
STEPS_PER_S = 2
SPEED_LASTS_M = 400.0
GAP_S = (20.0, 90.0)
LANE_CHANGE_S = 5
_WGS84 = Geod(ellps="WGS84")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """How a track is seen. `gap_share` of the time it is not, as in tunnels; `columns` adds speed, course and hdop."""

    sigma_m: float
    lasting_s: float
    every_s: float = 1.0
    gap_share: float = 0.0
    columns: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """Cruising speeds, drawn anew from time to time, and how far left of the middle of the road."""

    slowest_kmh: float
    fastest_kmh: float
    lane_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drive:
    """A track and where each of its fixes truly was. Off the roads the place is that where they were left."""

    track: Track
    path: Path
    source_id: Int64s
    direction: Int8s
    along_m: Floats
    on_road: Bools


def drive(town: Town, stretches: Sequence[Stretch], receiver: Receiver, style: Style, seed: int) -> Drive:
    """All of the itinerary, from a standing start; its path ends with the last fix that is sent."""
    random = np.random.default_rng(seed)
    which, share, speed_mps = _second_by_second(stretches, _cruise(stretches, style, random))
    columns = {name: np.array([getattr(s, name) for s in stretches]) for name in Stretch._fields}
    start, end = columns["start"][which], columns["end"][which]
    place = start + share[:, None] * (end - start)
    bearing = np.array([_bearing(stretch) for stretch in stretches])
    heading = bearing + np.pi * columns["backing"]
    left_m = style.lane_m * _smooth(np.stack([np.sin(heading), -np.cos(heading)])[:, which])
    scale = metres_per_e7(np.rint(place[:, 0] * 1e7).astype(np.int32))
    true = Track(
        time_s=np.arange(len(which), dtype=np.float64),
        lat_deg=place[:, 0] + left_m[0] / scale[0] / 1e7,
        lon_deg=place[:, 1] + left_m[1] / scale[1] / 1e7,
        speed_mps=speed_mps,
        course_deg=np.degrees(bearing[which]) % 360,
    )
    rows = _seen(true.time_s, receiver, random)
    moved_m = share * (columns["to_m"] - columns["from_m"])[which]
    return Drive(
        track=_observe(true, receiver, seed).take(rows),
        path=path_of(town, _until(stretches, int(which[rows[-1]]), float(share[rows[-1]]))),
        source_id=np.array([street.source_id for street in town.streets], np.int64)[columns["way"][which[rows]]],
        direction=columns["direction"][which[rows]].astype(np.int8),
        along_m=(columns["from_m"][which] + moved_m)[rows],
        on_road=columns["on_road"][which[rows]].astype(np.bool_),
    )


def _until(stretches: Sequence[Stretch], last: int, share: float) -> list[Stretch]:
    """The stretches up to a share of the last one."""
    cut = stretches[last]
    return [*stretches[:last], cut._replace(to_m=cut.from_m + share * (cut.to_m - cut.from_m))]


def _cruise(stretches: Sequence[Stretch], style: Style, random: np.random.Generator) -> list[float]:
    """The speed that the driver would like on each stretch."""
    wished: list[float] = []
    left_m = 0.0
    speed = 0.0
    for stretch in stretches:
        if left_m <= 0:
            speed = float(random.uniform(style.slowest_kmh, style.fastest_kmh)) / 3.6
            left_m = float(random.exponential(SPEED_LASTS_M))
        left_m -= abs(stretch.to_m - stretch.from_m)
        wished.append(min(speed, BACKING_MPS if stretch.backing else speed if stretch.on_road else YARD_MPS))
    return wished


def _leaving(stretches: Sequence[Stretch], lengths_m: Floats, cruise: Sequence[float]) -> list[float]:
    """The greatest speed at the end of each stretch from which the ones ahead can still be driven."""
    ends = []
    for (this, following), wished in zip(pairwise(stretches), cruise[1:], strict=False):
        turn = abs((_bearing(following) - _bearing(this) + np.pi) % (2 * np.pi) - np.pi)
        corner = CORNER_MPS if turn > np.radians(CORNER_DEG) else wished
        ends.append(0.0 if this.pause_s or turn > np.radians(150) else min(corner, wished))
    ends.append(0.0)
    for row in range(len(ends) - 2, -1, -1):
        ends[row] = min(ends[row], float(np.sqrt(ends[row + 1] ** 2 + 2 * ACCELERATION * lengths_m[row + 1])))
    return ends


def _second_by_second(stretches: Sequence[Stretch], cruise: Sequence[float]) -> tuple[Int64s, Floats, Floats]:
    """Stretch, share of it and speed at each full second."""
    lengths_m = np.maximum([_length_m(stretch) for stretch in stretches], 1e-6)
    leaving = _leaving(stretches, lengths_m, cruise)
    seconds: list[tuple[int, float, float]] = []
    row, done_m, speed, waiting, tick = 0, 0.0, 0.0, 0, 0
    while row < len(stretches):
        if tick % STEPS_PER_S == 0:
            seconds.append((row, done_m / lengths_m[row], speed))
        tick += 1
        if waiting:
            waiting -= 1
            continue
        braking = np.sqrt(leaving[row] ** 2 + 2 * ACCELERATION * (lengths_m[row] - done_m))
        speed = max(min(speed + ACCELERATION / STEPS_PER_S, cruise[row], float(braking)), CREEP_MPS)
        done_m += speed / STEPS_PER_S
        while row < len(stretches) and done_m >= lengths_m[row]:
            done_m -= lengths_m[row]
            waiting = round(stretches[row].pause_s * STEPS_PER_S)
            row += 1
            if waiting:
                done_m, speed = 0.0, 0.0
                break
    which, share, speeds = zip(*seconds, strict=True)
    return np.array(which, np.int64), np.array(share, np.float64), np.array(speeds, np.float64)


def _observe(true: Track, receiver: Receiver, seed: int) -> Track:
    """What the receiver says; its speed and course come from the Doppler shift and are better than its places."""
    noisy = add_noise(true, sigma_m=receiver.sigma_m, lasting_s=receiver.lasting_s, seed=seed)
    if not receiver.columns or true.speed_mps is None or true.course_deg is None:
        return Track(time_s=noisy.time_s, lat_deg=noisy.lat_deg, lon_deg=noisy.lon_deg)
    random = np.random.default_rng(seed + 1)
    off = random.normal(0, 0.1 + 0.03 * receiver.sigma_m, (2, len(true)))
    course = np.radians(true.course_deg)
    north, east = true.speed_mps * np.cos(course) + off[0], true.speed_mps * np.sin(course) + off[1]
    return Track(
        time_s=noisy.time_s,
        lat_deg=noisy.lat_deg,
        lon_deg=noisy.lon_deg,
        speed_mps=np.hypot(north, east),
        course_deg=np.degrees(np.arctan2(east, north)) % 360,
        hdop=np.maximum(receiver.sigma_m / 2.5 * np.exp(random.normal(0, 0.15, len(true))), 0.5),
    )


def _seen(time_s: Floats, receiver: Receiver, random: np.random.Generator) -> Int64s:
    """Rows of the fixes that are sent. Gaps have fixes before and after them."""
    seen = np.ones(len(time_s), np.bool_)
    last_s = len(time_s) - 2 * GAP_S[1]
    gaps = round(receiver.gap_share * len(time_s) / np.mean(GAP_S)) if last_s > GAP_S[1] else 0
    for begin in random.uniform(GAP_S[1], max(last_s, GAP_S[1]), gaps):
        seen &= (time_s < begin) | (time_s > begin + random.uniform(*GAP_S))
    rows = np.flatnonzero(seen)
    return rows[thinned_rows(time_s[rows], receiver.every_s)]


def _smooth(values: Floats) -> Floats:
    """A lane is not changed at once."""
    window = np.ones(LANE_CHANGE_S) / LANE_CHANGE_S
    padded = np.pad(values, ((0, 0), (LANE_CHANGE_S // 2, LANE_CHANGE_S // 2)), mode="edge")
    return np.stack([np.convolve(row, window, mode="valid") for row in padded])


def _bearing(stretch: Stretch) -> float:
    """Of the motion, in radians from north over east."""
    (lat, lon), (to_lat, to_lon) = stretch.start, stretch.end
    return float(np.arctan2((to_lon - lon) * np.cos(np.radians(lat)), to_lat - lat))


def _length_m(stretch: Stretch) -> float:
    (lat, lon), (to_lat, to_lon) = stretch.start, stretch.end
    return float(_WGS84.inv(lon, lat, to_lon, to_lat)[2])
