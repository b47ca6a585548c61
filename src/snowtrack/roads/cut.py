"""Where lines are cut: at junctions, and what is still long into equal parts of about 100 m.

All in columns. Lengths are added up as whole micrometres, so that no line's numbers depend on another's.
"""

from dataclasses import dataclass

import numpy as np
from pyproj import Geod

from snowtrack.model.columns import Bools, Int32s, Int64s, Integers, ranges
from snowtrack.model.errors import NetworkDataError
from snowtrack.roads.components import components
from snowtrack.roads.lines import Lines

PIECE_MM = 100_000
LINE_MM_MAX = int(np.iinfo(np.int32).max)
_WGS84 = Geod(ellps="WGS84")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pieces:
    """Segments to be, in the order of the lines and along each. Places number nodes, in no order."""

    line: Int64s
    source_from_mm: Int64s
    length_mm: Int64s
    from_place: Int64s
    to_place: Int64s
    offsets: Int64s
    lat_e7: Int32s
    lon_e7: Int32s
    at_mm: Int32s

    def __len__(self) -> int:
        return len(self.line)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Vertices:
    """The vertices of all lines, each with its line and how far along it stands."""

    line: Int64s
    lat_e7: Int32s
    lon_e7: Int32s
    place: Int64s
    at_mm: Int64s


def cut(lines: Lines) -> Pieces:
    """All segments of all lines."""
    vertices = _measured(lines)
    is_cut = _cuts(vertices)
    start = np.flatnonzero(is_cut[:-1] & (vertices.line[:-1] == vertices.line[1:]))
    ends = np.flatnonzero(is_cut)
    end = ends[np.searchsorted(ends, start, side="right")]
    length_mm = vertices.at_mm[end] - vertices.at_mm[start]
    start, end, length_mm = (column[length_mm > 0] for column in (start, end, length_mm))
    parts = np.maximum(np.rint(length_mm / PIECE_MM), 1).astype(np.int64)
    section = np.repeat(np.arange(len(start)), parts)
    part = ranges(np.zeros_like(parts), parts)
    begin_mm = length_mm[section] * part // parts[section]
    end_mm = length_mm[section] * (part + 1) // parts[section]
    begin_lat, begin_lon = _points_at(vertices, start[section], begin_mm)
    last = part + 1 == parts[section]
    to_lat, to_lon = np.roll(begin_lat, -1), np.roll(begin_lon, -1)
    to_lat[last], to_lon[last] = vertices.lat_e7[end[section[last]]], vertices.lon_e7[end[section[last]]]
    own = int(vertices.place.max(initial=0)) + 1 + np.arange(len(section))  # places of the cuts between parts
    from_place = np.where(part == 0, vertices.place[start[section]], own - 1)
    to_place = np.where(last, vertices.place[end[section]], own)

    at, piece = _inner(vertices, (start, end, length_mm), parts)
    counts = np.bincount(piece, minlength=len(section)) + 2
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    place = offsets[piece] + 1 + np.arange(len(piece)) - (offsets[piece] - 2 * piece)
    first_mm = vertices.at_mm[start[section]] + begin_mm
    inner_mm = vertices.at_mm[at] - first_mm[piece]
    return Pieces(
        line=vertices.line[start[section]],
        source_from_mm=first_mm + _begins_mm(lines, vertices)[vertices.line[start[section]]],
        length_mm=end_mm - begin_mm,
        from_place=from_place,
        to_place=to_place,
        offsets=offsets,
        lat_e7=_shape(offsets, place, begin_lat, vertices.lat_e7[at], to_lat),
        lon_e7=_shape(offsets, place, begin_lon, vertices.lon_e7[at], to_lon),
        at_mm=_shape(offsets, place, np.zeros_like(begin_mm), inner_mm, end_mm - begin_mm),
    )


def _shape(offsets: Int64s, place: Int64s, first: Int64s, inner: Integers, last: Int64s) -> Int32s:
    """First, inner and last points put together."""
    column = np.empty(offsets[-1], np.int32)
    column[offsets[:-1]], column[place], column[offsets[1:] - 1] = first, inner, last
    return column


def _measured(lines: Lines) -> _Vertices:
    """Without vertices that are written twice, and without lines that have none or one."""
    line = np.repeat(np.arange(len(lines)), np.diff(lines.offsets))
    place = _one_place_per_position(lines, line)
    again = np.zeros(len(line), np.bool_)
    again[1:] = (line[1:] == line[:-1]) & (place[1:] == place[:-1])
    kept = np.flatnonzero(~again)
    line, place, lat_e7, lon_e7 = line[kept], place[kept], lines.lat_e7[kept], lines.lon_e7[kept]
    same = line[1:] == line[:-1]
    steps_um = np.zeros(len(line), np.int64)
    lat, lon = lat_e7 / 1e7, lon_e7 / 1e7
    measured = np.asarray(_WGS84.inv(lon[:-1][same], lat[:-1][same], lon[1:][same], lat[1:][same])[2])
    steps_um[1:][same] = np.rint(measured * 1e6).astype(np.int64)
    along_um = np.cumsum(steps_um)
    first = np.searchsorted(line, line)  # the line's first vertex
    at_mm = (along_um - along_um[first] + 500) // 1000
    if len(at_mm) and at_mm.max() > LINE_MM_MAX:
        longest = int(np.argmax(at_mm))
        source_id = int(lines.attributes.source_id[line[longest]])
        raise NetworkDataError(f"feature {source_id} is {at_mm[longest] / 1e6:,.0f} km long; that is no road")
    return _Vertices(line=line, lat_e7=lat_e7, lon_e7=lon_e7, place=place, at_mm=at_mm)


