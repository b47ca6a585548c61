"""How soon a delta is with each of many readers: those of the segments that 600 ploughs finish in a second."""

import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import orjson

from benchmarks.ingest.place import Place, await_line, figures
from benchmarks.serve.fold import StandIn
from snowtrack.model.calendar import utc_text
from snowtrack.network.arrays import Network
from snowtrack.wall_clock import now_us

READERS = 5_000
DELTAS, DELTA_SEGMENTS, EVERY_S = 60, 60, 1.0
SETTLE_S = 5.0


class Crowd(NamedTuple):
    """Milliseconds from telling a delta to each reader having it; and how many never came."""

    late_ms: list[float]
    missing: int


def tell_crowd(here: Place, fold: StandIn, network: Network) -> Crowd:
    """One delta a second, for a minute."""
    seen = here.folder / "seen.npy"
    crowd = _gather(here, seen)
    chance = np.random.default_rng(1)
    told_s = {}
    for number in range(1, DELTAS + 1):
        delta = _delta(network, chance, number)
        told_s[number] = time.time()
        fold.tell(delta)
        time.sleep(max(0.0, told_s[number] + EVERY_S - time.time()))
    time.sleep(SETTLE_S)
    figures(crowd)
    found = np.load(seen)
    late_ms = [(at_s - told_s[int(number)]) * 1e3 for _, number, at_s in found.tolist()]
    return Crowd(late_ms, READERS * DELTAS - len(late_ms))


def _gather(here: Place, seen: Path) -> subprocess.Popen[bytes]:
    """Until each of them has begun to read."""
    command = (sys.executable, "-m", "benchmarks.serve.crowd")
    options = (str(here.settings.api.port), here.make_key(), str(READERS), str(seen))
    crowd = subprocess.Popen([*command, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - ours
    await_line(crowd)
    return crowd


def _delta(network: Network, chance: np.random.Generator, number: int) -> bytes:
    """As the fold tells it."""
    at = utc_text(now_us())
    segments = chance.choice(network.segment_id, DELTA_SEGMENTS, replace=False).tolist()
    said = {"label": "done", "share": 100, "at": at, "evidence": "blade", "confidence": 95}
    return orjson.dumps(
        {"number": number, "event_start": "2026-11-22T03:00:00Z", "segments": [{"id": id_, **said} for id_ in segments]}
    )
