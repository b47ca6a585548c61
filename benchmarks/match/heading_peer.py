"""The plainest matcher that deserves the name: the nearest road of those that lead where the vehicle goes."""

from pathlib import Path as File

import numpy as np
import shapely

from benchmarks.match.devset import Case
from benchmarks.match.peers import answers_of, path_of
from benchmarks.match.tracks import Matched, Track
from snowtrack.model.columns import Floats, Int64s
from snowtrack.network.geometry import metres_per_e7

RADIUS_M = 50.0
TURN_M_PER_RAD = 30.0
MOVING_M = 2.0


class NearestByHeading:
    """The least of distance plus turn, each fix on its own; its heading is that from the last fix to the next."""

    def __init__(self, case: Case, _: File) -> None:
        self.case = case
        self.middle = case.node_lat_deg.mean(), case.node_lon_deg.mean()
        scale = metres_per_e7(np.array([round(self.middle[0] * 1e7)], np.int32))
        self.scale = np.array([scale[1][0], scale[0][0]]) * 1e7
        nodes = self._plane(case.node_lat_deg, case.node_lon_deg)
        self.start, self.end = nodes[case.way_from], nodes[case.way_to]
        self.tree = shapely.STRtree(shapely.linestrings(np.stack([self.start, self.end], axis=1)))

    def prepare(self, track: Track) -> Floats:
        return self._plane(track.lat_deg, track.lon_deg)

    def solve(self, request: Floats) -> tuple[Int64s, Floats]:
        """Arc and share along it."""
        fix, way = self.tree.query(shapely.points(request), predicate="dwithin", distance=RADIUS_M)
        along = self.end[way] - self.start[way]
        square = np.maximum((along * along).sum(axis=1), 1e-9)
        share = np.clip(((request[fix] - self.start[way]) * along).sum(axis=1) / square, 0, 1)
        distance = np.linalg.norm(self.start[way] + share[:, None] * along - request[fix], axis=1)
        padded = np.vstack([request[:1], request, request[-1:]])
        moved = (padded[2:] - padded[:-2])[fix]
        apart = np.arctan2(moved[:, 1], moved[:, 0]) - np.arctan2(along[:, 1], along[:, 0])
        towards = np.abs((apart + np.pi) % (2 * np.pi) - np.pi)
        against = towards > np.pi / 2
        moving = np.linalg.norm(moved, axis=1) > MOVING_M
        turn = np.where(against & ~self.case.oneway[way], np.pi - towards, towards) * moving
        order = np.lexsort((way, distance + TURN_M_PER_RAD * turn, fix))
        best = order[np.searchsorted(fix[order], np.arange(len(request)))[np.isin(np.arange(len(request)), fix)]]
        arcs, shares = np.full(len(request), -1), np.zeros(len(request))
        back = against & moving & ~self.case.oneway[way]
        arcs[fix[best]] = (2 * way + back)[best]
        shares[fix[best]] = np.where(back, 1 - share, share)[best]
        return arcs, shares

    def read(self, _: Track, solved: tuple[Int64s, Floats]) -> Matched:
        arcs, share = solved
        return Matched(answers=answers_of(self.case, arcs, share), path=path_of(self.case, arcs[arcs >= 0]))

    def _plane(self, lat_deg: Floats, lon_deg: Floats) -> Floats:
        plane: Floats = np.column_stack([lon_deg - self.middle[1], lat_deg - self.middle[0]]) * self.scale
        return plane
