"""Writing a road network folder as the format says (docs/network-format.md): whole, or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b, sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import orjson
from numpy.typing import NDArray

from ploughsim.errors import NetworkError
from ploughsim.roads.cells import RADIUS_M, RESOLUTION, build_index, cells_of
from ploughsim.roads.drawing import TEXTS, Lines
from ploughsim.roads.parts import Parts, Shapes

_ORDER_RESOLUTION = 9
_ID_BITS = 52
_ATTRIBUTION = "plough-sim (made up)"
_DTYPES = {
    "road_class": np.uint8, "manager": np.uint8, "kind": np.uint8, "oneway": np.int8, "structure": np.uint8,
    "level": np.int8, "lanes": np.uint8, "width_mm": np.int32, "priority": np.uint8,
}  # fmt: skip
# The order in which the network's own id is made of them.
_ARRAYS = (
    "node_lat_e7", "node_lon_e7", "node_offsets", "node_ends", "segment_id", "rows_by_id", "from_node", "to_node",
    "length_mm", "road_class", "manager", "kind", "oneway", "structure", "level", "lanes", "width_mm", "priority",
    "name_text", "reading_text", "route_text", "district_text", "source_id", "source_text", "source_from_mm",
    "shape_offsets", "shape_lat_e7", "shape_lon_e7", "shape_at_mm", "text_offsets", "text_utf8",
    "cell", "cell_offsets", "cell_rows",
)  # fmt: skip

Arrays = dict[str, NDArray[Any]]


def write_network(lines: Lines, parts: Parts, folder: Path, *, name: str) -> None:
    if folder.exists():
        raise NetworkError(f"{folder}: exists already; networks are never changed, choose another folder")
    arrays = network_arrays(lines, parts)
    half = folder.with_name(f".{folder.name}.{os.getpid()}")
    shutil.rmtree(half, ignore_errors=True)
    try:
        half.mkdir(parents=True)
        for array in _ARRAYS:
            with _durable(half / f"{array}.npy") as file:
                np.save(file, arrays[array])
        with _durable(half / "network.json") as file:
            file.write(orjson.dumps(_head(arrays, half, name), option=orjson.OPT_INDENT_2))
        _sync(half)
        half.rename(folder)
    except OSError as error:
        raise NetworkError(f"{folder}: cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(half, ignore_errors=True)


def network_arrays(lines: Lines, parts: Parts) -> Arrays:
    """All arrays of the format."""
    parts = _in_order(parts)
    nodes, at_point = _nodes(parts)
    flat = nodes.reshape(-1)
    count = len(at_point)
    ids = _ids(parts)
    index = build_index(Shapes(parts.offsets, parts.lat_e7, parts.lon_e7))
    texts = [text.encode() for text in lines.texts]
    looks = {name: lines.looks[name][parts.line].astype(dtype) for name, dtype in _DTYPES.items()}
    looks |= {f"{name}_text": lines.looks[name][parts.line].astype(np.int32) for name in TEXTS}
    return looks | {
        "node_lat_e7": parts.lat_e7[at_point],
        "node_lon_e7": parts.lon_e7[at_point],
        "node_offsets": np.concatenate([[0], np.cumsum(np.bincount(flat, minlength=count))]).astype(np.int64),
        "node_ends": np.argsort(flat, kind="stable").astype(np.int32),
        "segment_id": ids,
        "rows_by_id": np.argsort(ids).astype(np.int32),
        "from_node": nodes[:, 0].copy(),
        "to_node": nodes[:, 1].copy(),
        "length_mm": parts.length_mm,
        "source_id": parts.line + 1,
        "source_text": np.full(len(ids), -1, np.int32),
        "source_from_mm": parts.from_mm,
        "shape_offsets": parts.offsets,
        "shape_lat_e7": parts.lat_e7,
        "shape_lon_e7": parts.lon_e7,
        "shape_at_mm": parts.at_mm,
        "text_offsets": np.cumsum([0, *(len(text) for text in texts)]).astype(np.int64),
        "text_utf8": np.frombuffer(b"".join(texts), np.uint8),
        "cell": index.cell,
        "cell_offsets": index.offsets,
        "cell_rows": index.rows,
    }


def _in_order(parts: Parts) -> Parts:
    """Near ones together, and there by line and along it."""
    first, last = parts.offsets[:-1], parts.offsets[1:] - 1
    lat, lon = (axis[first] // 2 + axis[last] // 2 for axis in (parts.lat_e7, parts.lon_e7))
    order = np.argsort(cells_of(lat, lon, _ORDER_RESOLUTION), kind="stable")
    counts = (last + 1 - first)[order]
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    point = np.arange(offsets[-1]) + np.repeat(first[order] - offsets[:-1], counts)
    columns = {name: getattr(parts, name)[order] for name in ("line", "start", "end", "from_mm", "length_mm")}
    points = {name: getattr(parts, name)[point] for name in ("lat_e7", "lon_e7", "at_mm")}
    return Parts(offsets=offsets, **columns, **points)


def _nodes(parts: Parts) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Both nodes of each segment, numbered as they first come, and a shape point at which each stands."""
    places, first, of_place = np.unique(
        np.stack([parts.start, parts.end], axis=1), return_index=True, return_inverse=True
    )
    order = np.argsort(first)
    number = np.empty(len(places), np.int32)
    number[order] = np.arange(len(places), dtype=np.int32)
    row, at_end = np.divmod(first[order], 2)
    at_point = np.where(at_end == 1, parts.offsets[row + 1] - 1, parts.offsets[row])
    return number[of_place].reshape(-1, 2), at_point


def _ids(parts: Parts) -> NDArray[np.int64]:
    """Numbers that follow from the shape alone; of several with one shape each later one takes the shape's next."""
    points = np.stack([parts.lat_e7, parts.lon_e7], axis=1).astype("<i4").data.cast("B")
    ids: list[int] = []
    taken: set[int] = set()
    for start, end in pairwise((8 * parts.offsets).tolist()):
        again = 0
        while (segment_id := _id(points[start:end], again)) in taken:
            again += 1
        taken.add(segment_id)
        ids.append(segment_id)
    return np.array(ids, np.int64)


def _id(shape: memoryview, again: int) -> int:
    digest = blake2b(shape, digest_size=8, salt=again.to_bytes(8) if again else b"").digest()
    return 1 + (int.from_bytes(digest) >> (64 - _ID_BITS))


def _head(arrays: Arrays, half: Path, name: str) -> dict[str, Any]:
    digest = sha256()
    for array in _ARRAYS:
        digest.update(np.ascontiguousarray(arrays[array]).data)
    lat, lon = arrays["shape_lat_e7"], arrays["shape_lon_e7"]
    return {
        "format": "snowtrack-network",
        "version": 2,
        "name": name,
        "network_id": digest.hexdigest()[:16],
        "segments": len(arrays["segment_id"]),
        "nodes": len(arrays["node_lat_e7"]),
        "bbox_e7": [int(lon.min()), int(lat.min()), int(lon.max()), int(lat.max())],
        "h3_resolution": RESOLUTION,
        "candidate_radius_m": RADIUS_M,
        "attribution": _ATTRIBUTION,
        "files": {
            array: {
                "sha256": sha256((half / f"{array}.npy").read_bytes()).hexdigest(),
                "dtype": str(arrays[array].dtype),
                "length": len(arrays[array]),
            }
            for array in _ARRAYS
        },
    }


@contextmanager
def _durable(path: Path) -> Iterator[BinaryIO]:
    """A file that is on the disk when it is closed."""
    with path.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
