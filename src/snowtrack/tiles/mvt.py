"""Mapbox Vector Tiles 2.1, lines only: the bytes of one layer.

The message layout is that of the specification (github.com/mapbox/vector-tile-spec): a tile holds layers (field 3); a
layer its name (1), features (2), keys (3), values (4), extent (5) and version (15); a feature its id (1), tags (2),
type (3) and geometry (4), whose commands are MoveTo and LineTo with zigzag-coded steps.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

EXTENT = 4_096
_LINESTRING = 2
_MOVE_TO, _LINE_TO = 1, 2

Value = str | int | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """A line in tile coordinates, with its attributes."""

    id: int
    points: Sequence[tuple[int, int]]
    attributes: dict[str, Value]


def encode_tile(layer: str, features: Iterable[Feature]) -> bytes:
    """One tile with one layer; no bytes at all where there is nothing to show."""
    keys: dict[str, int] = {}
    values: dict[tuple[type, Value], int] = {}
    encoded = b"".join(_delimited(2, _feature(feature, keys, values)) for feature in features)
    if not encoded:
        return b""
    content = b"".join(
        (
            _delimited(1, layer.encode()),
            encoded,
            *(_delimited(3, key.encode()) for key in keys),
            *(_delimited(4, _value(value)) for _, value in values),
            _number(5, EXTENT),
            _number(15, 2),
        )
    )
    return _delimited(3, content)


def _feature(feature: Feature, keys: dict[str, int], values: dict[tuple[type, Value], int]) -> bytes:
    tags = bytearray()
    for key, value in feature.attributes.items():
        tags += _varint(keys.setdefault(key, len(keys)))
        tags += _varint(values.setdefault((type(value), value), len(values)))
    geometry = _line(feature.points)
    return _number(1, feature.id) + _delimited(2, bytes(tags)) + _number(3, _LINESTRING) + _delimited(4, geometry)


def _line(points: Sequence[tuple[int, int]]) -> bytes:
    (x, y), rest = points[0], points[1:]
    coded = bytearray(_varint(_MOVE_TO | 1 << 3) + _varint(_zigzag(x)) + _varint(_zigzag(y)))
    coded += _varint(_LINE_TO | len(rest) << 3)
    for next_x, next_y in rest:
        coded += _varint(_zigzag(next_x - x)) + _varint(_zigzag(next_y - y))
        x, y = next_x, next_y
    return bytes(coded)


def _value(value: Value) -> bytes:
    if isinstance(value, bool):
        return _number(7, int(value))
    if isinstance(value, int):
        return _number(6, _zigzag(value))
    return _delimited(1, value.encode())


def _zigzag(number: int) -> int:
    return number << 1 if number >= 0 else (-number << 1) - 1


def _number(field: int, number: int) -> bytes:
    return _varint(field << 3) + _varint(number)


def _delimited(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    coded = bytearray()
    while number > 0x7F:
        coded.append(number & 0x7F | 0x80)
        number >>= 7
    coded.append(number)
    return bytes(coded)
