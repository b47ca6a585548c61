"""How fast: many vehicles at once, one vehicle's long backlog, and beside the peers on the same tracks."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path as File
from time import perf_counter

from benchmarks.match.devset import Case, cases, write_pbf
from benchmarks.match.drives import Receiver, Style, drive
from benchmarks.match.itinerary import STEADY, Habits, Town
from benchmarks.match.ours import NAME, Ours
from benchmarks.match.peers import Peer
from benchmarks.match.streets import from_lines, write_streets
from benchmarks.match.tracks import Track
from benchmarks.report import Result, best_rate
from snowtrack.roads import sample

VEHICLES, SECONDS, DISTINCT = 10_000, 60, 1_000
BACKLOG_S = 12 * 3_600
RECEIVER = Receiver(sigma_m=3, lasting_s=30, columns=True)
STYLE = Style(slowest_kmh=10, fastest_kmh=40, lane_m=1.5)
LAG_S = 10.0


class Fleet:
    """Vehicles on the sample town, which needs no data from elsewhere."""

    def __init__(self, folder: File) -> None:
        folder.mkdir(parents=True)
        streets = from_lines(list(sample.Town(1).lines()))
        write_streets(streets, folder / "roads.osm.pbf")
        self.town = Town(streets)
        self.ours = Ours(folder / "roads.osm.pbf", folder)

    def online(self) -> tuple[float, float]:
        """Fixes a second of vehicles that each send one fix a second, and bytes kept for each of them."""
        distinct = [self._track(seed, SECONDS, STEADY) for seed in range(DISTINCT)]
        tracks = [distinct[vehicle % DISTINCT] for vehicle in range(VEHICLES)]
        request = self.ours.prepare(tracks)
        rate = best_rate(lambda: self.ours.solve(request, LAG_S), sum(map(len, tracks)), repeats=3)
        return rate, self.ours.bytes_per_vehicle(tracks, LAG_S)

    def backlog(self) -> float:
        """Fixes a second of one vehicle's twelve hours."""
        track = self._track(1, BACKLOG_S, Habits())
        request = self.ours.prepare([track])
        return best_rate(lambda: self.ours.solve(request, LAG_S), len(track), repeats=3)

    def _track(self, seed: int, seconds: int, habits: Habits) -> Track:
        """The first so many seconds of a drive that is longer than they last."""
        stretches = self.town.itinerary(length_m=seconds * STYLE.fastest_kmh / 3.6, habits=habits, seed=seed)
        track = drive(self.town, stretches, RECEIVER, STYLE, seed).track
        return track.take((track.time_s < seconds).nonzero()[0])


def beside_peers(peers: Mapping[str, Callable[[Case, File], Peer]], folder: File) -> list[Result]:
    """Each on the real tracks, one after the other, lag infinite; the quickest of three runs over each track."""
    spent = dict.fromkeys((NAME, *peers), 0.0)
    fixes = 0
    for case in cases():
        own = folder / case.name
        own.mkdir(parents=True)
        write_pbf(case, own / "ours.osm.pbf")
        ours = Ours(own / "ours.osm.pbf", own)
        work = {NAME: partial(ours.solve, ours.prepare([case.track]), math.inf)}
        for name, make in peers.items():
            peer = make(case, own / name.split()[0])
            work[name] = partial(peer.solve, peer.prepare(case.track))
        for name, solve in work.items():
            spent[name] += _quickest_s(solve)
        fixes += len(case.track)
    return [Result(what="match", of=name, value=fixes / s, unit="fixes/s") for name, s in spent.items() if fixes]


def _quickest_s(work: Callable[[], object], repeats: int = 3) -> float:
    spent = []
    for _ in range(repeats):
        start = perf_counter()
        work()
        spent.append(perf_counter() - start)
    return min(spent)
