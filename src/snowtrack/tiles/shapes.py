"""Roads as lines on the square that Web Mercator makes of the world, and from which zoom on each point of them shows.

Coordinates are whole units of the finest tiles: the world is 2^28 of them wide, 0.12 m at 36° north.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from snowtrack.model.columns import Int32s, Int64s, UInt8s
from snowtrack.network.arrays import Network
from snowtrack.tiles.lines import Lines
from snowtrack.tiles.simplify import needed_from
from snowtrack.tiles.window import EXTENT, ZOOM_MAX, Window

WORLD = EXTENT << ZOOM_MAX


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shapes:
    """`needed` is the zoom from which a point is needed; `offsets` says whose points they are."""

    x: Int32s
    y: Int32s
    needed: UInt8s
    offsets: Int64s
    west: Int32s
    east: Int32s
    north: Int32s
    south: Int32s

    @classmethod
    def of(cls, network: Network) -> Self:
        x, y = in_world(network.shape_lon_e7, network.shape_lat_e7)
        offsets = np.ascontiguousarray(network.shape_offsets)
        starts = offsets[:-1]
        return cls(
            x=x,
            y=y,
            needed=needed_from(x, y, offsets, ZOOM_MAX),
            offsets=offsets,
            west=np.minimum.reduceat(x, starts),
            east=np.maximum.reduceat(x, starts),
            north=np.minimum.reduceat(y, starts),
            south=np.maximum.reduceat(y, starts),
        )

    @property
    def lines(self) -> Lines:
        return self.x, self.y, self.needed, self.offsets

    def near(self, window: Window) -> Int64s:
        """The rows whose extent meets it."""
        west, east = ((window.west + edge) << window.finer for edge in (window.low, window.high))
        north, south = ((window.north + edge) << window.finer for edge in (window.low, window.high))
        inside = (self.west <= east) & (self.east >= west) & (self.north <= south) & (self.south >= north)
        return np.flatnonzero(inside)


def in_world(lon_e7: Int32s | Int64s, lat_e7: Int32s | Int64s) -> tuple[Int32s, Int32s]:
    """Where places lie on the square."""
    x = lon_e7 / 1e7 / 360 + 0.5
    sine = np.sin(np.radians(lat_e7 / 1e7))
    y = 0.5 - np.log((1 + sine) / (1 - sine)) / (4 * np.pi)
    return np.rint(x * WORLD).astype(np.int32), np.rint(y * WORLD).astype(np.int32)
