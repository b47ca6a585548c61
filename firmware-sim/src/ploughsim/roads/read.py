"""Reader of the road network format (docs/network-format.md): the arrays a world needs, mapped into memory."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from ploughsim.errors import NetworkError

_FORMAT = "snowtrack-network"
_VERSION = 2

CARRIAGEWAY, FOOTWAY = 0, 1
GROUND, BRIDGE, TUNNEL = 0, 1, 2
NATIONAL, PREFECTURAL, MAIN, LOCAL, RAMP, FRONTAGE = 1, 2, 3, 4, 5, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadNetwork:
    """Rows are segments, nodes or shape points, as in the format; positions in 1e-7 degrees."""

    network_id: str
    name: str
    node_lat_e7: NDArray[np.int32]
    node_lon_e7: NDArray[np.int32]
    node_offsets: NDArray[np.int64]
    node_ends: NDArray[np.int32]
    segment_id: NDArray[np.int64]
    from_node: NDArray[np.int32]
    to_node: NDArray[np.int32]
    length_mm: NDArray[np.int32]
    road_class: NDArray[np.uint8]
    kind: NDArray[np.uint8]
    oneway: NDArray[np.int8]
    structure: NDArray[np.uint8]
    level: NDArray[np.int8]
    lanes: NDArray[np.uint8]
    width_mm: NDArray[np.int32]
    priority: NDArray[np.uint8]
    shape_offsets: NDArray[np.int64]
    shape_lat_e7: NDArray[np.int32]
    shape_lon_e7: NDArray[np.int32]
    shape_at_mm: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.segment_id)


_DTYPES = {
    "node_lat_e7": np.int32,
    "node_lon_e7": np.int32,
    "node_offsets": np.int64,
    "node_ends": np.int32,
    "segment_id": np.int64,
    "from_node": np.int32,
    "to_node": np.int32,
    "length_mm": np.int32,
    "road_class": np.uint8,
    "kind": np.uint8,
    "oneway": np.int8,
    "structure": np.uint8,
    "level": np.int8,
    "lanes": np.uint8,
    "width_mm": np.int32,
    "priority": np.uint8,
    "shape_offsets": np.int64,
    "shape_lat_e7": np.int32,
    "shape_lon_e7": np.int32,
    "shape_at_mm": np.int32,
}


def read_network(folder: Path) -> RoadNetwork:
    head = _read_head(folder / "network.json")
    arrays = {name: _map_array(folder / f"{name}.npy", np.dtype(dtype)) for name, dtype in _DTYPES.items()}
    _check_lengths(folder, head, arrays)
    return RoadNetwork(network_id=str(head["network_id"]), name=str(head["name"]), **arrays)


def _read_head(path: Path) -> dict[str, Any]:
    try:
        head = orjson.loads(path.read_bytes())
    except OSError as error:
        message = f"{path}: {error.strerror}; --network must name a road network folder"
        raise NetworkError(message) from error
    except orjson.JSONDecodeError as error:
        raise NetworkError(f"{path}: not JSON ({error}); import the network again") from error
    if not isinstance(head, dict) or head.get("format") != _FORMAT:
        raise NetworkError(f'{path}: "format" must be "{_FORMAT}"')
    if head.get("version") != _VERSION:
        raise NetworkError(f'{path}: "version" is {head.get("version")!r}; this plough-sim reads version {_VERSION}')
    missing = [key for key in ("name", "network_id", "segments", "nodes") if key not in head]
    if missing:
        raise NetworkError(f"{path}: {', '.join(missing)} missing; import the network again")
    return head


def _map_array(path: Path, dtype: np.dtype[Any]) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except (OSError, ValueError) as error:
        raise NetworkError(f"{path}: {error}; import the network again") from error
    if array.dtype != dtype or array.ndim != 1:
        raise NetworkError(f"{path}: holds {array.dtype}, {array.ndim} dimensions; expected {dtype}, 1 dimension")
    return array


def _check_lengths(folder: Path, head: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> None:
    offsets = arrays["shape_offsets"]
    points = int(offsets[-1]) if len(offsets) else 0
    expected = dict.fromkeys(arrays, head["segments"])
    expected |= dict.fromkeys(("node_lat_e7", "node_lon_e7"), head["nodes"])
    expected |= {"node_offsets": head["nodes"] + 1, "node_ends": 2 * head["segments"]}
    expected |= {name: points for name in arrays if name.startswith("shape_")}
    expected["shape_offsets"] = head["segments"] + 1
    for name, array in arrays.items():
        if len(array) != expected[name]:
            raise NetworkError(f"{folder / name}.npy: has {len(array)} values, expected {expected[name]}")
