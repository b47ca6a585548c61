"""The cell index of a network: H3 cell → rows of the segments that come near it, complete for the candidate radius."""

from typing import NamedTuple

import h3ronpy
import numpy as np
import polars as pl
from h3ronpy.vector import cells_to_coordinates, coordinates_to_cells
from numpy.typing import NDArray

from ploughsim.roads.near_cells import Bins, Polylines, near_places
from ploughsim.roads.parts import Shapes

RESOLUTION, RADIUS_M = 11, 50
_CELL_M = 32.0
"""No cell of the resolution reaches further from its centre."""
_SLACK_M = 1.0
_SAMPLE_M = 10.0
# Rings of cells around those on the line: one is at least 40 m wide.
_RINGS = 4
_BIN_M = 100.0
_METRES_PER_DEGREE = 111_320.0


class CellIndex(NamedTuple):
    """Cells in ascending order with ranges of rows."""

    cell: NDArray[np.uint64]
    offsets: NDArray[np.int64]
    rows: NDArray[np.int32]


def cells_of(lat_e7: NDArray[np.int32], lon_e7: NDArray[np.int32], resolution: int) -> NDArray[np.uint64]:
    return np.asarray(coordinates_to_cells(lat_e7 / 1e7, lon_e7 / 1e7, resolution), np.uint64)


def build_index(shapes: Shapes) -> CellIndex:
    cells = _around(_on_lines(shapes))
    centres = pl.DataFrame(cells_to_coordinates(cells))
    plane = _Plane.over(shapes)
    lines = Polylines(shapes.offsets, *plane.metres(shapes.lat_e7 / 1e7, shapes.lon_e7 / 1e7))
    bins = _bins(*plane.metres(centres["lat"].to_numpy(), centres["lng"].to_numpy()))
    rows, places = _pairs(lines, bins, (_CELL_M + RADIUS_M + _SLACK_M) * plane.stretch)
    counts = np.bincount(places, minlength=len(cells))
    listed = counts > 0
    offsets = np.concatenate([[0], np.cumsum(counts[listed])]).astype(np.int64)
    return CellIndex(cell=cells[listed], offsets=offsets, rows=rows[np.argsort(places, kind="stable")])


class _Plane(NamedTuple):
    """Degrees as metres from the south-west corner; nowhere is a metre longer than `stretch` on it."""

    lat_deg: float
    lon_deg: float
    east_m: float
    stretch: float

    @classmethod
    def over(cls, shapes: Shapes) -> "_Plane":
        lowest, highest = shapes.lat_e7.min() / 1e7, shapes.lat_e7.max() / 1e7
        widest, narrowest = np.cos(np.radians([lowest, highest]))
        # 0.5 % for the ellipsoid; the southernmost parallel is the longest.
        margin_deg = 2 * (_CELL_M + RADIUS_M) * (1 + _RINGS) / _METRES_PER_DEGREE
        east_m = float(widest * _METRES_PER_DEGREE)
        stretch = 1.005 * float(widest / narrowest)
        return cls(float(lowest - margin_deg), float(shapes.lon_e7.min() / 1e7 - 2 * margin_deg), east_m, stretch)

    def metres(
        self, lat_deg: NDArray[np.float64], lon_deg: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return (lon_deg - self.lon_deg) * self.east_m, (lat_deg - self.lat_deg) * _METRES_PER_DEGREE


def _on_lines(shapes: Shapes) -> NDArray[np.uint64]:
    """The cells of places every few metres along the lines."""
    lat, lon = shapes.lat_e7.astype(np.float64), shapes.lon_e7.astype(np.float64)
    north, east = np.diff(lat) * _METRES_PER_DEGREE / 1e7, np.diff(lon) * _METRES_PER_DEGREE / 1e7
    counts = np.maximum(np.ceil(np.hypot(north, east) / _SAMPLE_M), 1).astype(np.int64)
    counts[shapes.offsets[1:-1] - 1] = 1
    first = np.repeat(np.arange(len(counts)), counts)
    share = (np.arange(len(first)) - np.repeat(np.cumsum(counts) - counts, counts)) / counts[first]
    sampled = [np.append(axis[first] + share * np.diff(axis)[first], axis[-1]) for axis in (lat, lon)]
    found = []
    for begin in range(0, len(sampled[0]), 1 << 20):
        part = [np.rint(axis[begin : begin + (1 << 20)]).astype(np.int32) for axis in sampled]
        found.append(_distinct(cells_of(part[0], part[1], RESOLUTION)))
    return _distinct(np.concatenate(found))


def _around(cells: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The cells with the rings around them."""
    for _ in range(_RINGS):
        parts = [_distinct(_disks(cells[begin : begin + (1 << 19)])) for begin in range(0, len(cells), 1 << 19)]
        cells = _distinct(np.concatenate(parts))
    return cells


def _distinct(cells: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """In ascending order; numpy's own is five times slower."""
    ordered = np.sort(cells)
    kept: NDArray[np.uint64] = ordered[np.append(np.True_, ordered[1:] != ordered[:-1])]
    return kept


def _disks(cells: NDArray[np.uint64]) -> NDArray[np.uint64]:
    disks = pl.Series(h3ronpy.grid_disk(cells, 1))
    return np.asarray(disks.list.explode(keep_nulls=False, empty_as_null=False).to_numpy(), np.uint64)


def _bins(east_m: NDArray[np.float64], north_m: NDArray[np.float64]) -> Bins:
    column, row = (np.floor(axis / _BIN_M).astype(np.int64) for axis in (east_m, north_m))
    columns, rows = int(column.max()) + 1, int(row.max()) + 1
    number = row * columns + column
    counts = np.bincount(number, minlength=columns * rows)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Bins(east_m, north_m, offsets, np.argsort(number, kind="stable"), columns, _BIN_M)


def _pairs(lines: Polylines, bins: Bins, reach_m: float) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    room = np.empty((2, max(64 * min(len(lines.offsets), 1 << 17), 1 << 16)), np.int32)
    parts, first = [room[:, :0]], 0
    while first < len(lines.offsets) - 1:
        begin = first
        first, count = near_places(lines, bins, reach_m, begin, (room[0], room[1]))
        parts.append(room[:, :count].copy())
        if first == begin:
            room = np.empty((2, 2 * room.shape[1]), np.int32)
    rows, places = np.concatenate(parts, axis=1)
    return rows, places
