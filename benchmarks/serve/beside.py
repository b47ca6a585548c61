"""Ingest of 600 vehicles at 1 Hz, alone and with a thousand requests a second to the API, on the same machine.

Of twenty requests seventeen are tiles of labels of all sizes, one is the state array, one a page of a hundred segments,
one a summary by class of road. The public's cut is made anew each minute, and so are then all tiles.
"""

import subprocess
import sys
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

from benchmarks.ingest.freshness import Freshness, freshness
from benchmarks.ingest.load import LoadSettings
from benchmarks.ingest.place import PORT, Place, await_line, figures, helper, place
from benchmarks.ingest.run import Night, prepare
from benchmarks.serve.tiles import fullest, path_of, spread
from snowtrack.network.arrays import Network
from snowtrack.roads.files import open_network

VEHICLES, SECONDS = 600, 70
REQUESTS_PER_S, ASKED_S = 1_000, 60
TILES = 64
ROUND = 17
"""So many tiles are asked for, then one of each of the others."""


class Beside(NamedTuple):
    """How fresh what is seen is, alone and with requests; and what became of these."""

    alone: Freshness
    asked: Freshness
    per_s: float
    p99_ms: float
    errors: int


def run_beside(folder: Path, progress: Callable[[str], None], *flags: str) -> Beside:
    """Once without, once with."""
    load = LoadSettings(machines=VEHICLES, seconds=SECONDS, epochs_per_message=1)
    night = prepare(folder, load, "vehicles")
    paths = folder / "paths.txt"
    paths.write_text("\n".join(paths_of(open_network(night.network))), "utf-8")
    progress(f"ingest of {VEHICLES} vehicles, alone")
    with place(folder / "alone", night.network, *flags) as here:
        alone, _ = _measured(here, night, None)
    progress(f"the same beside {REQUESTS_PER_S:,} requests a second")
    with place(folder / "beside", night.network, *flags) as here:
        asked, said = _measured(here, night, paths)
    return Beside(alone, asked, said["per_s"], said["p99_ms"], int(said["errors"]))


def paths_of(network: Network) -> list[str]:
    """In the order in which they are asked."""
    tiles = cycle(path_of(tile.key) for tile in spread(fullest(network), TILES))
    others = (f"/v1/state/{network.network_id}.bin", "/v1/segments?limit=100", "/v1/summaries/class")
    return [path for _ in range(TILES) for path in (*islice(tiles, ROUND), *others)]


def _measured(here: Place, night: Night, paths: Path | None) -> tuple[Freshness, dict[str, float]]:
    """While the requests last."""
    here.serve("ingest")
    here.register(sorted((night.folder / "registry").glob("*.csv")))
    here.serve("fold")
    here.serve("serve")
    seen = here.folder / "seen.npz"
    listener = helper("listener", here.settings.api.port, here.make_key(), seen)
    await_line(listener)
    asker = None if paths is None else _asker(here, paths)
    figures(helper("publisher", night.folder, PORT, VEHICLES))
    here.await_rows(night.epochs)
    said = {} if asker is None else figures(asker)
    figures(listener)
    return freshness(night.folder, seen, ASKED_S), said


def _asker(here: Place, paths: Path) -> subprocess.Popen[bytes]:
    """From when it has asked for everything once."""
    options = (str(here.settings.api.port), str(REQUESTS_PER_S), str(ASKED_S), str(paths))
    command = (sys.executable, "-m", "benchmarks.serve.asker", *options)
    asker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - ours
    await_line(asker)
    return asker
