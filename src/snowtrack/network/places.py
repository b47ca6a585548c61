"""From points to the places near them: on each segment within the candidate radius the place nearest to the point."""

from dataclasses import dataclass

import numpy as np

from snowtrack.model.columns import Int16s, Int32s, Int64s
from snowtrack.network.arrays import Network
from snowtrack.network.cells import cells_of
from snowtrack.network.projection import PLACES_MAX, find_places, snap_points

POINTS_AT_ONCE = 1 << 14


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Places:
    """Point i has the places `offsets[i] … offsets[i + 1] - 1`, by distance, equals by segment id.

    `east` and `north` say where the segment points to at the place, in thousandths.
    """

    offsets: Int64s
    row: Int32s
    along_mm: Int32s
    distance_mm: Int32s
    east: Int16s
    north: Int16s


def places_near(network: Network, lat_e7: Int32s, lon_e7: Int32s) -> Places:
    """The places near each point."""
    parts = [
        _places(network, lat_e7[first : first + POINTS_AT_ONCE], lon_e7[first : first + POINTS_AT_ONCE])
        for first in range(0, max(len(lat_e7), 1), POINTS_AT_ONCE)
    ]
    if len(parts) == 1:
        return parts[0]
    columns = {name: np.concatenate([getattr(one, name) for one in parts]) for name in Places.__slots__[1:]}
    counts = np.concatenate([np.diff(one.offsets) for one in parts])
    return Places(offsets=np.concatenate([[0], np.cumsum(counts)]), **columns)


def _places(network: Network, lat_e7: Int32s, lon_e7: Int32s) -> Places:
    cells = cells_of(lat_e7, lon_e7, network.h3_resolution)
    at = np.searchsorted(network.cell, cells)
    offsets = np.zeros(len(lat_e7) + 1, np.int64)
    found = np.empty((len(lat_e7) * PLACES_MAX, 5), np.int32)
    count = find_places(
        (lat_e7, lon_e7, cells, at),
        (network.cell, network.cell_offsets, network.cell_rows, network.segment_id),
        (network.shape_offsets, network.shape_lat_e7, network.shape_lon_e7, network.shape_at_mm),
        network.candidate_radius_m * 1000,
        offsets,
        found,
    )
    row, along_mm, distance_mm, east, north = found[:count].T
    return Places(
        offsets=offsets,
        row=row.copy(),
        along_mm=along_mm.copy(),
        distance_mm=distance_mm.copy(),
        east=east.astype(np.int16),
        north=north.astype(np.int16),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Snapped:
    """Points put on segments: how far along, how far away, and where; the first such place where several are."""

    along_mm: Int32s
    distance_mm: Int32s
    lat_e7: Int32s
    lon_e7: Int32s


def snap(network: Network, rows: Int32s | Int64s, lat_e7: Int32s, lon_e7: Int32s) -> Snapped:
    """Put each point on a segment of its own; it stays where it is for row -1."""
    put = np.empty((len(rows), 4), np.int32)
    shapes = (network.shape_offsets, network.shape_lat_e7, network.shape_lon_e7, network.shape_at_mm)
    snap_points(shapes, rows, lat_e7, lon_e7, put)
    along_mm, distance_mm, snapped_lat_e7, snapped_lon_e7 = (column.copy() for column in put.T)
    return Snapped(along_mm=along_mm, distance_mm=distance_mm, lat_e7=snapped_lat_e7, lon_e7=snapped_lon_e7)
