"""The H3 index: cell → segment rows, as two arrays, offsets and rows.

A cell lists every segment that has a point within the candidate radius of any point of the cell, so a look-up needs
the point's own cell only. It prefilters; the exact distance decides.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import h3ronpy
import numpy as np
import polars as pl
from h3ronpy.vector import cells_to_coordinates, coordinates_to_cells

from snowtrack.model.columns import Bools, Int32s, Int64s, UInt64s, ranges
from snowtrack.network.arrays import Network
from snowtrack.network.geometry import metres_per_e7
from snowtrack.network.nearness import mark_near

# Measured: docs/decisions/011-importing-roads.md.
RESOLUTION = 11
RADIUS_M = 50
# No cell in the world reaches further from its centre.
CELL_RADIUS_M = {9: 223.0, 10: 84.5, 11: 32.0}
# The plane of a cell is not quite the ellipsoid, and its edge not quite a line.
SLACK_M = 0.5
ROWS_AT_ONCE = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CellIndex:
    """Cells in ascending order with ranges of segment rows."""

    cell: UInt64s
    cell_offsets: Int64s
    cell_rows: Int32s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidates:
    """Pairs of a point and a segment that may be near it, by point and then by segment row."""

    point: Int64s
    row: Int64s


def find_candidates(network: Network, lat_e7: Int32s, lon_e7: Int32s) -> Candidates:
    """The segments listed under each point's cell."""
    cells = cells_of(lat_e7, lon_e7, network.h3_resolution)
    at = np.minimum(np.searchsorted(network.cell, cells), max(len(network.cell) - 1, 0))
    found = network.cell[at] == cells if len(network.cell) else np.zeros(len(cells), np.bool_)
    starts = network.cell_offsets[at]
    counts = np.where(found, network.cell_offsets[np.minimum(at + 1, len(network.cell))] - starts, 0)
    point = np.repeat(np.arange(len(cells)), counts)
    return Candidates(point=point, row=network.cell_rows[ranges(starts, counts)].astype(np.int64))


def cells_of(lat_e7: Int32s, lon_e7: Int32s, resolution: int) -> UInt64s:
    """The cell of each point."""
    return np.asarray(coordinates_to_cells(lat_e7 / 1e7, lon_e7 / 1e7, resolution), np.uint64)


def build_index(
    shape_offsets: Int64s, lat_e7: Int32s, lon_e7: Int32s, resolution: int = RESOLUTION, radius_m: float = RADIUS_M
) -> CellIndex:
    """Index segments by their shapes."""
    shapes = _Shapes(shape_offsets, lat_e7, lon_e7)
    numbering = _Numbering(resolution)
    reach_m = CELL_RADIUS_M[resolution] + radius_m + SLACK_M
    parts = [_near_cells(shapes, first, numbering, reach_m) for first in range(0, len(shape_offsets) - 1, ROWS_AT_ONCE)]
    rows = np.concatenate([np.empty(0, np.int32), *(part[0] for part in parts)])
    cells = np.concatenate([np.empty(0, np.int64), *(part[1] for part in parts)])
    order = np.argsort(cells, kind="stable")  # rows ascend already
    ordered = cells[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    return CellIndex(
        cell=numbering.cells(ordered[starts]),
        cell_offsets=np.append(starts, len(ordered)).astype(np.int64),
        cell_rows=rows[order],
    )


@dataclass(frozen=True, slots=True)
class _Shapes:
    """The lines of all rows."""

    offsets: Int64s
    lat_e7: Int32s
    lon_e7: Int32s


@dataclass(frozen=True, slots=True)
class _Numbering:
    """Cells of one resolution as small numbers in the same order: what all of them share is left out.

    With a row above them they fit into one integer, and a sorted array of these is a set of (row, cell).
    """

    resolution: int

    @property
    def bits(self) -> int:
        return 7 + 3 * self.resolution

    def numbers(self, cells: UInt64s) -> Int64s:
        mask = (1 << self.bits) - 1
        return (cells.astype(np.int64) >> self._unused) & mask

    def cells(self, numbers: Int64s) -> UInt64s:
        head = (1 << 59) | (self.resolution << 52)
        return ((numbers << self._unused) | head | ((1 << self._unused) - 1)).astype(np.uint64)

    @property
    def _unused(self) -> int:
        return 3 * (15 - self.resolution)


def _near_cells(shapes: _Shapes, first: int, numbering: _Numbering, reach_m: float) -> tuple[Int32s, Int64s]:
    """Rows and numbers of the cells that reach close to them, by row: from the cells of a line outwards.

    The cells near a line hang together, so where no neighbour is near any more, none is left.
    """
    last = min(first + ROWS_AT_ONCE, len(shapes.offsets) - 1)
    points = slice(shapes.offsets[first], shapes.offsets[last])
    row = np.repeat(np.arange(last - first), np.diff(shapes.offsets[first : last + 1]))
    own = numbering.numbers(cells_of(shapes.lat_e7[points], shapes.lon_e7[points], numbering.resolution))
    edge = _unique((row << numbering.bits) | own)
    near = seen = edge
    while len(edge):
        around = _without(_unique(np.concatenate(list(_around(edge, numbering)))), seen)
        edge = around[_is_near(shapes, first, around, numbering, reach_m)]
        seen, near = _unique(np.concatenate([seen, around])), np.concatenate([near, edge])
    near = np.sort(near)
    return (first + (near >> numbering.bits)).astype(np.int32), near & ((1 << numbering.bits) - 1)


def _around(pairs: Int64s, numbering: _Numbering) -> Iterator[Int64s]:
    """The neighbours of each pair's cell, with its row."""
    numbers, which = np.unique(pairs & ((1 << numbering.bits) - 1), return_inverse=True)
    disks = pl.Series(h3ronpy.grid_disk(numbering.cells(numbers), 1))
    starts = np.concatenate([[0], np.cumsum(disks.list.len().to_numpy())]).astype(np.int64)
    neighbours = numbering.numbers(disks.list.explode(keep_nulls=False, empty_as_null=False).to_numpy())
    rows = (pairs >> numbering.bits) << numbering.bits
    counts = starts[which + 1] - starts[which]
    for place in range(int(counts.max(initial=0))):
        has = counts > place
        yield rows[has] | neighbours[starts[which[has]] + place]


def _is_near(shapes: _Shapes, first: int, pairs: Int64s, numbering: _Numbering, reach_m: float) -> Bools:
    numbers, which = np.unique(pairs & ((1 << numbering.bits) - 1), return_inverse=True)
    centres = pl.DataFrame(cells_to_coordinates(numbering.cells(numbers)))
    lat_e7, lon_e7 = (np.rint(centres[axis].to_numpy() * 1e7).astype(np.int32) for axis in ("lat", "lng"))
    near = np.zeros(len(pairs), np.bool_)
    centre = np.stack([lat_e7, lon_e7, *metres_per_e7(lat_e7)], axis=1)
    rows = first + (pairs >> numbering.bits)
    mark_near(near, rows, (which, centre), (shapes.offsets, shapes.lat_e7, shapes.lon_e7), reach_m * reach_m)
    return near


def _unique(keys: Int64s) -> Int64s:
    ordered = np.sort(keys)
    kept: Int64s = ordered[np.diff(ordered, prepend=-1) != 0]
    return kept


def _without(keys: Int64s, seen: Int64s) -> Int64s:
    """The keys that are not among those seen; both ascend."""
    at = np.minimum(np.searchsorted(seen, keys), len(seen) - 1)
    kept: Int64s = keys[seen[at] != keys]
    return kept
