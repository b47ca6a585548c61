"""Us, behind the verbs of the peers, for many vehicles at once and with a lag."""

import io
import math
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path as File

import numpy as np

from benchmarks.match.tracks import NO_WAY, Answers, Matched, Path, Track
from snowtrack.matching.matcher import Matcher
from snowtrack.matching.path import path_of
from snowtrack.model.columns import ABSENT_32, Floats, Int32s
from snowtrack.model.fixes import Source
from snowtrack.model.matches import DrivenBatch, MatchBatch
from snowtrack.model.tracks import ObservedBatch, TimeTrust
from snowtrack.network.reach import Reach
from snowtrack.roads.files import open_network
from snowtrack.services.roads import Import, import_roads

NAME = "snowtrack"
SECOND_US = 1_000_000
CUT_US = 300 * SECOND_US
# What the engine takes in at once, at most.
BATCH = 20_000


class Ours:
    """A matcher over the roads of one OSM file. What it has worked out about the roads it keeps from run to run."""

    def __init__(self, roads: File, folder: File) -> None:
        """Import the roads into a folder of their own and open them; not timed."""
        with redirect_stdout(io.StringIO()):
            import_roads(Import(sources=[roads], out=folder / "network"))
        self.network = open_network(folder / "network")
        self.reach = Reach(self.network)

    def prepare(self, tracks: Sequence[Track]) -> list[ObservedBatch]:
        """The fixes of all vehicles in order of time, as the engine hands them to the matcher; not timed."""
        all_fixes = ObservedBatch.concat(_observed(vehicle, track) for vehicle, track in enumerate(tracks))
        ordered = all_fixes.take(np.argsort(all_fixes.observed_us, kind="stable"))
        return [ordered.take(np.arange(at, min(at + BATCH, len(ordered)))) for at in range(0, len(ordered), BATCH)]

    def solve(self, request: Sequence[ObservedBatch], lag_s: float) -> list[tuple[MatchBatch, DrivenBatch]]:
        """All that the matcher does, with answers settled at the lag; timed."""
        matcher = self._matcher(lag_s)
        answers = [matcher.on_batch(batch, ended=len(request) == 1) for batch in request]
        if len(request) > 1:
            answers.append(matcher.flush(list(matcher.memories.slots)))
        return [(answer.settled, answer.driven) for answer in answers]

    def read(self, tracks: Sequence[Track], solved: Sequence[tuple[MatchBatch, DrivenBatch]]) -> list[Matched]:
        """One answer per track, in our own words; not timed."""
        settled = MatchBatch.concat(answers for answers, _ in solved)
        driven = DrivenBatch.concat(stretches for _, stretches in solved)
        of_driven = np.concatenate([answers.device[stretches.match] for answers, stretches in solved])
        return [
            Matched(
                answers=self._answers(settled.take(settled.device == vehicle)),
                path=self._path(path_of(self.network, driven.take(of_driven == vehicle))),
            )
            for vehicle in range(len(tracks))
        ]

    def match(self, track: Track, lag_s: float) -> Matched:
        """One vehicle alone."""
        return self.read([track], self.solve(self.prepare([track]), lag_s))[0]

    def bytes_per_vehicle(self, tracks: Sequence[Track], lag_s: float) -> float:
        """What the matcher keeps for each vehicle after these fixes."""
        matcher = self._matcher(lag_s)
        for batch in self.prepare(tracks):
            matcher.on_batch(batch)
        return matcher.memories.size / len(tracks)

    def _matcher(self, lag_s: float) -> Matcher:
        lag_us = None if math.isinf(lag_s) else round(lag_s * SECOND_US)
        matcher = Matcher(self.network, lag_us=lag_us, cut_us=CUT_US, silence_us=CUT_US)
        matcher.ground = replace(matcher.ground, reach=self.reach)
        return matcher

    def _answers(self, settled: MatchBatch) -> Answers:
        row = np.maximum(settled.row, 0)
        return Answers(
            source_id=np.where(settled.row < 0, NO_WAY, self.network.source_id[row]),
            direction=settled.direction,
            along_m=(settled.along_mm + self.network.source_from_mm[row]) / 1000,
            confidence=settled.confidence / 1000,
        )

    def _path(self, driven: DrivenBatch) -> Path:
        begins_mm = self.network.source_from_mm[driven.row]
        return Path(
            source_id=self.network.source_id[driven.row],
            direction=driven.direction,
            from_m=(driven.from_mm + begins_mm) / 1000,
            to_m=(driven.to_mm + begins_mm) / 1000,
        )


def _observed(vehicle: int, track: Track) -> ObservedBatch:
    count = len(track)
    observed_us = SECOND_US + np.rint(track.time_s * SECOND_US).astype(np.int64)
    return ObservedBatch.of(
        count,
        device=np.full(count, vehicle, np.int32),
        observed_us=observed_us,
        digest=np.arange(count, dtype=np.int64),
        received_us=observed_us,
        lat_e7=_scaled(track.lat_deg, 1e7, count),
        lon_e7=_scaled(track.lon_deg, 1e7, count),
        speed_mmps=_scaled(track.speed_mps, 1_000, count),
        course_cdeg=_scaled(track.course_deg, 100, count),
        trust=np.full(count, TimeTrust.STATED, np.int8),
        sources=np.full(count, Source.RMC, np.int16),
        hdop_centi=_scaled(track.hdop, 100, count),
    )


def _scaled(values: Floats | None, factor: float, count: int) -> Int32s:
    if values is None:
        return np.full(count, ABSENT_32, np.int32)
    known = np.isfinite(values)
    return np.where(known, np.rint(np.where(known, values, 0) * factor), ABSENT_32).astype(np.int32)
