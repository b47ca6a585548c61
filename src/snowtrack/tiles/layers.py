"""What a tile shows: `roads` (immutable per network version) and `clearance` (the labels of the moment).

Positions are precomputed in Web Mercator, where the world is the square from (0, 0) to (1, 1). Segments are short, so
a line that leaves the tile is drawn whole; nothing is cut that a client would have to put together again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from snowtrack.clearance.view import Views
from snowtrack.model.columns import Bools, Floats, Int64s
from snowtrack.network.arrays import Kind, Network, RoadClass, Structure
from snowtrack.tiles.mvt import EXTENT, Feature, Value, encode_tile

ZOOM_MIN, ZOOM_MAX = 8, 16
BUFFER = 64 / EXTENT
# The zoom from which a class of road is shown.
CLASS_ZOOM = {
    RoadClass.NATIONAL: 8,
    RoadClass.PREFECTURAL: 8,
    RoadClass.MAIN: 10,
    RoadClass.RAMP: 11,
    RoadClass.FRONTAGE: 11,
    RoadClass.LOCAL: 11,
    RoadClass.UNKNOWN: 11,
}
FOOTWAY_ZOOM = 13


@dataclass(frozen=True, slots=True)
class TileKey:
    """Zoom, column from the west, row from the north."""

    z: int
    x: int
    y: int

    @property
    def exists(self) -> bool:
        return ZOOM_MIN <= self.z <= ZOOM_MAX and 0 <= self.x < 2**self.z and 0 <= self.y < 2**self.z


class TileMaker:
    """Tiles of one network."""

    def __init__(self, network: Network, features_max: int) -> None:
        self.network = network
        self.features_max = features_max
        self.x, self.y = _mercator(network)
        starts = network.shape_offsets[:-1]
        self.west, self.east = np.minimum.reduceat(self.x, starts), np.maximum.reduceat(self.x, starts)
        self.north, self.south = np.minimum.reduceat(self.y, starts), np.maximum.reduceat(self.y, starts)
        zooms = np.array([CLASS_ZOOM[RoadClass(number)] for number in range(len(RoadClass))])
        self.zoom = np.where(network.kind == Kind.FOOTWAY, FOOTWAY_ZOOM, zooms[network.road_class])

    def roads(self, key: TileKey) -> bytes:
        """Geometry and names."""
        return self._tile("roads", key, [(row, self._road_attributes(row)) for row in self._rows(key)])

    def clearance(self, key: TileKey, views: Views) -> bytes:
        """Geometry and labels."""
        rows = self._rows(key)
        own = views.take(np.array(rows, np.int64)).as_json(self.network.segment_id[rows])
        shown = [(row, _clearance_attributes(view)) for row, view in zip(rows, own, strict=True)]
        return self._tile("clearance", key, shown)

    def _tile(self, layer: str, key: TileKey, rows: list[tuple[int, dict[str, Value]]]) -> bytes:
        features = (
            Feature(id=int(self.network.segment_id[row]), points=points, attributes=attributes)
            for row, attributes in rows
            if len(points := self._points(row, key)) > 1
        )
        return encode_tile(layer, features)

    def _rows(self, key: TileKey) -> list[int]:
        """The segments that touch the tile, the most important ones when there are too many."""
        size = 0.5**key.z
        west, north = (key.x - BUFFER) * size, (key.y - BUFFER) * size
        east, south = (key.x + 1 + BUFFER) * size, (key.y + 1 + BUFFER) * size
        inside: Bools = (self.west <= east) & (self.east >= west) & (self.north <= south) & (self.south >= north)
        rows: Int64s = np.flatnonzero(inside & (self.zoom <= key.z))
        if len(rows) > self.features_max:
            rows = np.sort(rows[np.argsort(self.zoom[rows], kind="stable")][: self.features_max])
        found: list[int] = rows.tolist()
        return found

    def _points(self, row: int, key: TileKey) -> list[tuple[int, int]]:
        """The line in tile coordinates, without points that fall together."""
        part = slice(self.network.shape_offsets[row], self.network.shape_offsets[row + 1])
        scale = 2.0**key.z
        x = np.rint((self.x[part] * scale - key.x) * EXTENT).astype(np.int64).tolist()
        y = np.rint((self.y[part] * scale - key.y) * EXTENT).astype(np.int64).tolist()
        points = list(zip(x, y, strict=True))
        return [points[0], *(to for start, to in pairwise(points) if to != start)]

    def _road_attributes(self, row: int) -> dict[str, Value]:
        network = self.network
        footway = network.kind[row] == Kind.FOOTWAY
        attributes: dict[str, Value] = {
            "class": "footway" if footway else RoadClass(int(network.road_class[row])).name.lower(),
            "structure": Structure(int(network.structure[row])).name.lower(),
            "oneway": int(network.oneway[row]),
        }
        texts = {"name": network.text(int(network.name_text[row])), "route": network.text(int(network.route_text[row]))}
        return attributes | {key: text for key, text in texts.items() if text}


def _clearance_attributes(view: Mapping[str, Any]) -> dict[str, Value]:
    """Of what nobody worked on there is no evidence to show."""
    evidence = {} if view["evidence"] is None else {"evidence": view["evidence"]}
    sure = {"confidence": view["confidence"]} if evidence else {}
    return {"label": view["label"], "share": view["share"], **evidence, **sure}


def _mercator(network: Network) -> tuple[Floats, Floats]:
    x = network.shape_lon_e7 / 1e7 / 360 + 0.5
    sine = np.sin(np.radians(network.shape_lat_e7 / 1e7))
    y = 0.5 - np.log((1 + sine) / (1 - sine)) / (4 * np.pi)
    return x, y
