"""`serve`: how fast the API gives out what it has, beside tipg and nginx, and beside ingest.

The API runs as its user starts it, over 100,000 made-up segments; the benchmark stands for the fold and shows what the
public sees in a simulated storm. A tile of 5,000 segments is that of a town of its own.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import mean, quantiles
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.ingest.load import make_network_once
from benchmarks.ingest.place import Place, place
from benchmarks.report import Report, Result
from benchmarks.serve import nginx, tipg
from benchmarks.serve.beside import REQUESTS_PER_S, VEHICLES, Beside, run_beside
from benchmarks.serve.deltas import READERS, Crowd, tell_crowd
from benchmarks.serve.fold import StandIn
from benchmarks.serve.state import Sizes, show_storm
from benchmarks.serve.storm import Storm, simulate_storm
from benchmarks.serve.tiles import Cold, ask_cold, ask_each, fullest, make_dense_town, spread

OURS = "snowtrack"
SEGMENTS = 100_000
FRESH_TILES, READY_TILES = 200, 64
LIMITS = (
    "api.live_subscribers_max=6000",
    "api.live_of_one_max=6000",
    "api.requests_per_s=100000",
    "api.requests_burst=100000",
)
Progress = Callable[[str], None]


class Served(NamedTuple):
    """All that is asked of one API over the large network; so many segments lie in a tile of the fresh ones."""

    sizes: Sizes
    segments: float
    fresh_ms: list[float]
    tipg: tipg.Theirs | None
    ready: nginx.Rates | None
    crowd: Crowd
    memory_mb: float


def run(progress: Progress) -> Report:
    """The storm and its tiles, then the crowd; a dense town; and ingest."""
    with TemporaryDirectory() as there:
        folder = Path(there)
        served = _over_the_country(folder, progress)
        cold = _over_a_town(folder, progress)
        beside = run_beside(folder, progress, *LIMITS, "public.cut_s=60")
    asked = {f"{tipg.NAME} with PostGIS": served.tipg, " ".join(nginx.PACKAGES): served.ready}
    results = [*_served_rows(served), *_peer_rows(served), *_cold_rows(cold), *_beside_rows(beside)]
    ratios = {
        **_peer_ratios(served),
        "cold_tile_p99_ms": _p99(cold.ms),
        "state_kb_100k": max(served.sizes.most_kb, served.sizes.busiest_kb),
        "live_delta_p99_ms_5000": _p99(served.crowd.late_ms),
        "deltas_missing": float(served.crowd.missing),
        "beside_ingest_freshness_p99_ms": beside.asked.p99_ms,
        "beside_ingest_requests_per_s": beside.per_s,
        "beside_ingest_errors": float(beside.errors),
    }
    missing = tuple(name for name, found in asked.items() if found is None)
    return Report(name="serve", results=tuple(results), ratios=ratios, missing=missing)


def _over_the_country(folder: Path, progress: Progress) -> Served:
    progress(f"a storm over {SEGMENTS:,} segments")
    roads = make_network_once(folder, SEGMENTS)
    storm = simulate_storm(roads)
    with _serving(folder / "country", roads, storm) as (here, fold):
        progress("the state of all roads, through the storm")
        sizes = show_storm(fold, storm)
        tiles, port = fullest(storm.network), here.settings.api.port
        full = tiles[:FRESH_TILES]
        progress(f"{FRESH_TILES} tiles")
        fresh_ms = ask_each(port, full)
        theirs = tipg.ask_tipg(storm, sizes.fullest, full, port, progress)
        progress("tiles that are ready, also by nginx")
        ready = nginx.ask_ready(port, spread(tiles, READY_TILES))
        progress(f"{READERS:,} readers of the live stream")
        crowd = tell_crowd(here, fold, storm.network)
        segments = mean(tile.segments for tile in full)
        return Served(sizes, segments, fresh_ms, theirs, ready, crowd, here.memory_mb()["serve"])


def _over_a_town(folder: Path, progress: Progress) -> Cold:
    progress("one full tile, made anew again and again")
    roads = make_dense_town(folder)
    storm = simulate_storm(roads)
    with _serving(folder / "town", roads, storm) as (_, fold):
        return ask_cold(fold, storm)


@contextmanager
def _serving(folder: Path, roads: Path, storm: Storm) -> Iterator[tuple[Place, StandIn]]:
    """The API, and who stands for the fold."""
    with place(folder, roads, *LIMITS) as here:
        migrate = [sys.executable, "-m", "snowtrack", "migrate"]
        subprocess.run(migrate, env=here.environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - ours
        here.serve("serve")
        with StandIn(here, storm.network.network_id) as fold:
            yield here, fold


def _served_rows(served: Served) -> list[Result]:
    late_ms = served.crowd.late_ms
    return [
        _row("the state of all roads, compressed: of the busiest minute", served.sizes.busiest_kb, "KB"),
        _row("the same: the most in the storm", served.sizes.most_kb, "KB"),
        _row(
            f"each of {FRESH_TILES} tiles of {served.segments:,.0f} segments, for the first time: p50",
            _p50(served.fresh_ms),
            "ms",
        ),
        _row("the same: p99", _p99(served.fresh_ms), "ms"),
        _row("the same, one after another", _per_s(served.fresh_ms), "tiles/s"),
        _row(f"a delta with each of {READERS:,} readers: p50", _p50(late_ms), "ms"),
        _row("the same: p99", _p99(late_ms), "ms"),
        _row("the same: the last", max(late_ms), "ms"),
        _row("memory of the API", served.memory_mb, "MB"),
    ]


def _peer_rows(served: Served) -> list[Result]:
    rows = []
    if served.tipg is not None:
        kept = f"{tipg.NAME}, lines in EPSG:{served.tipg.srid}"
        rows += [
            _row("each of these tiles: p50", _p50(served.tipg.ms), "ms", kept),
            _row("the same: p99", _p99(served.tipg.ms), "ms", kept),
            _row("the same, one after another", _per_s(served.tipg.ms), "tiles/s", kept),
            _row(f"segments in {tipg.COMPARED} of these tiles", served.tipg.features_ours, ""),
            _row("the same", served.tipg.features, "", tipg.NAME),
            _row("the same", served.tipg.features_both, "", "both"),
        ]
    if served.ready is not None:
        rows += [
            _row(
                f"{READY_TILES} tiles that are ready, {served.ready.tile_kb:.1f} KB each", served.ready.ours, "tiles/s"
            ),
            _row("the same, as files", served.ready.nginx, "tiles/s", "nginx"),
        ]
    return rows


def _peer_ratios(served: Served) -> dict[str, float]:
    ratios = {}
    if served.tipg is not None:
        ratios["vs_tipg_fresh"] = _per_s(served.fresh_ms) / _per_s(served.tipg.ms)
    if served.ready is not None:
        ratios["nginx_share_cached"] = served.ready.ours / served.ready.nginx
    return ratios


def _cold_rows(cold: Cold) -> list[Result]:
    return [
        _row(f"a tile of {cold.segments:,} segments, of a new cut each time: p50", _p50(cold.ms), "ms"),
        _row("the same: p99", _p99(cold.ms), "ms"),
    ]


def _beside_rows(beside: Beside) -> list[Result]:
    rows = []
    for what, seen in (("alone", beside.alone), (f"beside {REQUESTS_PER_S:,} requests/s", beside.asked)):
        rows += [
            _row(f"published to visible, {VEHICLES} vehicles, {what}: p50", seen.p50_ms, "ms"),
            _row("the same: p99", seen.p99_ms, "ms"),
        ]
    return [
        *rows,
        _row("requests answered meanwhile", beside.per_s, "requests/s"),
        _row("the same: p99", beside.p99_ms, "ms"),
        _row("the same: errors", beside.errors, ""),
    ]


def _row(what: str, value: float, unit: str, of: str = OURS) -> Result:
    return Result(what=what, of=of, value=value, unit=unit)


def _p50(ms: list[float]) -> float:
    return quantiles(ms, n=100)[49]


def _p99(ms: list[float]) -> float:
    return quantiles(ms, n=100)[98]


def _per_s(ms: list[float]) -> float:
    return 1e3 * len(ms) / sum(ms)
