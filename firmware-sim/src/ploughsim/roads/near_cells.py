"""Which lines come near to which places: the loop in which the cell index is made.

On a plane in metres, with the places sorted into square bins.
"""

from math import floor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ploughsim.compiled import compiled, part


class Bins(NamedTuple):
    """Places in rows of squares: bin b holds `order[offsets[b] … offsets[b + 1] - 1]`."""

    east_m: NDArray[np.float64]
    north_m: NDArray[np.float64]
    offsets: NDArray[np.int64]
    order: NDArray[np.int64]
    columns: int
    side_m: float


class Polylines(NamedTuple):
    """Line i has the points `offsets[i] … offsets[i + 1] - 1`."""

    offsets: NDArray[np.int64]
    east_m: NDArray[np.float64]
    north_m: NDArray[np.float64]


@compiled
def near_places(
    lines: Polylines, bins: Bins, reach_m: float, first: int, pairs: tuple[NDArray[np.int32], NDArray[np.int32]]
) -> tuple[int, int]:
    """Fill in pairs of a line and a place within reach of it, by line, until there is no room for the next line; the
    line to go on with, and how many pairs there are."""
    rows, places = pairs
    count = 0
    for line in range(first, len(lines.offsets) - 1):
        begin, end = lines.offsets[line], lines.offsets[line + 1]
        west = east = lines.east_m[begin]
        south = north = lines.north_m[begin]
        for point in range(begin + 1, end):
            west, east = min(west, lines.east_m[point]), max(east, lines.east_m[point])
            south, north = min(south, lines.north_m[point]), max(north, lines.north_m[point])
        before = count
        lowest = max(floor((west - reach_m) / bins.side_m), 0)
        highest = min(floor((east + reach_m) / bins.side_m), bins.columns - 1)
        last = (len(bins.offsets) - 1) // bins.columns - 1
        for row in range(
            max(floor((south - reach_m) / bins.side_m), 0), min(floor((north + reach_m) / bins.side_m), last) + 1
        ):
            for at in range(bins.offsets[row * bins.columns + lowest], bins.offsets[row * bins.columns + highest + 1]):
                place = bins.order[at]
                if _is_near(lines, begin, end, (bins.east_m[place], bins.north_m[place]), reach_m):
                    if count == len(rows):
                        return line, before
                    rows[count], places[count] = line, place
                    count += 1
    return len(lines.offsets) - 1, count


@part
def _is_near(lines: Polylines, begin: int, end: int, place: tuple[float, float], reach_m: float) -> bool:
    x0, y0 = lines.east_m[begin] - place[0], lines.north_m[begin] - place[1]
    for point in range(begin + 1, end):
        x1, y1 = lines.east_m[point] - place[0], lines.north_m[point] - place[1]
        dx, dy = x1 - x0, y1 - y0
        square = dx * dx + dy * dy
        share = 0.0 if square == 0 else min(max(-(x0 * dx + y0 * dy) / square, 0.0), 1.0)
        x, y = x0 + share * dx, y0 + share * dy
        if x * x + y * y <= reach_m * reach_m:
            return True
        x0, y0 = x1, y1
    return False
