"""Which tiles there are, and what of the world each of them shows."""

from dataclasses import dataclass
from typing import NamedTuple

ZOOM_MIN, ZOOM_MAX = 6, 16
EXTENT = 4_096
"""Units of a tile from edge to edge."""
BUFFER = 64
"""So far beyond its edges lines are drawn, or they would end where two tiles meet."""


class Window(NamedTuple):
    """A tile's zoom, how much finer the world's units are than its own (in powers of two), its north-western corner,
    and from where to where it is drawn, in both directions."""

    zoom: int
    finer: int
    west: int
    north: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class TileKey:
    """Zoom, column from the west, row from the north."""

    z: int
    x: int
    y: int

    @property
    def exists(self) -> bool:
        return ZOOM_MIN <= self.z <= ZOOM_MAX and 0 <= self.x < 2**self.z and 0 <= self.y < 2**self.z

    @property
    def window(self) -> Window:
        """The tile, and what is drawn around it."""
        return Window(self.z, ZOOM_MAX - self.z, self.x * EXTENT, self.y * EXTENT, -BUFFER, EXTENT + BUFFER)
