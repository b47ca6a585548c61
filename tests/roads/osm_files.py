"""OpenStreetMap files as osmium writes them, drawn in metres."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import osmium

from tests.oracles.towns import Metres, point

STREET = {"highway": "residential"}


@dataclass(frozen=True, slots=True)
class Way:
    """Node ids, and tags."""

    nodes: Sequence[int]
    tags: Mapping[str, str] = field(default_factory=lambda: STREET)


def write_osm(path: Path, nodes: Mapping[int, Metres], ways: Mapping[int, Way]) -> Path:
    writer = osmium.SimpleWriter(str(path))
    for number, place in nodes.items():
        lat, lon = point(*place)
        writer.add_node(osmium.osm.mutable.Node(id=number, location=(lon / 1e7, lat / 1e7)))
    for number, way in ways.items():
        writer.add_way(osmium.osm.mutable.Way(id=number, nodes=list(way.nodes), tags=dict(way.tags)))
    writer.close()
    return path
