"""fastmm: directed edges in a plane, route distances precomputed to a bound."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import CDLL
from importlib import import_module
from pathlib import Path as File
from typing import Any

import numpy as np

from benchmarks.match.devset import Case
from benchmarks.match.peers import answers_of, path_of
from benchmarks.match.tracks import Matched, Track
from snowtrack.model.columns import Floats
from snowtrack.network.geometry import metres_per_e7

# The best of those tried on the real tracks: errors of 3 to 50 m, reversing of 0 to 50 m, 4 or 8 candidates.
CANDIDATES, RADIUS_M, ERROR_M, REVERSE_M = 8, 50.0, 20.0, 20.0
ROUTE_M = 1_000.0


class Fastmm:
    """An edge's id is its arc."""

    def __init__(self, case: Case, folder: File) -> None:
        fastmm = self.fastmm = import_module("fastmm")  # not on every machine
        self.case = case
        self.middle = float(case.node_lat_deg.mean()), float(case.node_lon_deg.mean())
        north, east = metres_per_e7(np.array([round(self.middle[0] * 1e7)], np.int32))
        self.scale = float(north[0]) * 1e7, float(east[0]) * 1e7
        places = self._plane(case.node_lat_deg, case.node_lon_deg)
        # The matcher does not keep its network alive; we do.
        with _silent():
            self.network = network = fastmm.Network()
        ends = zip(case.way_from.tolist(), case.way_to.tolist(), case.oneway.tolist(), strict=True)
        for row, (begin, end, oneway) in enumerate(ends):
            if places[begin] == places[end]:
                continue
            network.add_edge(2 * row, source=begin, target=end, geom=[places[begin], places[end]])
            if not oneway:
                network.add_edge(2 * row + 1, source=end, target=begin, geom=[places[end], places[begin]])
        with _silent():
            network.finalize()
            self.matcher = fastmm.FastMapMatch(
                network,
                fastmm.TransitionMode.SHORTEST,
                max_distance_between_candidates=ROUTE_M,
                cache_dir=str(folder / "ubodt"),
            )

    def prepare(self, track: Track) -> Any:  # noqa: ANN401 - fastmm's own
        return self.fastmm.Trajectory.from_xy_tuples(self._plane(track.lat_deg, track.lon_deg))

    def solve(self, request: Any) -> Any:  # noqa: ANN401
        return self.matcher.match(
            request,
            max_candidates=CANDIDATES,
            candidate_search_radius=RADIUS_M,
            gps_error=ERROR_M,
            reverse_tolerance=REVERSE_M,
        )

    def read(self, track: Track, solved: Any) -> Matched:  # noqa: ANN401
        arcs, share = np.full(len(track), -1), np.zeros(len(track))
        driven: list[int] = []
        for part in solved.subtrajectories:
            if part.error_code != self.fastmm.MatchErrorCode.SUCCESS:
                continue
            for segment in part.segments:
                edges = [edge.edge_id for edge in segment.edges]
                driven += edges
                for point, edge in ((segment.p0, edges[0]), (segment.p1, edges[-1])):
                    row = point.trajectory_index  # from 0, whatever its documentation says
                    arcs[row] = edge
                    length_m = max(self.case.arcs.length_mm[edge >> 1] / 1000, 0.001)
                    share[row] = min(point.offset_from_start_of_edge / length_m, 1.0)
        return Matched(answers=answers_of(self.case, arcs, share), path=path_of(self.case, np.array(driven, np.int64)))

    def _plane(self, lat_deg: Floats, lon_deg: Floats) -> list[tuple[float, float]]:
        x, y = (lon_deg - self.middle[1]) * self.scale[1], (lat_deg - self.middle[0]) * self.scale[0]
        return list(zip(x.tolist(), y.tolist(), strict=True))


@contextmanager
def _silent() -> Iterator[None]:
    """It logs to standard output, past Python, and cannot be told not to."""
    sys.stdout.flush()
    kept = os.dup(1)
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - a device
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
    finally:
        CDLL(None).fflush(None)
        os.dup2(kept, 1)
        os.close(kept)
