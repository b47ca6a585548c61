"""Lines as the features of a vector tile, in machine code: points that a zoom needs, cut at the tile's edges, as bytes.

The layout is that of Mapbox Vector Tiles 2.1 (see mvt.py): a feature has its id (field 1), tags (2), type (3) and
geometry (4), whose commands are MoveTo and LineTo with zigzag-coded steps. A line that leaves a tile and comes back is
of several parts.
"""

import numpy as np

from snowtrack.compiled import Array, compiled, part
from snowtrack.model.columns import Int32s, Int64s, UInt8s
from snowtrack.tiles.window import Window

FEATURE, ID, TAGS, TYPE, GEOMETRY = 2 << 3 | 2, 1 << 3, 2 << 3 | 2, 3 << 3, 4 << 3 | 2
LINES = 2
MOVE_TO, LINE_TO = 1, 2
# What each point may take: a part of its own, with two commands and two steps of at most six bytes each.
POINT_BYTES, FEATURE_BYTES, TAG_BYTES = 20, 48, 10


Lines = tuple[Int32s, Int32s, UInt8s, Int64s]
"""Points of all lines, the zoom from which each is needed, and where each line begins and ends."""


def encode_lines(
    lines: Lines, ids: Int64s, rows: Int64s, window: Window, tags: Int32s, words: int
) -> tuple[bytes, Int64s]:
    """The features of these rows, with their ids, and which of so many words they speak of, in the order of the words'
    numbers in the tile.

    `tags` has a row for each of `rows` and a column for each key: the number of a word, or -1 where there is none.
    """
    counts = lines[3][rows + 1] - lines[3][rows]
    most, points = int(counts.max(initial=0)), int(counts.sum())
    numbers, used = np.full(words, -1, np.int32), np.empty(words, np.int64)
    room = np.empty(points * POINT_BYTES + len(rows) * (FEATURE_BYTES + TAG_BYTES * tags.shape[1]), np.uint8)
    scratch = (np.empty((most + 2, 2), np.int64), np.empty(most * POINT_BYTES, np.uint8), numbers, used)
    size, spoken = _features(lines, (ids, rows, tags), window, scratch, room)
    return room[:size].tobytes(), used[:spoken]


@compiled
def _features(
    lines: tuple[Array, Array, Array, Array],
    said: tuple[Array, Array, Array],
    window: Window,
    scratch: tuple[Array, Array, Array, Array],
    room: Array,
) -> tuple[int, int]:
    """Where the bytes end, and how many words there are."""
    (ids, rows, tags), (points, geometry, numbers, used) = said, scratch
    at = spoken = 0
    for index in range(len(rows)):
        drawn = _draw(lines, rows[index], window, points, geometry)
        if drawn == 0:
            continue
        tagged = 0
        for key in range(tags.shape[1]):
            word = tags[index, key]
            if word >= 0:
                if numbers[word] < 0:
                    numbers[word], used[spoken] = spoken, word
                    spoken += 1
                tagged += _size(key) + _size(numbers[word])
        size = 1 + _size(ids[index]) + 1 + _size(tagged) + tagged + 2 + 1 + _size(drawn) + drawn
        room[at] = FEATURE
        at = _put(room, at + 1, size)
        room[at] = ID
        at = _put(room, at + 1, ids[index])
        room[at] = TAGS
        at = _put(room, at + 1, tagged)
        for key in range(tags.shape[1]):
            if tags[index, key] >= 0:
                at = _put(room, _put(room, at, key), numbers[tags[index, key]])
        room[at], room[at + 1], room[at + 2] = TYPE, LINES, GEOMETRY
        at = _put(room, at + 3, drawn)
        for byte in range(drawn):
            room[at + byte] = geometry[byte]
        at += drawn
    return at, spoken


@part
def _draw(lines: tuple[Array, Array, Array, Array], row: int, window: Window, points: Array, geometry: Array) -> int:
    """The commands of one line; how many bytes they take, none where nothing of it shows."""
    x, y, needed_from, offsets = lines
    half = (1 << window.finer) >> 1
    size = count = 0
    from_x = from_y = at_x = at_y = 0
    begun = False
    for point in range(offsets[row], offsets[row + 1]):
        if needed_from[point] > window.zoom:
            continue
        to_x = ((int(x[point]) + half) >> window.finer) - window.west
        to_y = ((int(y[point]) + half) >> window.finer) - window.north
        if begun and (to_x, to_y) != (from_x, from_y):
            enters, leaves = _inside(from_x, from_y, to_x - from_x, to_y - from_y, window)
            if enters <= leaves:
                if count == 0:
                    points[0, 0] = from_x + round(enters * (to_x - from_x))
                    points[0, 1] = from_y + round(enters * (to_y - from_y))
                    count = 1
                next_x, next_y = from_x + round(leaves * (to_x - from_x)), from_y + round(leaves * (to_y - from_y))
                if next_x != points[count - 1, 0] or next_y != points[count - 1, 1]:
                    points[count, 0], points[count, 1] = next_x, next_y
                    count += 1
            if count and leaves < 1.0:
                size = _command(points, count, at_x, at_y, geometry, size)
                if count > 1:
                    at_x, at_y = points[count - 1, 0], points[count - 1, 1]
                count = 0
        from_x, from_y, begun = to_x, to_y, True
    return _command(points, count, at_x, at_y, geometry, size)


@part
def _inside(x: int, y: int, dx: int, dy: int, window: Window) -> tuple[float, float]:
    """From which share of a straight line to which it is in the window (Liang and Barsky); none where the first is the
    greater one."""
    enters, leaves = 0.0, 1.0
    for start, step in ((x, dx), (y, dy)):
        if step == 0:
            if start < window.low or start > window.high:
                return 1.0, 0.0
            continue
        near, far = (window.low - start) / step, (window.high - start) / step
        enters, leaves = max(enters, min(near, far)), min(leaves, max(near, far))
    return enters, leaves


@part
def _command(points: Array, count: int, at_x: int, at_y: int, geometry: Array, size: int) -> int:
    """One part of a line, from where the last one ended; nothing of a single point."""
    if count < 2:
        return size
    size = _put(geometry, size, MOVE_TO | 1 << 3)
    for point in range(count):
        if point == 1:
            size = _put(geometry, size, LINE_TO | (count - 1) << 3)
        size = _put(geometry, size, _zigzag(points[point, 0] - at_x))
        size = _put(geometry, size, _zigzag(points[point, 1] - at_y))
        at_x, at_y = points[point, 0], points[point, 1]
    return size


@part
def _zigzag(step: int) -> int:
    return step << 1 ^ step >> 63


@part
def _put(room: Array, at: int, number: int) -> int:
    """A number in groups of seven bits; where it ends."""
    while number > 0x7F:
        room[at] = number & 0x7F | 0x80
        number >>= 7
        at += 1
    room[at] = number
    return at + 1


@part
def _size(number: int) -> int:
    size = 1
    while number > 0x7F:
        number >>= 7
        size += 1
    return size
