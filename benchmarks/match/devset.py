"""Real tracks with the roads driven, kept outside this repository, and their roads as an OSM file.

A case is a folder with gzipped tables (nodes, arcs, track, route). Its roads become ways of two nodes each: both arcs
between the same nodes are one way, arc and way lengths are ellipsoidal.
"""

import gzip
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import osmium
from pyproj import Geod

from benchmarks.match.arcs import Arcs
from benchmarks.match.score import Score, score, score_fixes
from benchmarks.match.tracks import Matched, Track
from snowtrack.model.columns import Bools, Floats, Int64s
from snowtrack.network.geometry import metres_per_e7

BESIDE_THE_REPOSITORY = Path(__file__).parents[3] / "shared" / "data" / "mapmatch" / "devset"
DEVSET = Path(os.environ.get("SNOWTRACK_MATCH_DEVSET", BESIDE_THE_REPOSITORY))
_WGS84 = Geod(ellps="WGS84")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """Way i has id i + 1 and leads from node `way_from[i]` to `way_to[i]`; so its arcs are 2i and, back, 2i + 1."""

    name: str
    node_lat_deg: Floats
    node_lon_deg: Floats
    way_from: Int64s
    way_to: Int64s
    oneway: Bools
    arcs: Arcs
    track: Track
    route: Int64s

    def distance_m(self, track: Track) -> Floats:
        """How far each fix lies from the true route."""
        ways = np.unique(self.route >> 1)
        scale = metres_per_e7(np.rint(track.lat_deg * 1e7).astype(np.int32))
        north, east = (axis[:, None] * 1e7 for axis in scale)
        lat, lon = track.lat_deg[:, None], track.lon_deg[:, None]
        start_y, start_x = (self._axes(self.way_from[ways]) - np.stack([lat, lon])) * np.stack([north, east])
        end_y, end_x = (self._axes(self.way_to[ways]) - np.stack([lat, lon])) * np.stack([north, east])
        dy, dx = end_y - start_y, end_x - start_x
        square = np.maximum(dx * dx + dy * dy, 1e-12)
        share = np.clip(-(start_x * dx + start_y * dy) / square, 0, 1)
        distance: Floats = np.hypot(start_x + share * dx, start_y + share * dy).min(axis=1)
        return distance

    def judge(self, track: Track, matched: Matched) -> Score:
        """How well a matcher did on this case, whose own track may have been spoilt or thinned to the one given."""
        answers = matched.answers
        at = self.arcs.at(answers.source_id, answers.direction, answers.along_m)
        routes = score(self.arcs.length_mm, self.route, self.arcs.along(matched.path))
        return routes + score_fixes(self.route, at, self.distance_m(track))

    def _axes(self, nodes: Int64s) -> Floats:
        return np.stack([self.node_lat_deg[nodes], self.node_lon_deg[nodes]])[:, None, :]


def cases(folder: Path = DEVSET) -> list[Case]:
    """All cases that are there."""
    tracks = folder / "tracks_1hz"
    return [read_case(case) for case in sorted(tracks.iterdir())] if tracks.is_dir() else []


def read_case(folder: Path) -> Case:
    """Equal arcs are one; the first arc between two nodes gives its way the direction."""
    lon, lat = _table(folder, "nodes").T
    begin, end = _table(folder, "arcs").astype(np.int64).T
    track_lon, track_lat, time_s = _table(folder, "track").T
    low, high = np.minimum(begin, end), np.maximum(begin, end)
    _, first, edge = np.unique(low * len(lat) + high, return_index=True, return_inverse=True)
    order = np.argsort(first)
    way_of_arc = np.argsort(order)[edge]
    way_from, way_to = begin[first[order]], end[first[order]]
    back = begin != way_from[way_of_arc]
    twoway = np.isin(np.arange(len(order)), way_of_arc[back])
    length_m = np.asarray(_WGS84.inv(lon[way_from], lat[way_from], lon[way_to], lat[way_to])[2])
    return Case(
        name=folder.name,
        node_lat_deg=lat,
        node_lon_deg=lon,
        way_from=way_from,
        way_to=way_to,
        oneway=~twoway,
        arcs=Arcs(
            source_id=np.arange(1, len(order) + 1),
            from_mm=np.zeros(len(order), np.int64),
            to_mm=np.rint(length_m * 1000).astype(np.int64),
        ),
        track=Track(time_s=time_s, lat_deg=track_lat, lon_deg=track_lon),
        route=(2 * way_of_arc + back)[_table(folder, "route").astype(np.int64).ravel()],
    )


def write_pbf(case: Case, file: Path) -> None:
    """Node ids are rows plus 1."""
    with osmium.SimpleWriter(str(file), overwrite=True) as writer:
        for row, place in enumerate(zip(case.node_lon_deg.tolist(), case.node_lat_deg.tolist(), strict=True)):
            writer.add_node(osmium.osm.mutable.Node(id=row + 1, location=place, version=1))
        ends = zip(case.way_from.tolist(), case.way_to.tolist(), case.oneway.tolist(), strict=True)
        for row, (begin, end, oneway) in enumerate(ends):
            tags = {"highway": "tertiary"} | ({"oneway": "yes"} if oneway else {})
            writer.add_way(osmium.osm.mutable.Way(id=row + 1, nodes=[begin + 1, end + 1], tags=tags, version=1))


def _table(folder: Path, ending: str) -> Floats:
    with gzip.open(folder / f"{folder.name}.{ending}.gz") as lines:
        return np.loadtxt(lines, ndmin=2)
