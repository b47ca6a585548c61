"""Lines in a tile, against a geometry library and by the rules of the specification."""

from itertools import pairwise

import mapbox_vector_tile
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, MultiLineString, box

from snowtrack.tiles.lines import encode_lines
from snowtrack.tiles.mvt import Value, Words, layer
from snowtrack.tiles.simplify import HALF_A_PIXEL, needed_from
from snowtrack.tiles.window import BUFFER, EXTENT, ZOOM_MAX, ZOOM_MIN, TileKey

Point = tuple[int, int]
Line = list[Point]
KEY = TileKey(14, 14_476, 6_381)
EDGES = box(-BUFFER, -BUFFER, EXTENT + BUFFER, EXTENT + BUFFER)
COORDINATE = (
    st.integers(-EXTENT, 2 * EXTENT) | st.integers(-(2**20), 2**20) | st.sampled_from([-BUFFER, EXTENT + BUFFER])
)
LINE = st.lists(st.tuples(COORDINATE, COORDINATE), min_size=2, max_size=8)
VALUES: list[Value] = ["a", "b", 3, -4, "五"]
WORDS = Words(VALUES)
SAID = st.lists(st.integers(-1, len(VALUES) - 1), min_size=3, max_size=3)
INSIDE: Line = [(0, 0), (100, 0)]


def tile(
    lines: list[Line], said: list[list[int]] | None = None, ids: list[int] | None = None, words: Words = WORDS
) -> bytes:
    """Of lines in the tile's own units, all of whose points are needed."""
    window, rows = KEY.window, np.arange(len(lines))
    points = np.array([point for line in lines for point in line], np.int64)
    x, y = np.ascontiguousarray(((points + np.array([window.west, window.north])) << window.finer).T, np.int32)
    offsets = np.cumsum([0, *map(len, lines)])
    tags = np.array(said or [[]] * len(lines), np.int32).reshape(len(lines), -1)
    shapes = (x, y, np.zeros(len(points), np.uint8), offsets)
    features, used = encode_lines(shapes, np.array(ids or rows + 1), rows, window, tags, len(words))
    keys = [f"key {one}" for one in range(tags.shape[1])]
    return layer("roads", features, keys, [words.encoded[one] for one in used])


def decoded(content: bytes) -> list[dict[str, object]]:
    if not content:
        return []
    found = mapbox_vector_tile.decode(content, default_options={"y_coord_down": True})["roads"]
    assert (found["extent"], found["version"]) == (EXTENT, 2)
    features: list[dict[str, object]] = found["features"]
    return features


def parts_of(feature: dict[str, object]) -> list[Line]:
    geometry = feature["geometry"]
    assert isinstance(geometry, dict)
    parts = geometry["coordinates"] if geometry["type"] == "MultiLineString" else [geometry["coordinates"]]
    return [[(x, y) for x, y in part] for part in parts]


@given(LINE)
def test_a_line_is_cut_at_the_edges(line: Line) -> None:
    expected = LineString(line).intersection(EDGES)
    lines = [part for part in getattr(expected, "geoms", [expected]) if part.geom_type == "LineString"]
    features = decoded(tile([line]))
    if not features:
        assert sum(part.length for part in lines) < 2
        return
    found = [part for feature in features for part in parts_of(feature)]
    assert MultiLineString(found).hausdorff_distance(MultiLineString(lines)) < 1
    assert all(-BUFFER <= at <= EXTENT + BUFFER for part in found for point in part for at in point)
    assert all(one != other for part in found for one, other in pairwise(part))


@given(st.lists(st.tuples(st.integers(0, EXTENT), st.integers(0, EXTENT)), min_size=2, max_size=30))
def test_a_line_inside_is_as_it_is(line: Line) -> None:
    without_repeats = [line[0], *(to for start, to in pairwise(line) if to != start)]
    found = [parts_of(feature) for feature in decoded(tile([line]))]
    assert found == ([[without_repeats]] if len(without_repeats) > 1 else [])


@given(st.lists(st.tuples(st.integers(0, 2**63 - 1), SAID), min_size=1, max_size=8))
def test_each_feature_says_its_id_and_words(features: list[tuple[int, list[int]]]) -> None:
    ids, said = [one for one, _ in features], [one for _, one in features]
    found = decoded(tile([INSIDE] * len(features), said, ids))
    assert [one["id"] for one in found] == ids
    assert [one["properties"] for one in found] == [
        {f"key {key}": VALUES[word] for key, word in enumerate(words) if word >= 0} for words in said
    ]


@given(st.lists(st.text(max_size=12) | st.integers(-(2**53), 2**53), unique=True, min_size=1, max_size=8))
def test_words_are_texts_and_signed_numbers(values: list[Value]) -> None:
    (feature,) = decoded(tile([INSIDE], [list(range(len(values)))], words=Words(values)))
    assert feature["properties"] == {f"key {number}": value for number, value in enumerate(values)}


def test_a_line_that_leaves_and_comes_back_has_two_parts() -> None:
    (feature,) = decoded(tile([[(10, 10), (10, -500), (20, -500), (20, 10)]]))
    assert parts_of(feature) == [[(10, 10), (10, -BUFFER)], [(20, -BUFFER), (20, 10)]]


@pytest.mark.parametrize(
    "line", [[(-500, 0), (0, -500)], [(-500, 10), (-500, 20)], [(5, 5), (5, 5)], [(-65, 0), (-65, 9)]]
)
def test_what_does_not_show_is_not_there(line: Line) -> None:
    assert tile([line]) == b""


def test_coordinates_are_rounded_to_the_tile_s_units() -> None:
    window = TileKey(ZOOM_MIN, 56, 24).window
    unit = 1 << window.finer
    x = np.array([window.west * unit + unit // 2 - 1, window.west * unit + 10 * unit + unit // 2], np.int32)
    y = np.full(2, window.north * unit, np.int32)
    shapes = (x, y, np.zeros(2, np.uint8), np.array([0, 2]))
    features, _ = encode_lines(shapes, np.array([1]), np.array([0]), window, np.empty((1, 0), np.int32), 0)
    (feature,) = decoded(layer("roads", features, (), ()))
    assert parts_of(feature) == [[(0, 0), (11, 0)]]


@given(st.lists(st.tuples(st.integers(0, 2**17), st.integers(0, 2**17)), min_size=2, max_size=40))
def test_points_that_are_left_out_are_less_than_half_a_pixel_off(line: Line) -> None:
    x, y = np.array(line, np.int32).T
    needed = needed_from(np.ascontiguousarray(x), np.ascontiguousarray(y), np.array([0, len(line)]), ZOOM_MAX).tolist()
    assert needed[0] == needed[-1] == 0
    for zoom in range(ZOOM_MAX + 1):
        kept = [place for place, from_zoom in enumerate(needed) if from_zoom <= zoom]
        for first, last in pairwise(kept):
            between = LineString([line[first], line[last]])
            for place in range(first + 1, last):
                off = between.distance(LineString([line[place], line[place]]))
                assert off < HALF_A_PIXEL << (ZOOM_MAX - zoom)


def test_a_straight_road_is_two_points_at_every_zoom() -> None:
    x = np.arange(0, 10_000, 10, dtype=np.int32)
    needed = needed_from(x, np.zeros_like(x), np.array([0, len(x)]), ZOOM_MAX)
    assert needed[1:-1].tolist() == [ZOOM_MAX + 1] * (len(x) - 2)
