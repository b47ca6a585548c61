"""The flood: 600 machines come back with twelve hours of epochs each, and go on live, one message a second.

Backlog goes to the broker as fast as it takes it, once: what a broker drops is lost here. What is measured is how old
the live positions are meanwhile, how fast the backlog drains, and what it costs in memory.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import psycopg

from benchmarks.ingest.freshness import freshness
from benchmarks.ingest.load import cut_packets, make_flood, make_network_once
from benchmarks.ingest.place import PORT, Place, await_line, figures, helper, place
from benchmarks.ingest.publisher import keep
from benchmarks.report import Report, Result

MACHINES = 600
AWAY_S = int(os.environ.get("FLOOD_AWAY_S", "43200"))
LIVE_S = int(os.environ.get("FLOOD_LIVE_S", "900"))
SEGMENTS = 100_000
DRAIN_S_MAX, SETTLE_S_MAX = 3_600.0, 3_600.0
LOOK_S = 1.0
# So much later a fix may be counted that is stored.
COUNTED_S = 15.0
DIRTY = "select count(*) from dirty"
STORED = "select coalesce(sum(fixes), 0)::bigint from device"


class Drained(NamedTuple):
    """How long until the backlog was stored, and until passes were made of all of it."""

    stored_s: float
    settled_s: float


def run(progress: Callable[[str], None]) -> Report:
    """All of it, with an ingest, a fold and an API that begin with nothing."""
    with TemporaryDirectory() as there:
        folder = Path(there)
        network = make_network_once(folder, SEGMENTS)
        progress(f"simulating {MACHINES} machines that were away for {AWAY_S / 3600:g} h")
        night = folder / "flood"
        file = make_flood(MACHINES, AWAY_S, LIVE_S, network, night)
        live, backlog = cut_packets(file), cut_packets(file, "log")
        epochs = sum(int(part.epochs.sum()) for part in (*live, *backlog))
        behind = sum(int(part.epochs.sum()) for part in backlog)
        keep(live, night)
        (night / "backlog").mkdir()
        keep(backlog, night / "backlog")
        del live, backlog
        progress(f"{behind:,} epochs of backlog, {epochs - behind:,} live")
        with place(folder / "place", network) as here:
            return _measured(here, night, epochs, behind, progress)


def _measured(here: Place, night: Path, epochs: int, behind: int, progress: Callable[[str], None]) -> Report:
    here.serve("ingest")
    here.register(sorted((night / "registry").glob("*.csv")))
    here.serve("fold")
    here.serve("serve")
    seen = night / "seen.npz"
    listener = helper("listener", here.settings.api.port, here.make_key(), seen)
    await_line(listener)
    senders = [helper("publisher", night, PORT, MACHINES), helper("publisher", night / "backlog", PORT)]
    drained = drain(here, epochs, behind, progress)
    for sender in senders:
        figures(sender)
    figures(listener)
    draining, settling = (freshness(night, seen, until_s) for until_s in drained)
    ever = freshness(night, seen)
    checked = figures(helper("verify", night, here.settings.database.url))
    memory_mb = here.memory_mb()
    results = [
        Result(what="until the backlog is stored", of="snowtrack", value=drained.stored_s, unit="s"),
        Result(what="until all of it is in passes", of="snowtrack", value=drained.settled_s, unit="s"),
        Result(what="published to visible until it is stored: p50", of="snowtrack", value=draining.p50_ms, unit="ms"),
        Result(what="published to visible until it is stored: p99", of="snowtrack", value=draining.p99_ms, unit="ms"),
        Result(
            what="published to visible until it is in passes: p99", of="snowtrack", value=settling.p99_ms, unit="ms"
        ),
        *(Result(what=f"memory of {name}", of="snowtrack", value=mb, unit="MB") for name, mb in memory_mb.items()),
    ]
    ratios = {
        "backlog_fixes": float(behind),
        "drain_fixes_per_s": behind / drained.stored_s,
        "flood_freshness_p99_ms": draining.p99_ms,
        "flood_unseen": ever.unseen,
        "ingest_mb": memory_mb["ingest"],
        "lost": checked["lost"],
        "doubled": checked["doubled"],
    }
    return Report(name="flood", results=tuple(results), ratios=ratios)


def drain(here: Place, epochs: int, behind: int, progress: Callable[[str], None]) -> Drained:
    """From now on, until all epochs are stored and nothing waits to be computed again. What is live meanwhile is
    reckoned by the clock."""
    began, stored_s, settled_s = time.monotonic(), 0.0, 0.0
    with psycopg.connect(here.settings.database.url, autocommit=True) as connection:
        while (passed_s := time.monotonic() - began) < DRAIN_S_MAX + SETTLE_S_MAX:
            (stored,) = connection.execute(STORED).fetchone() or (0,)
            (dirty,) = connection.execute(DIRTY).fetchone() or (0,)
            progress(f"{passed_s:.0f} s: {stored:,} stored, {dirty} stretches to compute again")
            live = MACHINES * max(passed_s - COUNTED_S, 0)
            if not stored_s and stored >= min(behind + live, epochs):
                stored_s = passed_s
            if stored_s and not settled_s and not dirty:
                settled_s = passed_s
            if settled_s and stored >= epochs:
                return Drained(stored_s, settled_s)
            time.sleep(LOOK_S)
    raise TimeoutError(f"not all of {epochs:,} fixes were stored and computed")
