"""Scalar twins of the geometry: one point, one segment, plain numbers.

`project_one` takes its distances in a plane that pyproj lays through the point (azimuthal equidistant), not in ours:
it says whether the plane is good. `places_one` takes the plane that is defined: it says the very millimetre.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import atan2, cos, degrees, hypot, radians, sin, sqrt
from typing import NamedTuple

from snowtrack.network.arrays import Network
from snowtrack.network.projection import PLACES_MAX
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


class Place(NamedTuple):
    """The nearest place on a segment; `east` and `north` in thousandths say where the segment points to."""

    row: int
    along_mm: int
    distance_mm: int
    east: int
    north: int
    lat_e7: int
    lon_e7: int


def metres_at(lat_e7: int) -> tuple[float, float]:
    """Metres per 1e-7 degree to the north and to the east, on the ellipsoid."""
    sine = sin(radians(lat_e7 / 1e7))
    curve = 1 - WGS84.es * sine * sine
    per_e7 = radians(1e-7)
    return WGS84.a * (1 - WGS84.es) / curve**1.5 * per_e7, WGS84.a / sqrt(curve) * cos(radians(lat_e7 / 1e7)) * per_e7


def place_on(network: Network, row: int, point: Point) -> Place:
    """The nearest place on one segment, the first along it where several are."""
    at_mm = network.shape_at_mm[network.shape_offsets[row] : network.shape_offsets[row + 1]].tolist()
    north_m, east_m = metres_at(point[0])
    ways = [((lon - point[1]) * east_m, (lat - point[0]) * north_m) for lat, lon in shape(network, row)]
    best: tuple[float, Place] | None = None
    for ((x0, y0), (x1, y1)), (start_mm, to_mm) in zip(pairwise(ways), pairwise(at_mm), strict=True):
        dx, dy = x1 - x0, y1 - y0
        square, length = dx * dx + dy * dy, sqrt(dx * dx + dy * dy)
        share = min(max(-(x0 * dx + y0 * dy) / square, 0.0), 1.0) if square else 0.0
        x, y = x0 + share * dx, y0 + share * dy
        # Where a piece begins the one before it ends, and that one is the first.
        if best is None or (share > 0 and x * x + y * y < best[0]):
            place = Place(
                row=row,
                along_mm=start_mm + round(share * (to_mm - start_mm)),
                distance_mm=round(sqrt(x * x + y * y) * 1000),
                east=round(dx / length * 1000) if length else 0,
                north=round(dy / length * 1000) if length else 0,
                lat_e7=point[0] + round(y / north_m),
                lon_e7=point[1] + round(x / east_m),
            )
            best = x * x + y * y, place
    assert best is not None
    return best[1]


def places_one(network: Network, point: Point) -> list[Place]:
    """The places near a point, by distance, equals by segment id."""
    everywhere = (place_on(network, row, point) for row in range(len(network)))
    near = [place for place in everywhere if place.distance_mm <= network.candidate_radius_m * 1000]
    return sorted(near, key=lambda place: (place.distance_mm, int(network.segment_id[place.row])))[:PLACES_MAX]
