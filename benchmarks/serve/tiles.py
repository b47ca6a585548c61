"""Which tiles of labels are asked for, and how long one takes that is made for the first time."""

from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import mapbox_vector_tile
import numpy as np

from benchmarks.ingest.load import make_network_once
from benchmarks.serve.fold import StandIn
from benchmarks.serve.state import ROUND_S
from benchmarks.serve.storm import Storm
from benchmarks.serve.visitor import Visitor
from snowtrack.model.calendar import SECOND_US
from snowtrack.network.arrays import Network
from snowtrack.tiles.shapes import Shapes
from snowtrack.tiles.window import TileKey
from snowtrack.wall_clock import now_us

ZOOM = 12
ZOOMS = (ZOOM, ZOOM + 1, ZOOM + 2)
DENSE_SEGMENTS = 6_000
"""So large a town, all in one piece, has some 5,000 segments in one tile of zoom 12."""
COLD_ASKS = 200


class Tile(NamedTuple):
    """How many segments lie in it, or near its edge."""

    segments: int
    key: TileKey


class Cold(NamedTuple):
    """Milliseconds of one tile that was made anew each time, and how many segments are drawn in it."""

    ms: list[float]
    segments: int


def path_of(key: TileKey) -> str:
    return f"/tiles/clearance/{key.z}/{key.x}/{key.y}.mvt"


def fullest(network: Network) -> list[Tile]:
    """Tiles of all zooms looked at that have anything in them, the fullest first."""
    shapes = Shapes.of(network)
    keys = [key for zoom in ZOOMS for key in _covering(network, zoom)]
    tiles = [Tile(len(shapes.near(key.window)), key) for key in keys]
    return sorted((tile for tile in tiles if tile.segments), key=lambda tile: -tile.segments)


def spread(tiles: list[Tile], count: int) -> list[Tile]:
    """Some of all sizes: every so-manieth."""
    return [tiles[at] for at in np.linspace(0, len(tiles) - 1, count).astype(int)]


def ask_each(port: int, tiles: list[Tile]) -> list[float]:
    """Milliseconds of each."""
    with Visitor(port) as visitor:
        return [visitor.ask(path_of(tile.key)).ms for tile in tiles]


def make_dense_town(folder: Path) -> Path:
    return make_network_once(folder, DENSE_SEGMENTS)


def ask_cold(fold: StandIn, storm: Storm) -> Cold:
    """The fullest tile of zoom 12 again and again, each time of another cut."""
    tile = next(tile for tile in fullest(storm.network) if tile.key.z == ZOOM)
    told_us = now_us()
    cut = storm.cut(storm.busiest_us, told_us, ROUND_S)
    ms = []
    for number in range(COLD_ASKS):
        fold.show(replace(cut, cut_us=told_us - (COLD_ASKS - number) * SECOND_US))
        ms += ask_each(fold.settings.api.port, [tile])
    with Visitor(fold.settings.api.port) as visitor:
        return Cold(ms, len(features_of(visitor.ask(path_of(tile.key)).content)))


def features_of(content: bytes) -> list[dict[str, Any]]:
    """All that is drawn, as others read it."""
    layers = mapbox_vector_tile.decode(content) if content else {}
    return [feature for layer in layers.values() for feature in layer["features"]]


def _covering(network: Network, zoom: int) -> list[TileKey]:
    west, south, east, north = (edge / 1e7 for edge in network.bbox_e7)
    (left, bottom), (right, top) = (_tile_at(lat, lon, zoom) for lat, lon in ((south, west), (north, east)))
    return [TileKey(zoom, x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)]


def _tile_at(lat: float, lon: float, zoom: int) -> tuple[int, int]:
    side = 1 << zoom
    y = (1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2
    return int((lon + 180) / 360 * side), int(y * side)
