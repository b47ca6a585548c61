"""How roads are shared out: in the order of a curve that fills the plane, so that each share hangs together."""

import numpy as np
from numpy.typing import NDArray

from ploughsim.roads.read import RoadNetwork

_BITS = 20

Ints = NDArray[np.int64]


def share_out(network: RoadNetwork, rows: Ints, count: int) -> tuple[Ints, Ints]:
    """Segments along the curve, and offsets of as many shares of them, about equally long, none empty. Where there are
    more shares than segments, only as many shares as segments."""
    first, last = network.shape_offsets[:-1][rows], network.shape_offsets[1:][rows] - 1
    middle = [axis[first].astype(np.int64) + axis[last] for axis in (network.shape_lon_e7, network.shape_lat_e7)]
    order = rows[np.argsort(_along_curve(*middle), kind="stable")]
    shares = min(count, len(rows))
    ends = np.cumsum(network.length_mm[order], dtype=np.int64)
    cuts = np.searchsorted(ends, ends[-1] * np.arange(1, shares) / shares)
    # Each share has one segment at least, and leaves one to each of those behind it.
    number = np.arange(1, shares)
    cuts = np.maximum.accumulate(np.maximum(cuts - number, 0)) + number
    cuts = np.minimum(cuts, len(rows) - shares + number)
    return order, np.concatenate([[0], cuts, [len(rows)]]).astype(np.int64)


def _along_curve(lon: Ints, lat: Ints) -> Ints:
    """How far along Hilbert's curve over the bounding square each point is."""
    side = max(int(np.ptp(lon)), int(np.ptp(lat))) + 1
    x, y = (((axis - axis.min()) << _BITS) // side for axis in (lon, lat))
    along = np.zeros_like(x)
    for bit in range(_BITS - 1, -1, -1):
        half = 1 << bit
        right, upper = (x & half) > 0, (y & half) > 0
        along += half * half * ((3 * right) ^ upper)
        # The quarters at the foot of the curve are turned.
        turned = ~upper
        mirrored = turned & right
        x, y = (
            np.where(mirrored, half - 1 - (x & (half - 1)), x & (half - 1)),
            np.where(mirrored, half - 1 - (y & (half - 1)), y & (half - 1)),
        )
        x, y = np.where(turned, y, x), np.where(turned, x, y)
    return np.asarray(along)
