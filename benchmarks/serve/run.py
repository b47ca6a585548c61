"""`serve`: how soon a delta is with 5,000 readers of one process, and how long a tile takes.

The API runs as its user starts it, over 100,000 made-up segments; the benchmark stands for the fold and tells deltas of
the segments that 600 ploughs finish in a second. Tiles are asked for one after another, each for the first time.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

import httpx
import numpy as np
import orjson
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.ingest.load import make_network_once
from benchmarks.ingest.place import PORT, Place, await_line, figures, place
from benchmarks.report import Report, Result
from snowtrack.model.calendar import utc_text
from snowtrack.network.arrays import Network
from snowtrack.roads.files import open_network
from snowtrack.tiles.layers import TileMaker
from snowtrack.tiles.window import TileKey
from snowtrack.wall_clock import now_us

OURS = "snowtrack"
SEGMENTS = 100_000
READERS = 5_000
DELTAS, DELTA_SEGMENTS, EVERY_S = 60, 60, 1.0
SETTLE_S = 5.0
ZOOM, TILES = 12, 200
LIMITS = (
    "api.live_subscribers_max=6000",
    "api.live_of_one_max=6000",
    "api.requests_per_s=100000",
    "api.requests_burst=100000",
)


def run(progress: Callable[[str], None]) -> Report:
    """Tiles first, then the crowd."""
    with TemporaryDirectory() as there:
        folder = Path(there)
        folder_of_roads = make_network_once(folder, SEGMENTS)
        network = open_network(folder_of_roads)
        with place(folder / "place", folder_of_roads, *LIMITS) as here:
            subprocess.run(
                [sys.executable, "-m", "snowtrack", "migrate"],
                env=here.environment,
                check=True,
                stdout=subprocess.DEVNULL,
            )
            api = here.serve("serve")
            progress(f"{TILES} tiles of zoom {ZOOM}")
            tiles = _tiles(here, network)
            progress(f"{READERS:,} readers of the live stream")
            late_ms, missing = _crowd(here, network, folder)
            memory_mb = here.memory_mb()[api.name]
    delta, tile = quantiles(late_ms, n=100), quantiles([one[0] for one in tiles], n=100)
    segments = np.mean([one[1] for one in tiles])
    rows = (
        (f"a tile for the first time, of {segments:,.0f} segments: p50", tile[49], "ms"),
        ("the same: p99", tile[98], "ms"),
        (f"a delta with each of {READERS:,} readers: p50", delta[49], "ms"),
        ("the same: p99", delta[98], "ms"),
        ("the same: the last", max(late_ms), "ms"),
        ("memory of the API", memory_mb, "MB"),
    )
    results = tuple(Result(what=what, of=OURS, value=value, unit=unit) for what, value, unit in rows)
    ratios = {"cold_tile_p99_ms": tile[98], "live_delta_p99_ms_5000": delta[98], "deltas_missing": float(missing)}
    return Report(name="serve", results=results, ratios=ratios)


def _tiles(here: Place, network: Network) -> list[tuple[float, int]]:
    """Milliseconds and segments of the fullest tiles of labels, each asked for once, at zoom 12 and the next ones."""
    shapes = TileMaker(network, SEGMENTS).shapes
    keys = [key for zoom in (ZOOM, ZOOM + 1, ZOOM + 2) for key in _covering(network, zoom)]
    fullest = sorted(((len(shapes.near(key.window)), key) for key in keys), key=lambda one: -one[0])[:TILES]
    measured = []
    with httpx.Client(base_url=here.settings.api.url, timeout=60) as client:
        client.get("/tiles/clearance/8/0/0.mvt")
        for segments, key in fullest:
            began_s = time.perf_counter()
            answer = client.get(f"/tiles/clearance/{key.z}/{key.x}/{key.y}.mvt")
            measured.append(((time.perf_counter() - began_s) * 1e3, segments))
            answer.raise_for_status()
    return measured


def _covering(network: Network, zoom: int) -> list[TileKey]:
    west, south, east, north = (edge / 1e7 for edge in network.bbox_e7)
    (left, bottom), (right, top) = (_tile_at(lat, lon, zoom) for lat, lon in ((south, west), (north, east)))
    return [TileKey(zoom, x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)]


def _tile_at(lat: float, lon: float, zoom: int) -> tuple[int, int]:
    side = 1 << zoom
    y = (1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2
    return int((lon + 180) / 360 * side), int(y * side)


def _crowd(here: Place, network: Network, folder: Path) -> tuple[list[float], int]:
    """Milliseconds from telling a delta to each reader having it; and how many never came."""
    seen = folder / "seen.npy"
    command = (sys.executable, "-m", "benchmarks.serve.crowd")
    options = (str(here.settings.api.port), here.make_key(), str(READERS), str(seen))
    crowd = subprocess.Popen([*command, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - ours
    await_line(crowd)
    client = Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", PORT)
    client.loop_start()
    chance = np.random.default_rng(1)
    told_s = {}
    for number in range(1, DELTAS + 1):
        delta = _delta(network, chance, number)
        told_s[number] = time.time()
        client.publish("snow-live/v1/delta", delta, qos=1).wait_for_publish(20)
        time.sleep(max(0.0, told_s[number] + EVERY_S - time.time()))
    time.sleep(SETTLE_S)
    client.disconnect()
    client.loop_stop()
    figures(crowd)
    found = np.load(seen)
    late_ms = [(at_s - told_s[int(number)]) * 1e3 for _, number, at_s in found.tolist()]
    return late_ms, READERS * DELTAS - len(late_ms)


def _delta(network: Network, chance: np.random.Generator, number: int) -> bytes:
    """As the fold tells it."""
    at = utc_text(now_us())
    segments = chance.choice(network.segment_id, DELTA_SEGMENTS, replace=False).tolist()
    said = {"label": "done", "share": 100, "at": at, "evidence": "blade", "confidence": 95}
    return orjson.dumps(
        {"number": number, "event_start": "2026-11-22T03:00:00Z", "segments": [{"id": id_, **said} for id_ in segments]}
    )
