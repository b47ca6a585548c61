"""OpenStreetMap files to lines, by osmium. Ways meet where they share a node, not where they share a position.

Read twice: the ways that are roads, then the nodes that they name, so that memory follows the roads and not the file.
"""

from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import osmium

from snowtrack.model.columns import Int64s, ranges
from snowtrack.model.errors import NetworkDataError
from snowtrack.roads.lines import LineAttributes, Lines, Told, untold
from snowtrack.roads.osm_tags import Road, is_road, read_road, read_texts

ATTRIBUTION = "© OpenStreetMap contributors"
SUFFIXES = (".pbf", ".osm", ".osm.gz", ".osm.bz2")
TOLD_EVERY = 10_000


def read_osm(path: Path, told: Told = untold) -> Lines:
    """The roads of a file, as far as their nodes are in it; a way is a line, or several where nodes are missing."""
    with _readable(path):
        ways = _read_ways(path, told)
        refs = np.frombuffer(ways.refs, np.int64)
        wanted = np.unique(refs)
        found, lat_e7, lon_e7 = _read_nodes(path, wanted, told)
    if not len(found):
        return _as_lines(ways, np.empty((0, 2), np.int64), np.empty((0, 3), np.int64))
    order = np.argsort(found)
    at = np.minimum(np.searchsorted(found, refs, sorter=order), len(found) - 1)
    vertices = np.stack([refs, lat_e7[order[at]], lon_e7[order[at]]], axis=1)
    return _as_lines(ways, _runs(found[order[at]] == refs, ways), vertices)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, OSError) as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise NetworkDataError(f"{path}: cannot be read as OpenStreetMap data: {said}") from error


@dataclass(frozen=True, slots=True)
class _Ways:
    """The ways that are roads. What many have in common is kept once."""

    ids: "array[int]" = field(default_factory=lambda: array("q"))
    ends: "array[int]" = field(default_factory=lambda: array("q"))
    refs: "array[int]" = field(default_factory=lambda: array("q"))
    road: "array[int]" = field(default_factory=lambda: array("l"))
    roads: dict[Road, int] = field(default_factory=dict)
    text: "array[int]" = field(default_factory=lambda: array("l"))
    texts: dict[str | None, int] = field(default_factory=lambda: {None: -1})


def _read_ways(path: Path, told: Told) -> _Ways:
    ways = _Ways()
    told(f"ways of {path.name}", 0)
    with_highway = osmium.filter.KeyFilter("highway")
    for way in osmium.FileProcessor(path, osmium.osm.WAY).with_filter(with_highway):
        tags = dict(way.tags)
        if not isinstance(way, osmium.osm.Way) or not is_road(tags):
            continue
        ways.ids.append(way.id)
        ways.refs.extend([node.ref for node in way.nodes])
        ways.ends.append(len(ways.refs))
        ways.road.append(ways.roads.setdefault(read_road(tags), len(ways.roads)))
        ways.text.extend([ways.texts.setdefault(text, len(ways.texts) - 1) for text in read_texts(tags)])
        if len(ways.ids) % TOLD_EVERY == 0:
            told(f"ways of {path.name}", len(ways.ids))
    return ways


def _read_nodes(path: Path, wanted: Int64s, told: Told) -> tuple[Int64s, Int64s, Int64s]:
    """Ids and positions of the wanted nodes, in the order of the file."""
    found = array("q")
    told(f"nodes of {path.name}", 0)
    nodes = osmium.FileProcessor(path, osmium.osm.NODE)
    if len(wanted) and wanted[0] >= 0:  # osmium looks up no negative ids, which files have that were never uploaded
        nodes = nodes.with_filter(osmium.filter.IdFilter(wanted.tolist()))
    for count, node in enumerate(nodes, start=1):
        if isinstance(node, osmium.osm.Node) and node.location.valid():
            found.extend((node.id, node.location.y, node.location.x))
        if count % TOLD_EVERY == 0:
            told(f"nodes of {path.name}", count)
    ids, lat_e7, lon_e7 = np.frombuffer(found, np.int64).reshape(-1, 3).T
    return ids, lat_e7, lon_e7


def _runs(is_there: np.ndarray[tuple[int], np.dtype[np.bool_]], ways: _Ways) -> Int64s:
    """Runs of nodes that are there, as first and last place, each within one way."""
    ends = np.frombuffer(ways.ends, np.int64)
    starts = np.concatenate([[0], ends[:-1]])
    filled = ends > starts
    starts_way, ends_way = np.zeros(len(is_there), np.bool_), np.zeros(len(is_there), np.bool_)
    starts_way[starts[filled]] = ends_way[ends[filled] - 1] = True
    first = is_there & (starts_way | ~np.roll(is_there, 1))
    last = is_there & (ends_way | ~np.roll(is_there, -1))
    return np.stack([np.flatnonzero(first), np.flatnonzero(last)], axis=1)


def _as_lines(ways: _Ways, runs: Int64s, vertices: Int64s) -> Lines:
    way = np.searchsorted(np.frombuffer(ways.ends, np.int64), runs[:, 0], side="right")
    counts = runs[:, 1] - runs[:, 0] + 1
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    at = ranges(runs[:, 0], counts)
    road = np.array(list(ways.roads) or [()], np.int64).reshape(-1, 8)[np.frombuffer(ways.road, np.int64)[way]].T
    text = np.frombuffer(ways.text, np.int64).reshape(-1, 3)[way].astype(np.int32).T
    nothing = np.full(len(way), -1, np.int32)
    attributes = LineAttributes(
        source_id=np.frombuffer(ways.ids, np.int64)[way],
        road_class=road[0].astype(np.uint8),
        manager=road[1].astype(np.uint8),
        kind=road[2].astype(np.uint8),
        oneway=road[3].astype(np.int8),
        structure=road[4].astype(np.uint8),
        level=road[5].astype(np.int8),
        lanes=road[6].astype(np.uint8),
        width_mm=road[7].astype(np.int32),
        priority=np.zeros(len(way), np.uint8),
        name_text=text[0],
        reading_text=text[1],
        route_text=text[2],
        district_text=nothing,
        source_text=nothing,
    )
    place, lat_e7, lon_e7 = vertices[at].T
    texts = [text for text in ways.texts if text is not None]
    return Lines(
        offsets=offsets,
        lat_e7=lat_e7.astype(np.int32),
        lon_e7=lon_e7.astype(np.int32),
        place=place.copy(),
        continues=np.diff(way, prepend=-1) == 0,
        attributes=attributes,
        texts=texts,
    )
