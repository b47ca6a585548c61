"""Ways as lines of nodes: what simulated drives drive on, read from an OSM file or drawn."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path as File

import numpy as np
import osmium
from pyproj import Geod

from benchmarks.match.arcs import Arcs
from snowtrack.model.columns import Floats, Int64s
from snowtrack.network.arrays import Kind, Manager, RoadClass
from snowtrack.roads.lines import Point, RoadLine

PIECE_MM = 2_000
DRIVEN = frozenset(
    f"{road}{end}"
    for road in ("motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential")
    for end in ("", "_link")
) | {"living_street", "service", "road"}
PRIVATE = {"driveway", "parking_aisle", "drive-through", "emergency_access"}
_WGS84 = Geod(ellps="WGS84")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Street:
    """One way. Streets meet where they share a node; `oneway` is 1 along, -1 against, 0 both."""

    source_id: int
    nodes: tuple[int, ...]
    lat_deg: Floats
    lon_deg: Floats
    oneway: int = 0

    def at_m(self) -> Floats:
        """Metres along the street of each of its nodes, on the ellipsoid."""
        lat, lon = self.lat_deg, self.lon_deg
        steps_m = np.asarray(_WGS84.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])[2])
        return np.concatenate([[0.0], np.cumsum(steps_m)])


def read_streets(file: File) -> list[Street]:
    """The ways of an OSM file that a plough may drive, in order of id."""
    streets = []
    for way in osmium.FileProcessor(str(file)).with_locations():
        if not isinstance(way, osmium.osm.Way) or not _is_driven(dict(way.tags)):
            continue
        nodes = [node for node in way.nodes if node.location.valid()]
        if len(nodes) < 2:
            continue
        streets.append(
            Street(
                source_id=way.id,
                nodes=tuple(node.ref for node in nodes),
                lat_deg=np.array([node.location.lat for node in nodes]),
                lon_deg=np.array([node.location.lon for node in nodes]),
                oneway=_oneway(dict(way.tags)),
            )
        )
    return sorted(streets, key=lambda street: street.source_id)


def from_lines(lines: Sequence[RoadLine]) -> list[Street]:
    """Streets of lines, which meet where they share a point."""
    numbers: dict[Point, int] = {}
    streets = []
    for line in lines:
        points = [point for point, _ in groupby(line.points)]
        if line.kind is Kind.CARRIAGEWAY and len(points) > 1:
            lat, lon = np.array(points, np.float64).T / 1e7
            nodes = tuple(numbers.setdefault(point, len(numbers) + 1) for point in points)
            streets.append(Street(source_id=line.source_id, nodes=nodes, lat_deg=lat, lon_deg=lon, oneway=line.oneway))
    return streets


def write_streets(streets: Sequence[Street], file: File) -> None:
    """As an OSM file of roads that are all alike."""
    places = {
        node: (lon, lat)
        for street in streets
        for node, lon, lat in zip(street.nodes, street.lon_deg.tolist(), street.lat_deg.tolist(), strict=True)
    }
    with osmium.SimpleWriter(str(file), overwrite=True) as writer:
        for node in sorted(places):
            writer.add_node(osmium.osm.mutable.Node(id=node, location=places[node], version=1))
        for street in sorted(streets, key=lambda street: street.source_id):
            oneway = {1: {"oneway": "yes"}, -1: {"oneway": "-1"}}.get(street.oneway, {})
            tags = {"highway": "tertiary"} | oneway
            way = osmium.osm.mutable.Way(id=street.source_id, nodes=list(street.nodes), tags=tags, version=1)
            writer.add_way(way)


def as_lines(streets: Sequence[Street]) -> list[RoadLine]:
    """As the builder of networks takes them."""
    return [
        RoadLine(
            source_id=street.source_id,
            points=[
                (round(lat * 1e7), round(lon * 1e7))
                for lat, lon in zip(street.lat_deg.tolist(), street.lon_deg.tolist(), strict=True)
            ],
            road_class=RoadClass.LOCAL,
            manager=Manager.MUNICIPALITY,
            oneway=street.oneway,
        )
        for street in streets
    ]


def arcs_of(streets: Sequence[Street]) -> Arcs:
    """Each street in equal pieces of about 2 m: what is a metre off is an error of few metres."""
    ways, starts, ends = [], [], []
    for street in sorted(streets, key=lambda street: street.source_id):
        length_mm = max(round(float(street.at_m()[-1]) * 1000), 1)
        count = max(round(length_mm / PIECE_MM), 1)
        cuts = _cuts(length_mm, count)
        ways.append(np.full(count, street.source_id))
        starts.append(cuts[:-1])
        ends.append(cuts[1:])
    return Arcs(source_id=np.concatenate(ways), from_mm=np.concatenate(starts), to_mm=np.concatenate(ends))


def _cuts(length_mm: int, count: int) -> Int64s:
    return length_mm * np.arange(count + 1, dtype=np.int64) // count


def _is_driven(tags: dict[str, str]) -> bool:
    public = tags.get("service") not in PRIVATE and tags.get("area", "no") == "no"
    return public and tags.get("highway") in DRIVEN


def _oneway(tags: dict[str, str]) -> int:
    given = tags.get("oneway")
    if given in ("-1", "reverse"):
        return -1
    implied = tags.get("junction") in ("roundabout", "circular") or tags.get("highway") == "motorway"
    return int(given in ("yes", "true", "1") or (implied and given != "no"))
