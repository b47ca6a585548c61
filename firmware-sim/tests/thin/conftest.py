"""A tiny town to drive in, written in the network format."""

import hashlib
import math
from pathlib import Path

import numpy as np
import orjson
import pytest

from ploughsim.thin.lanes import METRES_PER_DEGREE, Lanes
from ploughsim.thin.network import RoadNetwork, read_network

_COLUMNS, _ROWS, _BLOCK_M = 6, 5, 120.0
_WEST_DEG, _SOUTH_DEG = 136.65, 36.56
_FOOTWAY = 1


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """30 crossings, bent streets, one-way streets, a dead end, a footway, and an island that cannot be reached."""
    folder = tmp_path_factory.mktemp("town")
    east_m, north_m, segments = _plan()
    node_lat = [_SOUTH_DEG + y / METRES_PER_DEGREE for y in north_m]
    node_lon = [_WEST_DEG + x / (METRES_PER_DEGREE * math.cos(math.radians(_SOUTH_DEG))) for x in east_m]
    arrays = {"node_lat_e7": _e7(node_lat), "node_lon_e7": _e7(node_lon)} | _segments(node_lat, node_lon, segments)
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    head = {
        "format": "snowtrack-network",
        "version": 2,
        "name": "tiny-town",
        "network_id": hashlib.sha256(b"".join(array.tobytes() for array in arrays.values())).hexdigest()[:16],
        "segments": len(segments),
        "nodes": len(node_lat),
    }
    (folder / "network.json").write_bytes(orjson.dumps(head))
    return folder


@pytest.fixture(scope="session")
def network(town: Path) -> RoadNetwork:
    return read_network(town)


@pytest.fixture(scope="session")
def lanes(network: RoadNetwork) -> Lanes:
    return Lanes(network)


def _plan() -> tuple[list[float], list[float], list[tuple[int, int, int, int]]]:
    """Node positions in metres, and segments as (from, to, kind, oneway)."""
    east = [column * _BLOCK_M for _ in range(_ROWS) for column in range(_COLUMNS)]
    north = [row * _BLOCK_M for row in range(_ROWS) for _ in range(_COLUMNS)]
    segments = []
    for row in range(_ROWS):
        for column in range(_COLUMNS):
            node = row * _COLUMNS + column
            if column + 1 < _COLUMNS:
                segments.append((node, node + 1, 0, {1: 1, 2: -1}.get(row, 0)))
            if row + 1 < _ROWS:
                segments.append((node, node + _COLUMNS, 0, 0))
    crossings = _ROWS * _COLUMNS
    east += [-80.0, 5000.0, 5100.0]
    north += [-60.0, 5000.0, 5000.0]
    segments += [(0, crossings, 0, 0), (crossings + 1, crossings + 2, 0, 0), (0, _COLUMNS + 1, _FOOTWAY, 0)]
    return east, north, segments


def _segments(
    node_lat: list[float], node_lon: list[float], segments: list[tuple[int, int, int, int]]
) -> dict[str, np.ndarray]:
    start, stop, kind, oneway = (np.array(column) for column in zip(*segments, strict=True))
    lines = [_line(node_lat, node_lon, a, b) for a, b, _, _ in segments]
    lats, lons, ats = ([line[part] for line in lines] for part in range(3))
    return {
        "segment_id": np.arange(len(segments), dtype=np.int64) * 7 + 101,
        "from_node": start.astype(np.int32),
        "to_node": stop.astype(np.int32),
        "length_mm": np.array([at[-1] for at in ats], dtype=np.int32),
        "kind": kind.astype(np.uint8),
        "oneway": oneway.astype(np.int8),
        "shape_offsets": np.cumsum([0, *(len(at) for at in ats)]).astype(np.int64),
        "shape_lat_e7": np.concatenate(lats),
        "shape_lon_e7": np.concatenate(lons),
        "shape_at_mm": np.concatenate(ats),
    }


def _line(
    node_lat: list[float], node_lon: list[float], start: int, stop: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A bent line with a repeated point."""
    share = np.array([0.0, 0.4, 0.4, 1.0])
    bulge = np.array([0.0, 8.0, 8.0, 0.0]) / METRES_PER_DEGREE
    lat = node_lat[start] + share * (node_lat[stop] - node_lat[start]) + bulge
    lon = node_lon[start] + share * (node_lon[stop] - node_lon[start]) + bulge
    east_m = np.diff(lon) * METRES_PER_DEGREE * math.cos(math.radians(_SOUTH_DEG))
    pieces_m = np.hypot(np.diff(lat) * METRES_PER_DEGREE, east_m)
    at_mm = np.concatenate(([0], np.cumsum(pieces_m) * 1000)).round().astype(np.int32)
    return _e7(lat), _e7(lon), at_mm


def _e7(degrees: list[float] | np.ndarray) -> np.ndarray:
    return (np.asarray(degrees) * 1e7).round().astype(np.int32)
