"""The bytes of a tile, read by another decoder and by the rules of the specification."""

import mapbox_vector_tile
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.tiles.mvt import EXTENT, Feature, Value, encode_tile

COORDINATES = st.integers(-(2**20), 2**20)
VALUES = st.one_of(st.text(max_size=12), st.integers(-(2**53), 2**53), st.booleans())


@st.composite
def features(draw: st.DrawFn) -> Feature:
    points = draw(st.lists(st.tuples(COORDINATES, COORDINATES), min_size=2, max_size=8))
    attributes = draw(st.dictionaries(st.text(max_size=6), VALUES, max_size=4))
    return Feature(id=draw(st.integers(0, 2**53)), points=points, attributes=attributes)


def decoded(tile: bytes, layer: str) -> list[dict[str, object]]:
    content = mapbox_vector_tile.decode(tile, default_options={"y_coord_down": True})
    assert list(content) == [layer]
    assert (content[layer]["extent"], content[layer]["version"]) == (EXTENT, 2)
    found: list[dict[str, object]] = content[layer]["features"]
    return found


@given(st.text(min_size=1, max_size=10), st.lists(features(), min_size=1, max_size=5))
def test_another_decoder_reads_what_was_written(layer: str, written: list[Feature]) -> None:
    found = decoded(encode_tile(layer, written), layer)
    assert [one["id"] for one in found] == [feature.id for feature in written]
    assert [one["properties"] for one in found] == [feature.attributes for feature in written]
    lines = [{"type": "LineString", "coordinates": [list(point) for point in feature.points]} for feature in written]
    assert [one["geometry"] for one in found] == lines


def test_a_truth_and_a_number_that_are_equal_stay_apart() -> None:
    both: list[dict[str, Value]] = [{"a": True}, {"a": 1}, {"a": "1"}]
    written = [Feature(id=n, points=[(0, 0), (1, 1)], attributes=one) for n, one in enumerate(both)]
    found = [one["properties"] for one in decoded(encode_tile("roads", written), "roads")]
    assert [(type(one["a"]), one["a"]) for one in found if isinstance(one, dict)] == [
        (bool, True),
        (int, 1),
        (str, "1"),
    ]


def test_nothing_to_show_is_no_bytes() -> None:
    assert encode_tile("roads", []) == b""


def read_varint(content: bytes, at: int) -> tuple[int, int]:
    """The number and where it ends, as the protocol buffers' description has it."""
    number = shift = 0
    while True:
        byte = content[at]
        number |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return number, at


def read_message(content: bytes) -> list[tuple[int, int | bytes]]:
    fields: list[tuple[int, int | bytes]] = []
    at = 0
    while at < len(content):
        key, at = read_varint(content, at)
        if key & 7 == 0:
            value, at = read_varint(content, at)
            fields.append((key >> 3, value))
        else:
            size, at = read_varint(content, at)
            fields.append((key >> 3, content[at : at + size]))
            at += size
    return fields


def part(fields: list[tuple[int, int | bytes]], number: int) -> bytes:
    found = next(value for field, value in fields if field == number)
    assert isinstance(found, bytes)
    return found


def read_geometry(content: bytes) -> list[tuple[int, int]]:
    """MoveTo and LineTo with zigzag-coded steps back to points."""
    numbers, at = [], 0
    while at < len(content):
        number, at = read_varint(content, at)
        numbers.append(number)
    assert numbers[0] == 1 | 1 << 3
    assert numbers[3] == 2 | (len(numbers) - 4) // 2 << 3
    steps = [(n >> 1) ^ -(n & 1) for n in numbers[1:3] + numbers[4:]]
    points, x, y = [], 0, 0
    for dx, dy in zip(steps[::2], steps[1::2], strict=True):
        x, y = x + dx, y + dy
        points.append((x, y))
    return points


@given(st.lists(st.tuples(COORDINATES, COORDINATES), min_size=2, max_size=9))
def test_geometry_follows_the_specification(points: list[tuple[int, int]]) -> None:
    tile = read_message(encode_tile("roads", [Feature(id=300, points=points, attributes={})]))
    feature = read_message(part(read_message(part(tile, 3)), 2))
    assert read_geometry(part(feature, 4)) == points
    assert (1, 300) in feature
    assert (3, 2) in feature


@given(st.integers(-(2**53), 2**53))
def test_numbers_are_coded_as_signed_values(number: int) -> None:
    tile = encode_tile("roads", [Feature(id=1, points=[(0, 0), (1, 1)], attributes={"n": number})])
    ((field, coded),) = read_message(part(read_message(part(read_message(tile), 3)), 4))
    assert field == 6
    assert isinstance(coded, int)
    assert (coded >> 1) ^ -(coded & 1) == number
