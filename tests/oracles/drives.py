"""Machines that drive over a network: where they are at each second, in plain Python."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import atan2, degrees
from random import Random

from snowtrack.model.columns import ABSENT_32
from snowtrack.network.arrays import Network
from tests.oracles.towns import metres_between, shape

SECOND_US = 1_000_000


@dataclass(frozen=True)
class Spot:
    """Where a machine is at an instant: on which segment, which way, how far along."""

    at_us: int
    row: int
    direction: int
    along_mm: int
    lat_e7: int
    lon_e7: int
    course_cdeg: int
    speed_mmps: int


def route(network: Network, start: int, length: int, random: Random) -> list[tuple[int, int]]:
    """Rows and directions of a drive from segment to segment, turning back only where a road ends."""
    at_node: dict[int, list[tuple[int, int]]] = {}
    for row, (begin, end) in enumerate(zip(network.from_node.tolist(), network.to_node.tolist(), strict=True)):
        at_node.setdefault(begin, []).append((row, 1))
        at_node.setdefault(end, []).append((row, -1))
    steps = [(start, 1)]
    while len(steps) < length:
        row, direction = steps[-1]
        node = int(network.to_node[row] if direction == 1 else network.from_node[row])
        onward = [step for step in at_node[node] if step[0] != row]
        steps.append(random.choice(onward) if onward else (row, -direction))
    return steps


def place_at(network: Network, row: int, along_mm: int) -> tuple[int, int, float]:
    """Latitude, longitude and bearing of the line at a distance from its start."""
    first = int(network.shape_offsets[row])
    at_mm = network.shape_at_mm[first : int(network.shape_offsets[row + 1])].tolist()
    points = shape(network, row)
    piece = min(max(bisect_right(at_mm, along_mm) - 1, 0), len(points) - 2)
    (lat0, lon0), (lat1, lon1) = points[piece], points[piece + 1]
    share = (along_mm - at_mm[piece]) / max(at_mm[piece + 1] - at_mm[piece], 1)
    east = metres_between((lat0, lon0), (lat0, lon1)) * (1 if lon1 >= lon0 else -1)
    north = metres_between((lat0, lon0), (lat1, lon0)) * (1 if lat1 >= lat0 else -1)
    bearing = degrees(atan2(east, north))
    return round(lat0 + share * (lat1 - lat0)), round(lon0 + share * (lon1 - lon0)), bearing


def drive(
    network: Network,
    steps: Sequence[tuple[int, int]],
    *,
    start_us: int,
    speed_mmps: int = 8_000,
    noise_e7: int = 0,
    seed: int = 0,
) -> Iterator[Spot]:
    """One spot a second along a route, from the start of its first segment to the end of its last."""
    random = Random(seed)
    lengths = [int(network.length_mm[row]) for row, _ in steps]
    total_mm, at_us, done_mm, step = sum(lengths), start_us, 0, 0
    passed_mm = 0
    while done_mm <= total_mm:
        while done_mm - passed_mm > lengths[step]:
            passed_mm += lengths[step]
            step += 1
        row, direction = steps[step]
        along = done_mm - passed_mm if direction == 1 else lengths[step] - (done_mm - passed_mm)
        lat, lon, bearing = place_at(network, row, along)
        course = round((bearing if direction == 1 else bearing + 180) * 100) % 36_000
        yield Spot(
            at_us=at_us,
            row=row,
            direction=direction,
            along_mm=along,
            lat_e7=lat + random.randint(-noise_e7, noise_e7),
            lon_e7=lon + random.randint(-noise_e7, noise_e7),
            course_cdeg=course if speed_mmps else ABSENT_32,
            speed_mmps=speed_mmps,
        )
        at_us += SECOND_US
        done_mm += speed_mmps


Driven = tuple[int, int, int, int]
"""Row, direction, from and to."""


def driven_between(network: Network, before: Spot, spot: Spot) -> list[Driven]:
    """What was driven from one spot to the next: on one segment, over the crossing to another, or there and back."""
    lengths = network.length_mm
    if (spot.row, spot.direction) == (before.row, before.direction):
        parts = [(spot.row, spot.direction, before.along_mm, spot.along_mm)]
    elif spot.row == before.row:
        # It turned at the end, unseen; what was seen twice was driven back.
        furthest = max if before.direction == 1 else min
        begin_mm = furthest(before.along_mm, spot.along_mm)
        parts = [(spot.row, spot.direction, begin_mm, spot.along_mm)]
    else:
        end_mm = int(lengths[before.row]) if before.direction == 1 else 0
        begin_mm = 0 if spot.direction == 1 else int(lengths[spot.row])
        parts = [(before.row, before.direction, before.along_mm, end_mm)]
        parts.append((spot.row, spot.direction, begin_mm, spot.along_mm))
    return [part for part in parts if part[2] != part[3]]


def joined_up(stretches: Iterable[Driven]) -> list[Driven]:
    """Stretches that go on where the last one ended, as one."""
    way: list[Driven] = []
    for row, direction, from_mm, to_mm in stretches:
        if way and (way[-1][0], way[-1][1], way[-1][3]) == (row, direction, from_mm):
            way[-1] = (*way[-1][:3], to_mm)
        else:
            way.append((row, direction, from_mm, to_mm))
    return way
