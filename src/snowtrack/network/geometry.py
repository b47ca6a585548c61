"""Points against lines: distances, nearest points and bearings, for many pairs at once.

Near a point the earth is flat enough: the plane is scaled at the point's own latitude, which for the few hundred
metres that matter here is exact to well under a centimetre. Only elementwise IEEE operations are used, and results
are rounded to integers, so that a batch of one gives what a batch of many gives.
"""

from dataclasses import dataclass

import numpy as np

from snowtrack.model.columns import Floats, Int32s, Int64s
from snowtrack.network.arrays import Network

# WGS84: metres per radian along the meridian and the parallel follow from these two.
SEMI_MAJOR_M = 6_378_137.0
ECCENTRICITY_2 = 0.00669437999014
RAD_PER_E7 = np.pi / 180 / 1e7


def metres_per_e7(lat_e7: Int32s) -> tuple[Floats, Floats]:
    """Metres per 1e-7 degree to the north and to the east, at these latitudes."""
    sine = np.sin(lat_e7 * RAD_PER_E7)
    curve = 1 - ECCENTRICITY_2 * sine * sine
    east_radius = SEMI_MAJOR_M / np.sqrt(curve)
    north_radius = east_radius * (1 - ECCENTRICITY_2) / curve
    return north_radius * RAD_PER_E7, east_radius * np.sqrt(1 - sine * sine) * RAD_PER_E7


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Projected:
    """For each (point, segment) pair the nearest place on the segment; the first one along it where several are."""

    along_mm: Int32s
    distance_mm: Int32s
    bearing_cdeg: Int32s
    lat_e7: Int32s
    lon_e7: Int32s


def project(network: Network, rows: Int64s, lat_e7: Int32s, lon_e7: Int32s) -> Projected:
    """Project point i onto the segment at rows[i]."""
    first = network.shape_offsets[rows]
    pieces = network.shape_offsets[rows + 1] - first - 1
    pair = np.repeat(np.arange(len(rows)), pieces)
    group_starts = np.cumsum(pieces) - pieces
    start = (first - group_starts)[pair] + np.arange(len(pair))

    north_m, east_m = (scale[pair] for scale in metres_per_e7(lat_e7))
    y0 = (network.shape_lat_e7[start].astype(np.int64) - lat_e7[pair]) * north_m
    x0 = (network.shape_lon_e7[start].astype(np.int64) - lon_e7[pair]) * east_m
    dy = (network.shape_lat_e7[start + 1].astype(np.int64) - network.shape_lat_e7[start]) * north_m
    dx = (network.shape_lon_e7[start + 1].astype(np.int64) - network.shape_lon_e7[start]) * east_m
    square = dx * dx + dy * dy
    share = np.clip(-(x0 * dx + y0 * dy) / np.where(square > 0, square, 1), 0, 1)
    x, y = x0 + share * dx, y0 + share * dy
    distance_mm = np.rint(np.sqrt(x * x + y * y) * 1000).astype(np.int64)

    best = _first_minimum(distance_mm, pair, len(rows))
    at, to = network.shape_at_mm[start[best]], network.shape_at_mm[start[best] + 1]
    return Projected(
        along_mm=(at + np.rint(share[best] * (to - at))).astype(np.int32),
        distance_mm=np.minimum(distance_mm[best], np.iinfo(np.int32).max).astype(np.int32),
        bearing_cdeg=(np.rint(np.degrees(np.arctan2(dx[best], dy[best])) * 100) % 36_000).astype(np.int32),
        lat_e7=(lat_e7 + np.rint(y[best] / north_m[best])).astype(np.int32),
        lon_e7=(lon_e7 + np.rint(x[best] / east_m[best])).astype(np.int32),
    )


def _first_minimum(values: Int64s, group: Int64s, groups: int) -> Int64s:
    """Row of the smallest value of each group; the first of equals."""
    order = np.lexsort((np.arange(len(values)), values, group))
    return order[np.searchsorted(group[order], np.arange(groups))]
