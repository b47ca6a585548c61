"""Those beside us: Valhalla, fastmm, and the nearest road by heading, each behind the same two verbs.

`solve` is the peer's own work and what is timed; `read` turns what it said into our words and is not. Building its
roads, and the request where it wants one, is `prepare` and not timed either.
"""

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path as File
from typing import Any, Protocol

import numpy as np

from benchmarks.match.devset import Case
from benchmarks.match.tracks import NO_WAY, Answers, Matched, Path, Track
from snowtrack.model.columns import Floats, Int64s

STREAM_FIXES = 60


class Peer(Protocol):
    """A matcher that holds the roads of one case."""

    def prepare(self, track: Track) -> Any: ...  # noqa: ANN401 - each peer's own request

    def solve(self, request: Any) -> Any: ...  # noqa: ANN401 - and its own answer

    def read(self, track: Track, solved: Any) -> Matched: ...  # noqa: ANN401


def installed() -> tuple[dict[str, Callable[[Case, File], Peer]], list[str]]:
    """How to make each peer that is there, by name and version, and the names of those that are not."""
    from benchmarks.match.fastmm_peer import Fastmm  # noqa: PLC0415 - these import what may be missing, when used
    from benchmarks.match.valhalla_peer import Valhalla, has_tools  # noqa: PLC0415

    there: dict[str, Callable[[Case, File], Peer]] = {}
    missing = []
    if find_spec("valhalla") and has_tools():
        there[f"Valhalla {version('pyvalhalla')}"] = Valhalla
    else:
        missing.append("pyvalhalla with its tools (3.6 or newer)")
    try:
        there[f"fastmm {version('fastmm')}"] = Fastmm
    except PackageNotFoundError:
        missing.append("fastmm")
    return there, missing


def answers_of(case: Case, arcs: Int64s, share: Floats) -> Answers:
    """Answers from arcs (-1 for none) and how far along each, in the direction of the arc."""
    found, back = arcs >= 0, arcs & 1 == 1
    length_m = np.where(found, case.arcs.length_mm[arcs >> 1] / 1000, 0.0)
    return Answers(
        source_id=np.where(found, case.arcs.source_id[arcs >> 1], NO_WAY),
        direction=np.where(back, -1, 1).astype(np.int8),
        along_m=np.where(back, 1 - share, share) * length_m,
        confidence=np.full(len(arcs), np.nan),
    )


def path_of(case: Case, arcs: Int64s) -> Path:
    """Whole arcs as a path; the same arc again at once is the same drive along it."""
    driven = arcs[np.flatnonzero(np.diff(arcs, prepend=-1))]
    back, length_m = driven & 1 == 1, case.arcs.length_mm[driven >> 1] / 1000
    return Path(
        source_id=case.arcs.source_id[driven >> 1],
        direction=np.where(back, -1, 1).astype(np.int8),
        from_m=np.where(back, length_m, 0.0),
        to_m=np.where(back, 0.0, length_m),
    )


def stream(peer: Peer, track: Track, lag_s: float) -> list[Any]:
    """Requests that match the last 60 fixes anew for each fix, `lag_s` after it."""
    known = np.searchsorted(track.time_s, track.time_s + lag_s, side="right")
    return [peer.prepare(track.take(window(row, int(end)))) for row, end in enumerate(known)]


def window(row: int, end: int) -> Int64s:
    """The last 60 fixes known, but never without the one that is asked for."""
    return np.arange(max(min(end - STREAM_FIXES, row), 0), end)


def read_stream(peer: Peer, track: Track, lag_s: float, solved: list[Any]) -> Answers:
    """The answer to each fix from its own window."""
    known = np.searchsorted(track.time_s, track.time_s + lag_s, side="right")
    picked = []
    for row, (end, answer) in enumerate(zip(known, solved, strict=True)):
        rows = window(row, int(end))
        at = int(row - rows[0])
        one = peer.read(track.take(rows), answer).answers
        picked.append((one.source_id[at], one.direction[at], one.along_m[at], one.confidence[at]))
    ways, directions, along, confidence = zip(*picked, strict=True)
    return Answers(
        source_id=np.array(ways, np.int64),
        direction=np.array(directions, np.int8),
        along_m=np.array(along, np.float64),
        confidence=np.array(confidence, np.float64),
    )
