"""Valhalla through pyvalhalla: tiles built by the tools in its wheel, matched by `trace_attributes`."""

import subprocess
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path as File

import numpy as np
import orjson

from benchmarks.match.devset import Case, write_pbf
from benchmarks.match.peers import answers_of, path_of
from benchmarks.match.tracks import Matched, Track

WANTED = (
    "edge.way_id",
    "edge.forward",
    "matched.type",
    "matched.edge_index",
    "matched.distance_along_edge",
)


def _tools() -> File:
    spec = find_spec("valhalla")
    return File(str(spec.origin)).parent / "bin" if spec is not None else File("nowhere")


def has_tools() -> bool:
    """Older wheels hold the matcher but nothing to build its roads with."""
    return (_tools() / "valhalla_build_tiles").exists()


class Valhalla:
    """Default settings of the engine; limits are lifted so that a track is one request."""

    def __init__(self, case: Case, folder: File) -> None:
        valhalla = import_module("valhalla")  # not on every machine
        tiles, config_file = folder / "tiles", folder / "valhalla.json"
        tiles.mkdir(parents=True)
        config = valhalla.get_config(tile_dir=tiles, tile_extract="")
        config["mjolnir"]["concurrency"] = 1
        config["service_limits"]["trace"]["max_shape"] = 1_000_000
        config["service_limits"]["trace"]["max_distance"] = 1e9
        config_file.write_bytes(orjson.dumps(config, default=str))
        write_pbf(case, folder / "roads.osm.pbf")
        command = [_tools() / "valhalla_build_tiles", File("-c"), config_file, folder / "roads.osm.pbf"]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - the wheel's own tool
        self.case = case
        self.actor = valhalla.Actor(config_file)

    def prepare(self, track: Track) -> str:
        columns = (track.lat_deg.tolist(), track.lon_deg.tolist(), track.time_s.tolist())
        return orjson.dumps(
            {
                "shape": [{"lat": lat, "lon": lon, "time": time} for lat, lon, time in zip(*columns, strict=True)],
                "costing": "auto",
                "shape_match": "map_snap",
                "filters": {"action": "include", "attributes": WANTED},
            }
        ).decode()

    def solve(self, request: str) -> str | None:
        """None where it finds nothing."""
        try:
            found: str = self.actor.trace_attributes(request)
        except RuntimeError:
            return None
        return found

    def read(self, track: Track, solved: str | None) -> Matched:
        if solved is None:
            nothing = np.full(len(track), -1)
            return Matched(
                answers=answers_of(self.case, nothing, np.zeros(len(track))), path=path_of(self.case, nothing[:0])
            )
        found = orjson.loads(solved)
        arcs = np.array([2 * (edge["way_id"] - 1) + (not edge["forward"]) for edge in found["edges"]], np.int64)
        points = found["matched_points"]
        edge = np.array([p["edge_index"] if p.get("edge_index", 1 << 60) < len(arcs) else -1 for p in points], np.int64)
        share = np.array([p.get("distance_along_edge", 0.0) for p in points], np.float64)
        return Matched(
            answers=answers_of(self.case, np.where(edge >= 0, arcs[edge], -1), share), path=path_of(self.case, arcs)
        )
