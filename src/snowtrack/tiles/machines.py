"""The layer `machines`: where each is by its newest fix, and what it seems to do."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from snowtrack.tiles.mvt import Value, Words, delimited, layer, numbered, varint
from snowtrack.tiles.shapes import in_world
from snowtrack.tiles.window import EXTENT, TileKey

LAYER = "machines"
FIELDS = {
    "device": "String",
    "state": "String",
    "course": "Number",
    "speed_kmh": "Number",
    "at": "String",
}
_POINT = 1
_MOVE_TO_ONE = 1 | 1 << 3
# A symbol in the middle of which a machine stands reaches so far into the tiles beside it.
BUFFER = EXTENT // 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What is said of one, by the names of `FIELDS`; absent where it is not known."""

    device: str
    state: str
    course: int | None
    speed_kmh: int | None
    at: str


def machines_tile(key: TileKey, machines: Sequence[Machine], lat_e7: Sequence[int], lon_e7: Sequence[int]) -> bytes:
    """Those that are in the tile, or just beside it."""
    x, y = in_world(np.array(lon_e7, np.int64), np.array(lat_e7, np.int64))
    window = key.window
    own_x, own_y = (x >> window.finer) - window.west, (y >> window.finer) - window.north
    near = (own_x >= -BUFFER) & (own_x <= EXTENT + BUFFER) & (own_y >= -BUFFER) & (own_y <= EXTENT + BUFFER)
    words = Words()
    features = [
        _feature(_tags(asdict(machines[place]), words), int(own_x[place]), int(own_y[place]))
        for place in np.flatnonzero(near).tolist()
    ]
    return layer(LAYER, b"".join(features), list(FIELDS), words.encoded)


def _tags(said: dict[str, Value | None], words: Words) -> bytes:
    """The number of each key and of its value."""
    told = ((place, said[key]) for place, key in enumerate(FIELDS))
    return _numbers(one for place, value in told if value is not None for one in (place, words.number(value)))


def _feature(tags: bytes, x: int, y: int) -> bytes:
    geometry = _numbers((_MOVE_TO_ONE, _zigzag(x), _zigzag(y)))
    return delimited(2, delimited(2, tags) + numbered(3, _POINT) + delimited(4, geometry))


def _numbers(numbers: Iterable[int]) -> bytes:
    return b"".join(map(varint, numbers))


def _zigzag(step: int) -> int:
    return step << 1 ^ step >> 63
