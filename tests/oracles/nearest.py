"""Scalar twins of the geometry and the matcher: one point, one segment, plain numbers.

Distances are taken in a plane that pyproj lays through the point (azimuthal equidistant), not in ours.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import atan2, cos, degrees, hypot, radians, sin

from snowtrack.model.columns import ABSENT_32
from snowtrack.network.arrays import Kind, Network
from snowtrack.roads.lines import Point
from tests.oracles.towns import WGS84, shape


@dataclass(frozen=True)
class Near:
    """The nearest place on a segment."""

    distance_m: float
    along_m: float
    bearing_deg: float


@lru_cache(maxsize=100_000)
def in_plane(origin: Point, other: Point) -> tuple[float, float]:
    """East and north of the origin in metres."""
    azimuth, _, distance = WGS84.inv(origin[1] / 1e7, origin[0] / 1e7, other[1] / 1e7, other[0] / 1e7)
    return distance * sin(radians(azimuth)), distance * cos(radians(azimuth))


def project_one(network: Network, row: int, place: Point) -> Near:
    at_mm = network.shape_at_mm[network.shape_offsets[row] : network.shape_offsets[row + 1]].tolist()
    best: Near | None = None
    for (start, to), (start_mm, to_mm) in zip(pairwise(shape(network, row)), pairwise(at_mm), strict=True):
        (x0, y0), (x1, y1) = in_plane(place, start), in_plane(place, to)
        dx, dy = x1 - x0, y1 - y0
        square = dx * dx + dy * dy
        share = min(max(-(x0 * dx + y0 * dy) / square, 0), 1) if square else 0.0
        distance = hypot(x0 + share * dx, y0 + share * dy)
        if best is None or distance < best.distance_m:
            along = (start_mm + share * (to_mm - start_mm)) / 1000
            best = Near(distance, along, degrees(atan2(dx, dy)) % 360)
    assert best is not None
    return best


def cost_mm(network: Network, row: int, near: Near, speed_mmps: int, course_cdeg: int) -> float:
    """What the matcher minimises, from its description."""
    cost = near.distance_m * 1000
    if speed_mmps >= 1_000 and course_cdeg != ABSENT_32:
        off = abs((course_cdeg / 100 - near.bearing_deg + 180) % 360 - 180)
        cost += 200 * min(off, 180 - off)
        cost += 10_000 if int(network.oneway[row]) == (-1 if off <= 90 else 1) else 0
    return cost + (5_000 if int(network.kind[row]) == Kind.FOOTWAY else 0)
