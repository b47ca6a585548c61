"""Mapbox Vector Tiles 2.1: a layer of a tile around its features, and the words that they speak of.

The layout is that of the specification (github.com/mapbox/vector-tile-spec): a tile holds layers (field 3); a layer its
name (1), features (2), keys (3), values (4), extent (5) and version (15).
"""

from collections.abc import Iterable, Sequence

from snowtrack.tiles.window import EXTENT

VERSION = 2

Value = str | int


class Words:
    """Values of a layer, by number; encoded once."""

    def __init__(self, values: Iterable[Value] = ()) -> None:
        self.numbers: dict[Value, int] = {}
        self.encoded: list[bytes] = []
        for value in values:
            self.number(value)

    def __len__(self) -> int:
        return len(self.encoded)

    def number(self, value: Value) -> int:
        number = self.numbers.setdefault(value, len(self.encoded))
        if number == len(self.encoded):
            self.encoded.append(word(value))
        return number


def word(value: Value) -> bytes:
    """A value as a layer lists it."""
    return delimited(4, _value(value))


def layer(name: str, features: bytes, keys: Sequence[str], values: Iterable[bytes]) -> bytes:
    """A tile with one layer; no bytes at all where there is nothing to show."""
    if not features:
        return b""
    named = (delimited(3, key.encode()) for key in keys)
    content = b"".join(
        (delimited(1, name.encode()), features, *named, *values, numbered(5, EXTENT), numbered(15, VERSION))
    )
    return delimited(3, content)


def delimited(field: int, content: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(content)) + content


def numbered(field: int, number: int) -> bytes:
    return varint(field << 3) + varint(number)


def varint(number: int) -> bytes:
    coded = bytearray()
    while number > 0x7F:
        coded.append(number & 0x7F | 0x80)
        number >>= 7
    coded.append(number)
    return bytes(coded)


def _value(value: Value) -> bytes:
    if isinstance(value, int):
        return numbered(6, value << 1 if value >= 0 else (-value << 1) - 1)
    return delimited(1, value.encode())
