"""Lines to a network: cut, put in order, numbered, joined, indexed."""

from collections.abc import Iterator, Sequence
from hashlib import blake2b, sha256
from itertools import pairwise

import numpy as np

from snowtrack.model.columns import Int32s, Int64s, ranges
from snowtrack.model.errors import NetworkDataError
from snowtrack.network.arrays import Network
from snowtrack.network.cells import RADIUS_M, RESOLUTION, build_index, cells_of
from snowtrack.roads.cut import Pieces, cut
from snowtrack.roads.files import array_names
from snowtrack.roads.lines import TEXTS, LineAttributes, Lines, RoadLine, Told, as_columns, untold

# Some 400 m: two of three neighbours stand in one cache line, and a road's segments still follow each other.
ORDER_RESOLUTION = 9
ID_BITS = 52


def build_network(lines: Sequence[RoadLine], *, name: str, attribution: str) -> Network:
    """A network of roads that meet where they share a point."""
    return network_of(as_columns(lines), name=name, attribution=attribution)


def network_of(lines: Lines, *, name: str, attribution: str, told: Told = untold) -> Network:
    """The same lines give the same network, in whatever order they come, as long as their source ids differ."""
    told("cutting at junctions", len(lines))
    pieces = cut(lines)
    if not len(pieces):
        raise NetworkDataError(f"network {name!r}: there is no road in the source")
    pieces = _in_order(pieces, lines.attributes.source_id)
    attributes = lines.attributes.take(pieces.line)
    nodes, node_lat_e7, node_lon_e7 = _nodes(pieces)
    node_offsets, node_ends = _ends_by_node(nodes, len(node_lat_e7))
    segment_id = _ids(pieces)
    texts, numbered = _texts(attributes, lines.texts)
    told("making the cell index", len(pieces))
    index = build_index(pieces.offsets, pieces.lat_e7, pieces.lon_e7)
    network = Network(
        network_id="",
        name=name,
        attribution=attribution,
        h3_resolution=RESOLUTION,
        candidate_radius_m=RADIUS_M,
        node_lat_e7=node_lat_e7,
        node_lon_e7=node_lon_e7,
        node_offsets=node_offsets,
        node_ends=node_ends,
        segment_id=segment_id,
        rows_by_id=np.argsort(segment_id).astype(np.int32),
        from_node=nodes[:, 0].copy(),
        to_node=nodes[:, 1].copy(),
        length_mm=pieces.length_mm.astype(np.int32),
        source_from_mm=pieces.source_from_mm.astype(np.int32),
        shape_offsets=pieces.offsets,
        shape_lat_e7=pieces.lat_e7,
        shape_lon_e7=pieces.lon_e7,
        shape_at_mm=pieces.at_mm,
        text_offsets=np.cumsum([0, *(len(text) for text in texts)]).astype(np.int64),
        text_utf8=np.frombuffer(b"".join(texts), np.uint8),
        cell=index.cell,
        cell_offsets=index.cell_offsets,
        cell_rows=index.cell_rows,
        **{column: getattr(attributes, column) for column in LineAttributes.dtypes()} | numbered,
    )
    return identified(network)


def identified(network: Network) -> Network:
    """The same network, named by its own bytes."""
    digest = sha256()
    for array in array_names():
        digest.update(np.ascontiguousarray(getattr(network, array)).data)
    fields = {name: getattr(network, name) for name in Network.__slots__}
    return Network(**(fields | {"network_id": digest.hexdigest()[:16]}))


