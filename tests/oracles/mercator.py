"""Which tile a place is in, by Mercator's own formula."""

from math import asinh, floor, pi, radians, tan

from snowtrack.roads.lines import Point
from snowtrack.tiles.window import TileKey


def in_world(place: Point) -> tuple[float, float]:
    """Web Mercator, the world from (0, 0) to (1, 1)."""
    lat, lon = place[0] / 1e7, place[1] / 1e7
    return lon / 360 + 0.5, 0.5 - asinh(tan(radians(lat))) / (2 * pi)


def key_at(place: Point, zoom: int) -> TileKey:
    x, y = in_world(place)
    return TileKey(zoom, floor(x * 2**zoom), floor(y * 2**zoom))