def _begins_mm(lines: Lines, vertices: _Vertices) -> Int64s:
    """Where on its feature each line begins: behind the parts before it, unless all roads are parts of one feature."""
    length_mm = np.zeros(len(lines), np.int64)
    np.maximum.at(length_mm, vertices.line, vertices.at_mm)
    end_mm = np.cumsum(length_mm)
    first = np.flatnonzero(~lines.continues)
    of_feature = np.cumsum(~lines.continues) - 1
    begins_mm = end_mm - length_mm - (end_mm - length_mm)[first[of_feature]]
    whole_mm = np.bincount(of_feature, weights=length_mm)[of_feature]
    return np.where(whole_mm <= LINE_MM_MAX, begins_mm, 0)


def _one_place_per_position(lines: Lines, line: Int64s) -> Int64s:
    """Places of a line that follow each other at one position are one place: there is no road between them."""
    place = lines.place
    same = (line[1:] == line[:-1]) & (lines.lat_e7[1:] == lines.lat_e7[:-1]) & (lines.lon_e7[1:] == lines.lon_e7[:-1])
    at = np.flatnonzero(same & (place[1:] != place[:-1]))
    if not len(at):
        return place
    places, pairs = np.unique(np.stack([place[at], place[at + 1]]), return_inverse=True)
    one = places[components(len(places), pairs[0], pairs[1])]
    where = np.minimum(np.searchsorted(places, place), len(places) - 1)
    return np.where(places[where] == place, one[where], place)


def _cuts(vertices: _Vertices) -> Bools:
    """Places where a line ends, and those from where it goes on to another number of places than two.

    So a road that is drawn twice is not cut at each of its vertices.
    """
    line = vertices.line
    is_end = np.ones(len(line), np.bool_)
    is_end[1:-1] = (line[1:-1] != line[:-2]) | (line[1:-1] != line[2:])
    places, at, uses = np.unique(vertices.place, return_inverse=True, return_counts=True)
    is_node = np.zeros(len(places), np.bool_)
    is_node[at[is_end]] = uses[at[is_end]] > 1
    before = np.flatnonzero(line[1:] == line[:-1])
    from_place, to_place = np.concatenate([at[before], at[before + 1]]), np.concatenate([at[before + 1], at[before]])
    shared = uses[from_place] > 1
    ways = np.unique(from_place[shared] * len(places) + to_place[shared])
    count = np.bincount(ways // max(len(places), 1), minlength=len(places))
    is_node |= (uses > 1) & (count != 2)
    cuts: Bools = is_end | is_node[at]
    return cuts


def _points_at(vertices: _Vertices, start: Int64s, along_mm: Int64s) -> tuple[Int64s, Int64s]:
    """Positions so far behind the given vertices, along their lines."""
    # The lines end to end: one ascending measure for all of them.
    ends = np.flatnonzero(np.diff(vertices.line, append=-1))
    lengths = np.zeros(int(vertices.line.max(initial=-1)) + 2, np.int64)
    lengths[vertices.line[ends] + 1] = vertices.at_mm[ends]
    measure = np.cumsum(lengths)[vertices.line] + vertices.at_mm
    wanted = measure[start] + along_mm
    before = np.where(along_mm == 0, start, np.searchsorted(measure, wanted, side="right") - 1)
    after = np.minimum(before + 1, len(measure) - 1)
    step = np.maximum(measure[after] - measure[before], 1)
    share = np.where(along_mm == 0, 0, wanted - measure[before]) / step

    def between(column: Int32s) -> Int64s:
        one, other = column[before].astype(np.int64), column[after].astype(np.int64)
        place: Int64s = one + np.rint(share * (other - one)).astype(np.int64)
        return place

    return between(vertices.lat_e7), between(vertices.lon_e7)


def _inner(vertices: _Vertices, sections: tuple[Int64s, Int64s, Int64s], parts: Int64s) -> tuple[Int64s, Int64s]:
    """Vertices strictly inside a piece, and the number of the piece; one that stands where a cut falls is the cut."""
    start, end, length_mm = sections
    counts = end - start - 1
    section = np.repeat(np.arange(len(start)), counts)
    at = ranges(start + 1, counts)
    along_mm, whole_mm, pieces = vertices.at_mm[at] - vertices.at_mm[start[section]], length_mm[section], parts[section]
    part = np.minimum(along_mm * pieces // whole_mm, pieces - 1)
    inside = (along_mm > whole_mm * part // pieces) & (along_mm < whole_mm * (part + 1) // pieces)
    piece = (np.cumsum(parts) - parts)[section] + part
    return at[inside], piece[inside]
