"""The H3 index: cell → segment rows, as two arrays, offsets and rows.

A cell lists every segment that has a point within the candidate radius of any point of the cell, so a look-up needs
the point's own cell only. It prefilters; the exact distance decides.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import h3.api.basic_int as h3
import numpy as np

from snowtrack.model.columns import Int32s, Int64s, UInt64s
from snowtrack.network.arrays import Network

# Resolution 10: a hexagon is about 130 m across, so the ring around a cell reaches further than the radius.
RESOLUTION = 10
RADIUS_M = 50
SAMPLE_MM = 10_000


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
    cells = _cells_of(lat_e7, lon_e7, network.h3_resolution)
    at = np.minimum(np.searchsorted(network.cell, cells), max(len(network.cell) - 1, 0))
    found = network.cell[at] == cells if len(network.cell) else np.zeros(len(cells), np.bool_)
    starts = network.cell_offsets[at]
    counts = np.where(found, network.cell_offsets[np.minimum(at + 1, len(network.cell))] - starts, 0)
    point = np.repeat(np.arange(len(cells)), counts)
    within = np.arange(len(point)) - np.repeat(np.cumsum(counts) - counts, counts)
    return Candidates(point=point, row=network.cell_rows[np.repeat(starts, counts) + within].astype(np.int64))


def _cells_of(lat_e7: Int32s, lon_e7: Int32s, resolution: int) -> UInt64s:
    to_cell = h3.latlng_to_cell
    pairs = zip((lat_e7 / 1e7).tolist(), (lon_e7 / 1e7).tolist(), strict=True)
    return np.fromiter((to_cell(lat, lon, resolution) for lat, lon in pairs), np.uint64, len(lat_e7))


def build_index(shape_offsets: Int64s, lat_e7: Int32s, lon_e7: Int32s, at_mm: Int32s) -> CellIndex:
    """Index segments by their shapes: all cells within one ring of a point of the line."""
    pairs: set[tuple[int, int]] = set()
    for row in range(len(shape_offsets) - 1):
        own = slice(shape_offsets[row], shape_offsets[row + 1])
        touched = {
            h3.latlng_to_cell(lat, lon, RESOLUTION) for lat, lon in _samples(lat_e7[own], lon_e7[own], at_mm[own])
        }
        pairs.update((cell, row) for cell in _with_rings(touched))
    ordered = sorted(pairs)
    cells = np.array([cell for cell, _ in ordered], np.uint64)
    unique, starts = np.unique(cells, return_index=True)
    return CellIndex(
        cell=unique,
        cell_offsets=np.append(starts, len(ordered)).astype(np.int64),
        cell_rows=np.array([row for _, row in ordered], np.int32),
    )


def _with_rings(cells: Iterable[int]) -> set[int]:
    return {near for cell in cells for near in h3.grid_disk(cell, 1)}


def _samples(lat_e7: Int32s, lon_e7: Int32s, at_mm: Int32s) -> Iterator[tuple[float, float]]:
    """Points along a line, at most `SAMPLE_MM` apart, ends included."""
    count = int(at_mm[-1]) // SAMPLE_MM + 2
    wanted = np.linspace(0, int(at_mm[-1]), count)
    lats = np.interp(wanted, at_mm, lat_e7 / 1e7)
    lons = np.interp(wanted, at_mm, lon_e7 / 1e7)
    return zip(lats.tolist(), lons.tolist(), strict=True)
