"""Lines to a network: cut at junctions and into pieces of about 100 m, measured, numbered, indexed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, groupby, pairwise

import numpy as np
from pyproj import Geod

from snowtrack.model.columns import Int32s, Int64s
from snowtrack.model.errors import NetworkDataError
from snowtrack.network.arrays import Network
from snowtrack.network.cells import RADIUS_M, RESOLUTION, build_index
from snowtrack.roads.files import array_names
from snowtrack.roads.lines import Point, RoadLine

Node = tuple[Point, int, int]
"""Where segments meet: a point of the source, or one cut out of the middle of a line, which is that line's alone."""

PIECE_MM = 100_000
PIECE_MM_MAX = 150_000
_WGS84 = Geod(ellps="WGS84")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One segment to be: a stretch of a line between two cuts."""

    line: RoadLine
    points: Sequence[Point]
    at_mm: Sequence[int]
    nodes: tuple[Node, Node]
    source_from_mm: int


def build_network(lines: Sequence[RoadLine], *, name: str, attribution: str) -> Network:
    """Segments are numbered from 1 in the order of the lines and along each."""
    uses = Counter(point for line in lines for point, _ in groupby(line.points))
    pieces = [piece for number, line in enumerate(lines) for piece in _cut(number, line, uses)]
    if not pieces:
        raise NetworkDataError(f"network {name!r}: there is no road in the source")
    nodes = {node: row for row, node in enumerate(dict.fromkeys(chain.from_iterable(p.nodes for p in pieces)))}
    texts, numbers = _texts(lines)
    shape_offsets = np.cumsum([0, *(len(piece.points) for piece in pieces)]).astype(np.int64)
    shape_lat_e7, shape_lon_e7 = _columns(chain.from_iterable(piece.points for piece in pieces))
    shape_at_mm = np.array(list(chain.from_iterable(piece.at_mm for piece in pieces)), np.int32)
    index = build_index(shape_offsets, shape_lat_e7, shape_lon_e7, shape_at_mm)
    node_lat_e7, node_lon_e7 = _columns(point for point, _, _ in nodes)

    def of_lines(values: Iterable[int]) -> Int64s:
        return np.array(list(values), np.int64)

    network = Network(
        network_id="",
        name=name,
        attribution=attribution,
        h3_resolution=RESOLUTION,
        candidate_radius_m=RADIUS_M,
        node_lat_e7=node_lat_e7,
        node_lon_e7=node_lon_e7,
        segment_id=np.arange(1, len(pieces) + 1, dtype=np.int64),
        from_node=of_lines(nodes[piece.nodes[0]] for piece in pieces).astype(np.int32),
        to_node=of_lines(nodes[piece.nodes[1]] for piece in pieces).astype(np.int32),
        length_mm=of_lines(piece.at_mm[-1] for piece in pieces).astype(np.int32),
        road_class=of_lines(piece.line.road_class for piece in pieces).astype(np.uint8),
        manager=of_lines(piece.line.manager for piece in pieces).astype(np.uint8),
        kind=of_lines(piece.line.kind for piece in pieces).astype(np.uint8),
        oneway=of_lines(piece.line.oneway for piece in pieces).astype(np.int8),
        structure=of_lines(piece.line.structure for piece in pieces).astype(np.uint8),
        name_text=of_lines(numbers[piece.line.name] for piece in pieces).astype(np.int32),
        route_text=of_lines(numbers[piece.line.route] for piece in pieces).astype(np.int32),
        source_id=of_lines(piece.line.source_id for piece in pieces),
        source_from_mm=of_lines(piece.source_from_mm for piece in pieces).astype(np.int32),
        shape_offsets=shape_offsets,
        shape_lat_e7=shape_lat_e7,
        shape_lon_e7=shape_lon_e7,
        shape_at_mm=shape_at_mm,
        text_offsets=np.cumsum([0, *(len(text) for text in texts)]).astype(np.int64),
        text_utf8=np.frombuffer(b"".join(texts), np.uint8),
        cell=index.cell,
        cell_offsets=index.cell_offsets,
        cell_rows=index.cell_rows,
    )
    return identified(network)


def identified(network: Network) -> Network:
    """The same network, named by its own bytes."""
    digest = sha256()
    for array in array_names():
        digest.update(np.ascontiguousarray(getattr(network, array)).tobytes())
    fields = {name: getattr(network, name) for name in Network.__slots__}
    return Network(**(fields | {"network_id": digest.hexdigest()[:16]}))


def _cut(number: int, line: RoadLine, uses: Counter[Point]) -> Iterator[Piece]:
    """Cut where lines meet, then what is still long into equal parts."""
    points = [point for point, _ in groupby(line.points)]
    if len(points) < 2:
        return
    at_mm = _measure(points)
    cuts = [0, *(i for i in range(1, len(points) - 1) if uses[points[i]] > 1), len(points) - 1]
    for start, to in pairwise(cuts):
        yield from _parts(number, line, points[start : to + 1], at_mm[start : to + 1])


def _parts(number: int, line: RoadLine, points: list[Point], at_mm: list[int]) -> Iterator[Piece]:
    length_mm = at_mm[-1] - at_mm[0]
    if length_mm == 0:
        return
    count = max(round(length_mm / PIECE_MM), 1) if length_mm > PIECE_MM_MAX else 1
    ends = [at_mm[0] + length_mm * part // count for part in range(count + 1)]
    middle = [(_point_at(points, at_mm, end), number, end) for end in ends[1:-1]]
    nodes: list[Node] = [(points[0], -1, 0), *middle, (points[-1], -1, 0)]
    for (start_mm, to_mm), (begin, end) in zip(pairwise(ends), pairwise(nodes), strict=True):
        inner = [(at, point) for at, point in zip(at_mm, points, strict=True) if start_mm < at < to_mm]
        whole = [(start_mm, begin[0]), *inner, (to_mm, end[0])]
        yield Piece(
            line=line,
            points=[point for _, point in whole],
            at_mm=[at - start_mm for at, _ in whole],
            nodes=(begin, end),
            source_from_mm=start_mm,
        )


def _point_at(points: list[Point], at_mm: list[int], wanted_mm: int) -> Point:
    lat, lon = (np.interp(wanted_mm, at_mm, axis) for axis in zip(*points, strict=True))
    return round(float(lat)), round(float(lon))


def _measure(points: list[Point]) -> list[int]:
    """Distance of each point from the first, along the ellipsoid."""
    lat, lon = (np.array(axis) / 1e7 for axis in zip(*points, strict=True))
    steps = np.asarray(_WGS84.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])[2])
    at_mm: list[int] = np.rint(np.concatenate([[0.0], np.cumsum(steps)]) * 1000).astype(int).tolist()
    return at_mm


def _columns(points: Iterable[Point]) -> tuple[Int32s, Int32s]:
    both = np.array(list(points), np.int32).reshape(-1, 2)
    return both[:, 0].copy(), both[:, 1].copy()


def _texts(lines: Iterable[RoadLine]) -> tuple[list[bytes], dict[str | None, int]]:
    """All texts once, and the number of each; no text is -1."""
    given = dict.fromkeys(text for line in lines for text in (line.name, line.route) if text)
    numbers: dict[str | None, int] = {text: number for number, text in enumerate(given)}
    return [text.encode() for text in given], {None: -1, "": -1} | numbers