def _in_order(pieces: Pieces, source_id: Int64s) -> Pieces:
    """Near ones together, and there by source and along it."""
    first, last = pieces.offsets[:-1], pieces.offsets[1:] - 1
    lat, lon = (column[first] // 2 + column[last] // 2 for column in (pieces.lat_e7, pieces.lon_e7))
    order = np.lexsort((source_id[pieces.line], cells_of(lat, lon, ORDER_RESOLUTION)))
    counts = (last + 1 - first)[order]
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    point = ranges(first[order], counts)
    return Pieces(
        line=pieces.line[order],
        source_from_mm=pieces.source_from_mm[order],
        length_mm=pieces.length_mm[order],
        from_place=pieces.from_place[order],
        to_place=pieces.to_place[order],
        offsets=offsets,
        lat_e7=pieces.lat_e7[point],
        lon_e7=pieces.lon_e7[point],
        at_mm=pieces.at_mm[point],
    )


def shape_ids(network: Network) -> Int64s:
    """The number that follows from each segment's shape, whatever id it has."""
    shapes = _shapes(network.shape_offsets, network.shape_lat_e7, network.shape_lon_e7)
    return np.fromiter((_id(shape, 0) for shape in shapes), np.int64, len(network))


def _ids(pieces: Pieces) -> Int64s:
    """Numbers that follow from the shape alone; of several with one shape each later one takes the shape's next."""
    ids: list[int] = []
    taken: set[int] = set()
    for shape in _shapes(pieces.offsets, pieces.lat_e7, pieces.lon_e7):
        again = 0
        while (segment_id := _id(shape, again)) in taken:
            again += 1
        taken.add(segment_id)
        ids.append(segment_id)
    return np.array(ids, np.int64)


def _shapes(offsets: Int64s, lat_e7: Int32s, lon_e7: Int32s) -> Iterator[memoryview]:
    """The bytes of each line: latitude and longitude of its points in turn."""
    points = np.stack([lat_e7, lon_e7], axis=1).astype("<i4").data.cast("B")
    edges = (8 * offsets).tolist()
    return (points[start:end] for start, end in pairwise(edges))


def _id(shape: memoryview, again: int) -> int:
    digest = blake2b(shape, digest_size=8, salt=again.to_bytes(8) if again else b"").digest()
    return 1 + (int.from_bytes(digest) >> (64 - ID_BITS))


def _nodes(pieces: Pieces) -> tuple[Int32s, Int32s, Int32s]:
    """Both nodes of each segment, numbered as they first come, and where they are."""
    both = np.stack([pieces.from_place, pieces.to_place], axis=1)
    places, first, of_place = np.unique(both, return_index=True, return_inverse=True)
    order = np.argsort(first)
    number = np.empty(len(places), np.int32)
    number[order] = np.arange(len(places), dtype=np.int32)
    row, at_end = np.divmod(first[order], 2)
    point = np.where(at_end == 1, pieces.offsets[row + 1] - 1, pieces.offsets[row])
    return number[of_place].reshape(both.shape), pieces.lat_e7[point], pieces.lon_e7[point]


def _ends_by_node(nodes: Int32s, count: int) -> tuple[Int64s, Int32s]:
    """For each node the segment ends there: twice the row, and one more where the segment ends and does not begin."""
    flat = nodes.reshape(-1)
    node_offsets = np.concatenate([[0], np.cumsum(np.bincount(flat, minlength=count))]).astype(np.int64)
    return node_offsets, np.argsort(flat, kind="stable").astype(np.int32)


def _texts(attributes: LineAttributes, given: Sequence[str]) -> tuple[list[bytes], dict[str, Int32s]]:
    """The texts in the order in which segments first have them, and their new numbers."""
    columns = [f"{text}_text" for text in TEXTS]
    flat = np.stack([getattr(attributes, column) for column in columns], axis=1).reshape(-1)
    used, first = np.unique(flat, return_index=True)
    used = used[np.argsort(first)]
    used = used[used >= 0]
    number = np.full(len(given) + 1, -1, np.int32)  # the last one stands for none
    number[used] = np.arange(len(used), dtype=np.int32)
    renumbered = number[flat].reshape(-1, len(columns))
    return [given[one].encode() for one in used.tolist()], {
        column: renumbered[:, at].copy() for at, column in enumerate(columns)
    }
