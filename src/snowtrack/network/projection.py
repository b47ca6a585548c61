"""Points put on segments.

Near a point the earth is flat enough: the plane is scaled at the point's own latitude, which for the few hundred
metres that matter here is exact to well under a centimetre. Distances are whole millimetres, so that ties are ties.
"""

from math import sin, sqrt

import numpy as np
from numpy import rint

from snowtrack.compiled import Array, compiled, part
from snowtrack.model.columns import Int32s, Int64s, UInt64s

# Of one point so many places are kept, the nearest ones.
PLACES_MAX = 16
UNIT = 1_000
DISTANCE_MM_MAX = 2**31 - 1
SEMI_MAJOR_M = 6_378_137.0
ECCENTRICITY_2 = 0.00669437999014
RAD_PER_E7 = np.pi / 180 / 1e7

Points = tuple[Int32s, Int32s, UInt64s, Int64s]
Index = tuple[UInt64s, Int64s, Int32s, Int64s]
Shapes = tuple[Int64s, Int32s, Int32s, Int32s]


@compiled
def find_places(points: Points, index: Index, shapes: Shapes, radius_mm: int, offsets: Int64s, found: Array) -> int:
    """Fill `found` with row, along, distance, east, north of each place; how many there are."""
    lats, lons, cells, at = points
    cell, cell_offsets, cell_rows, ids = index
    count = 0
    for point in range(len(lats)):
        first = count
        if at[point] < len(cell) and cell[at[point]] == cells[point]:
            scale = _metres_per_e7(lats[point])
            for listed in range(cell_offsets[at[point]], cell_offsets[at[point] + 1]):
                row = cell_rows[listed]
                place = _project(shapes, row, lats[point], lons[point], scale)
                if place[1] <= radius_mm:
                    count = _insert(found, first, count, ids, row, place)
        offsets[point + 1] = count
    return count


@compiled
def snap_points(shapes: Shapes, rows: Int32s | Int64s, lats: Int32s, lons: Int32s, put: Array) -> None:
    """Fill in along, distance, latitude and longitude of each point on its segment."""
    for point in range(len(rows)):
        put[point, 0], put[point, 1], put[point, 2], put[point, 3] = 0, 0, lats[point], lons[point]
        if rows[point] >= 0:
            scale = _metres_per_e7(lats[point])
            x, y, before, share, _ = _nearest(shapes, rows[point], lats[point], lons[point], scale)
            put[point, 0] = _along(shapes, before, share)
            put[point, 1] = _millimetres(x, y)
            put[point, 2] = lats[point] + int(rint(y / scale[0]))
            put[point, 3] = lons[point] + int(rint(x / scale[1]))


@part
def _along(shapes: Shapes, before: int, share: float) -> int:
    return int(shapes[3][before] + rint(share * (shapes[3][before + 1] - shapes[3][before])))


@part
def _millimetres(x: float, y: float) -> int:
    return int(min(rint(sqrt(x * x + y * y) * 1000), DISTANCE_MM_MAX))


@part
def _metres_per_e7(lat_e7: int) -> tuple[float, float]:
    """As `geometry.metres_per_e7`, for one point."""
    sine = sin(lat_e7 * RAD_PER_E7)
    curve = 1 - ECCENTRICITY_2 * sine * sine
    east_radius = SEMI_MAJOR_M / sqrt(curve)
    return east_radius * (1 - ECCENTRICITY_2) / curve * RAD_PER_E7, east_radius * sqrt(1 - sine * sine) * RAD_PER_E7


@part
def _project(
    shapes: Shapes, row: int, lat_e7: int, lon_e7: int, scale: tuple[float, float]
) -> tuple[int, int, int, int]:
    """Along, distance, east, north of the nearest place on a segment."""
    x, y, point, share, (dx, dy) = _nearest(shapes, row, lat_e7, lon_e7, scale)
    along_mm, distance_mm = _along(shapes, point, share), _millimetres(x, y)
    length = sqrt(dx * dx + dy * dy)
    if length == 0:
        return along_mm, distance_mm, 0, 0
    return along_mm, distance_mm, int(rint(dx / length * UNIT)), int(rint(dy / length * UNIT))


@part
def _nearest(
    shapes: Shapes, row: int, lat_e7: int, lon_e7: int, scale: tuple[float, float]
) -> tuple[float, float, int, float, tuple[float, float]]:
    """The nearest place, metres to the east and the north; the shape point before it, its share of the way to the
    next one, and that way. The first where several are as near."""
    offsets, lats, lons, _ = shapes
    north_m, east_m = scale
    nearest, best, best_share = np.inf, offsets[row], 0.0
    best_x = best_y = best_dx = best_dy = 0.0
    y1, x1 = (np.int64(lats[best]) - lat_e7) * north_m, (np.int64(lons[best]) - lon_e7) * east_m
    for point in range(offsets[row], offsets[row + 1] - 1):
        y0, x0 = y1, x1
        y1, x1 = (np.int64(lats[point + 1]) - lat_e7) * north_m, (np.int64(lons[point + 1]) - lon_e7) * east_m
        dx, dy = x1 - x0, y1 - y0
        square = dx * dx + dy * dy
        share = 0.0 if square == 0 else min(max(-(x0 * dx + y0 * dy) / square, 0.0), 1.0)
        x, y = x0 + share * dx, y0 + share * dy
        # A later piece is not nearer at its own beginning: that is the end of the one before, but for rounding.
        if (share > 0 or point == offsets[row]) and x * x + y * y < nearest:
            nearest, best, best_share = x * x + y * y, point, share
            best_x, best_y, best_dx, best_dy = x, y, dx, dy
    return best_x, best_y, best, best_share, (best_dx, best_dy)


@part
def _insert(found: Array, first: int, count: int, ids: Int64s, row: int, place: tuple[int, int, int, int]) -> int:
    """Keep the places of a point in order; the new number of all."""
    at = count
    while at > first and (
        found[at - 1, 2] > place[1] or (found[at - 1, 2] == place[1] and ids[found[at - 1, 0]] > ids[row])
    ):
        at -= 1
    if at - first >= PLACES_MAX:
        return count
    last = count if count - first < PLACES_MAX else count - 1
    for moved in range(last, at, -1):
        for column in range(5):
            found[moved, column] = found[moved - 1, column]
    found[at, 0], found[at, 1], found[at, 2], found[at, 3], found[at, 4] = row, place[0], place[1], place[2], place[3]
    return last + 1
