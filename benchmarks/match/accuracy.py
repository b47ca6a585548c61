"""How right: on the real tracks, on simulated nights, and between parallel roads.

We answer at each lag; peers match a track whole, and as a stream, which costs them a match of 60 fixes per answer.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as File
from time import perf_counter

import numpy as np

from benchmarks.match import parallel
from benchmarks.match.devset import Case, cases, write_pbf
from benchmarks.match.nights import Roads, judge, night, right_fixes
from benchmarks.match.noise import add_noise, thin
from benchmarks.match.ours import NAME, Ours
from benchmarks.match.peers import Peer, read_stream, stream
from benchmarks.match.score import Calibration, Score, calibrate, on_route, score_fixes
from benchmarks.match.streets import Street, write_streets
from benchmarks.match.tracks import Matched, Track
from benchmarks.report import Result
from snowtrack.model.columns import Bools, Floats

LAGS_S = (0.0, 10.0, 30.0, math.inf)
SETTLED_S = 10.0
NIGHT_DRIVES, NIGHT_M = 24, 8_000.0

Sure = tuple[Floats, Bools]
"""The confidence of answers, and which of them are right."""

SPOILT: Mapping[str, Callable[[Track, int], Track]] = {
    "clean": lambda track, _: track,
    "noise 10 m": lambda track, seed: add_noise(track, sigma_m=10, lasting_s=10, seed=seed),
    "every 30 s": lambda track, _: thin(track, 30),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One score: what was done to the tracks, who matched them, and at which lag."""

    spoilt: str
    of: str
    lag_s: float
    score: Score

    def rows(self) -> Iterator[Result]:
        what = f"{self.spoilt}, lag {self.lag_s:g} s"
        for name in ("rmf", "precision", "recall", "fix_acc"):
            yield Result(what=f"{name}, {what}", of=self.of, value=getattr(self.score, name), unit="")


def real_tracks(peers: Mapping[str, Callable[[Case, File], Peer]], folder: File) -> tuple[list[Cell], Calibration]:
    """Everyone on the real tracks, and how calibrated we are at the lag that counts."""
    sums: dict[tuple[str, str, float], Score] = {}
    sure: list[Sure] = []
    for number, case in enumerate(cases()):
        own = folder / case.name
        own.mkdir(parents=True)
        write_pbf(case, own / "ours.osm.pbf")
        ours = Ours(own / "ours.osm.pbf", own)
        beside = {name: make(case, own / name.split()[0]) for name, make in peers.items()}
        for spoilt, spoil in SPOILT.items():
            track = spoil(case.track, number)
            answers = {(NAME, lag_s): ours.match(track, lag_s) for lag_s in LAGS_S}
            for name, peer in beside.items():
                answers[name, math.inf] = peer.read(track, peer.solve(peer.prepare(track)))
            for (name, lag_s), matched in answers.items():
                key = spoilt, name, lag_s
                sums[key] = sums.get(key, Score()) + case.judge(track, matched)
            if spoilt == "clean":
                sure.append(_near(case, track, answers[NAME, SETTLED_S]))
    found = [Cell(spoilt=spoilt, of=name, lag_s=lag_s, score=score) for (spoilt, name, lag_s), score in sums.items()]
    return found, _calibration(sure)


def streams(peers: Mapping[str, Callable[[Case, File], Peer]], folder: File) -> Iterator[Result]:
    """The peers put to live use: the last 60 fixes matched anew for each fix, at once and 10 s later."""
    for name, make in peers.items():
        made = [(case, make(case, folder / name.split()[0] / case.name)) for case in cases()]
        for lag_s in (0.0, SETTLED_S):
            total, spent_s = Score(), 0.0
            for case, peer in made:
                requests = stream(peer, case.track, lag_s)
                start = perf_counter()
                solved = [peer.solve(request) for request in requests]
                spent_s += perf_counter() - start
                answers = read_stream(peer, case.track, lag_s, solved)
                at = case.arcs.at(answers.source_id, answers.direction, answers.along_m)
                total += score_fixes(case.route, at, case.distance_m(case.track))
            fixes = sum(len(case.track) for case, _ in made)
            yield Result(what=f"fix_acc, last 60, lag {lag_s:g} s", of=name, value=total.fix_acc, unit="")
            yield Result(what=f"match, last 60, lag {lag_s:g} s", of=name, value=fixes / spent_s, unit="answers/s")


def nights(roads: Sequence[Roads], every_s: float, folder: File) -> tuple[Cell, Calibration]:
    """Ours on simulated nights at the lag that counts."""
    total = Score()
    sure: list[Sure] = []
    for number, town in enumerate(roads):
        own = folder / f"night-{number}"
        own.mkdir(parents=True)
        ours = Ours(town.file, own)
        for driven in night(town, drives=NIGHT_DRIVES, length_m=NIGHT_M, seed=number + 1, every_s=every_s):
            matched = ours.match(driven.track, SETTLED_S)
            total += judge(town, driven, matched)
            right = right_fixes(town, driven, matched)
            named = driven.on_road & (matched.answers.source_id >= 0)
            sure.append((matched.answers.confidence[named], right[named]))
    return Cell(spoilt=f"night, every {every_s:g} s", of=NAME, lag_s=SETTLED_S, score=total), _calibration(sure)


def side_by_side(folder: File) -> list[tuple[float, float, parallel.Credited]]:
    """Ours between parallel roads at the lag that counts."""
    made: list[File] = []

    def matcher_of(streets: Sequence[Street]) -> parallel.Matcher:
        own = folder / f"parallel-{len(made)}"
        own.mkdir(parents=True)
        made.append(own)
        write_streets(streets, own / "roads.osm.pbf")
        ours = Ours(own / "roads.osm.pbf", own)
        return lambda track: ours.match(track, SETTLED_S)

    return list(parallel.grid(matcher_of))


def grid_rows(cells: Sequence[tuple[float, float, parallel.Credited]]) -> Iterator[Result]:
    """What was credited to the wrong road, and how sure the wrong answers were."""
    for sigma_m, distance_m, credited in cells:
        what = f"parallel at {distance_m:g} m, noise {sigma_m:g} m"
        yield Result(what=f"wrong length, {what}", of=NAME, value=100 * credited.wrong_share, unit="%")
        if not credited.right.all():
            sure = float(credited.confidence[~credited.right].mean())
            yield Result(what=f"confidence where wrong, {what}", of=NAME, value=sure, unit="")


def _near(case: Case, track: Track, matched: Matched) -> Sure:
    answers = matched.answers
    counted = (case.distance_m(track) <= 30) & (answers.source_id >= 0)
    right = on_route(case.route, case.arcs.at(answers.source_id, answers.direction, answers.along_m))
    return answers.confidence[counted], right[counted]


def _calibration(sure: Sequence[Sure]) -> Calibration:
    confidence, right = (np.concatenate(column) for column in zip(*sure, strict=True))
    return calibrate(confidence, right)
