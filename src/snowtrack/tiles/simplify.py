"""Which points of a line a zoom can do without."""

import numpy as np

from snowtrack.compiled import Array, compiled
from snowtrack.model.columns import Int32s, Int64s, UInt8s

# A line may be drawn so far from where it is, in units of a tile, which is shown 512 pixels wide.
HALF_A_PIXEL = 4


def needed_from(x: Int32s, y: Int32s, offsets: Int64s, zoom_max: int) -> UInt8s:
    """Douglas and Peucker's rule for all zooms at once: of the points between two, the farthest from the straight
    line is needed from the zoom on at which that is half a pixel, and never before those two. Where that is beyond
    the last zoom, whose units are given, it is needed at none."""
    needed = np.zeros(len(x), np.uint8)
    waiting = np.empty((int(np.diff(offsets).max(initial=0)) + 1, 3), np.int64)
    _needed_from((x, y), offsets, zoom_max, waiting, needed)
    return needed


@compiled
def _needed_from(points: tuple[Array, Array], offsets: Array, zoom_max: int, waiting: Array, needed: Array) -> None:
    x, y = points
    for row in range(len(offsets) - 1):
        waiting[0, 0], waiting[0, 1], waiting[0, 2] = offsets[row], offsets[row + 1] - 1, 0
        left = 1
        while left:
            left -= 1
            start, end, zoom = waiting[left, 0], waiting[left, 1], waiting[left, 2]
            if end - start < 2:
                continue
            dx, dy = float(x[end] - x[start]), float(y[end] - y[start])
            square = dx * dx + dy * dy
            farthest, most = start + 1, -1.0
            for point in range(start + 1, end):
                px, py = float(x[point] - x[start]), float(y[point] - y[start])
                along = 0.0
                if square:
                    along = min(max((px * dx + py * dy) / square, 0.0), 1.0)
                off = (px - along * dx) ** 2 + (py - along * dy) ** 2
                if off > most:
                    farthest, most = point, off
            while zoom <= zoom_max and most < float(HALF_A_PIXEL << (zoom_max - zoom)) ** 2:
                zoom += 1
            needed[farthest] = zoom
            for at, begin, stop in ((left, start, farthest), (left + 1, farthest, end)):
                waiting[at, 0], waiting[at, 1], waiting[at, 2] = begin, stop, zoom
            left += 2
