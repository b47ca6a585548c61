"""Lines cut into segments: equal parts of about 100 m."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod

from ploughsim.compiled import compiled, part
from ploughsim.roads.drawing import Lines

_PART_MM = 100_000.0
_WGS84 = "WGS84"


class Shapes(NamedTuple):
    """Line i has the points `offsets[i] … offsets[i + 1] - 1`."""

    offsets: NDArray[np.int64]
    lat_e7: NDArray[np.int32]
    lon_e7: NDArray[np.int32]


class Parts(NamedTuple):
    """Segments to be, by line and along it. Places are those of the lines, and behind them new ones between parts;
    `at_mm` counts from where the segment begins, `from_mm` is where that is on its line."""

    line: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    from_mm: NDArray[np.int32]
    length_mm: NDArray[np.int32]
    offsets: NDArray[np.int64]
    lat_e7: NDArray[np.int32]
    lon_e7: NDArray[np.int32]
    at_mm: NDArray[np.int32]


def cut(lines: Lines, shapes: Shapes) -> Parts:
    """All segments of all lines."""
    at_mm = _measured(shapes)
    lengths = at_mm[shapes.offsets[1:] - 1]
    counts = np.maximum(np.rint(lengths / _PART_MM), 1).astype(np.int64)
    parts, points = int(counts.sum()), len(at_mm) + 2 * int(counts.sum())
    made = Parts(
        line=np.repeat(np.arange(len(counts)), counts),
        start=np.empty(parts, np.int64),
        end=np.empty(parts, np.int64),
        from_mm=np.empty(parts, np.int32),
        length_mm=np.empty(parts, np.int32),
        offsets=np.zeros(parts + 1, np.int64),
        lat_e7=np.empty(points, np.int32),
        lon_e7=np.empty(points, np.int32),
        at_mm=np.empty(points, np.int32),
    )
    places = lines.start, lines.end, len(lines.place_east_m)
    used = _cut(shapes, at_mm, counts, places, made)
    return made._replace(**{name: getattr(made, name)[:used] for name in ("lat_e7", "lon_e7", "at_mm")})


def _measured(shapes: Shapes) -> NDArray[np.int64]:
    """How far along its line each point is, on the ellipsoid."""
    lat, lon = shapes.lat_e7 / 1e7, shapes.lon_e7 / 1e7
    steps = np.asarray(Geod(ellps=_WGS84).inv(lon[:-1], lat[:-1], lon[1:], lat[1:])[2])
    steps[shapes.offsets[1:-1] - 1] = 0.0
    whole = np.concatenate([[0.0], np.cumsum(steps)]) * 1000
    measured: NDArray[np.int64] = np.rint(whole - np.repeat(whole[shapes.offsets[:-1]], np.diff(shapes.offsets)))
    return measured.astype(np.int64)


@compiled
def _cut(
    shapes: Shapes,
    at_mm: NDArray[np.int64],
    counts: NDArray[np.int64],
    places: tuple[NDArray[np.int64], NDArray[np.int64], int],
    made: Parts,
) -> int:
    """Fill in the parts; how many points they have."""
    starts, ends, fresh = places
    row = points = 0
    for line in range(len(counts)):
        point, last = shapes.offsets[line], shapes.offsets[line + 1] - 1
        length_mm = at_mm[last]
        for number in range(counts[line]):
            begin_mm = length_mm * number // counts[line]
            end_mm = length_mm * (number + 1) // counts[line]
            made.from_mm[row], made.length_mm[row] = begin_mm, end_mm - begin_mm
            made.start[row], made.end[row] = starts[line] if number == 0 else fresh - 1, ends[line]
            if number + 1 < counts[line]:
                made.end[row] = fresh
                fresh += 1
            points = _put(shapes, at_mm, (point, begin_mm, begin_mm), made, points)
            while point < last and at_mm[point + 1] < end_mm:
                point += 1
                if at_mm[point] > begin_mm:
                    points = _put(shapes, at_mm, (point, at_mm[point], begin_mm), made, points)
            points = _put(shapes, at_mm, (point, end_mm, begin_mm), made, points)
            row += 1
            made.offsets[row] = points
    return points


@part
def _put(shapes: Shapes, at_mm: NDArray[np.int64], where: tuple[int, int, int], made: Parts, points: int) -> int:
    """A point so far along a line, behind one of its points; `where` says that one, how far, and where the part
    begins."""
    point, along_mm, begin_mm = where
    share = 0.0
    following = point
    if along_mm > at_mm[point]:
        following = point + 1
        share = (along_mm - at_mm[point]) / max(at_mm[following] - at_mm[point], 1)
    lat, lon = shapes.lat_e7[point], shapes.lon_e7[point]
    made.lat_e7[points] = lat + int(np.rint(share * (shapes.lat_e7[following] - lat)))
    made.lon_e7[points] = lon + int(np.rint(share * (shapes.lon_e7[following] - lon)))
    made.at_mm[points] = along_mm - begin_mm
    return points + 1
