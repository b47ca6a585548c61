"""tipg, which makes vector tiles in PostGIS: the same tiles of the same segments with the same labels.

It has an environment of its own in the user's cache, since it brings versions of its own of what we use.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.serve.postgis import SRIDS, install, load_segments, running_postgis, table_of
from benchmarks.serve.started import free_port, started
from benchmarks.serve.storm import Storm
from benchmarks.serve.tiles import Tile, features_of, path_of, spread
from benchmarks.serve.visitor import Visitor
from snowtrack.clearance.public_cut import PublicCut
from snowtrack.tiles.window import BUFFER, TileKey
from snowtrack.wall_clock import now_us

VERSION = "1.6.1"
NAME = f"tipg {VERSION}"
# What runs it is what runs ours: Uvicorn with uvloop and httptools, one process.
WANTED = (f"tipg=={VERSION}", "uvicorn", "uvloop", "httptools")
TRIED, COMPARED = 20, 20


class Theirs(NamedTuple):
    """Milliseconds of each tile, by the better way of keeping lines; features of tiles looked into, with ours."""

    ms: list[float]
    srid: int
    features: int
    features_ours: int
    features_both: int


def install_tipg() -> Path | None:
    """Its Python, if it could be had."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "snowtrack" / f"tipg-{VERSION}"
    python, mark = cache / "bin/python", cache / ".ready"
    if mark.exists():
        return python
    commands = ([sys.executable, "-m", "venv", str(cache)], [str(python), "-m", "pip", "install", "--quiet", *WANTED])
    if any(subprocess.run(command, check=False).returncode for command in commands):  # noqa: S603 - Python's own tools
        return None
    mark.touch()
    return python


def ask_tipg(
    storm: Storm, shown: PublicCut, tiles: list[Tile], our_port: int, progress: Callable[[str], None]
) -> Theirs | None:
    """Nothing, where it or what it stands on could not be had."""
    python = install_tipg()
    if python is None or not install():
        return None
    with running_postgis() as url:
        progress(f"{NAME}: loading {len(storm.network):,} segments")
        load_segments(url, storm.network, shown.views, now_us())
        with _running(python, url) as port, Visitor(port) as theirs:
            tried = spread(tiles, TRIED)
            spent_ms = {srid: sum(_ask_twice(theirs, tried, srid)) for srid in SRIDS}
            srid = min(SRIDS, key=spent_ms.__getitem__)
            progress(f"{NAME}: {len(tiles)} tiles, lines kept in EPSG:{srid}")
            ms = _ask_twice(theirs, tiles, srid)
            with Visitor(our_port) as ours:
                features = _compare(ours, theirs, spread(tiles, COMPARED), srid)
    return Theirs(ms, srid, *features)


@contextmanager
def _running(python: Path, url: str) -> Iterator[int]:
    port = free_port()
    # As far beyond the edge as ours, and as many features at most.
    own = {"DATABASE_URL": url, "TIPG_TILE_BUFFER": str(BUFFER), "TIPG_MAX_FEATURES_PER_TILE": "10000"}
    options = ("--host", "127.0.0.1", "--port", str(port), "--no-access-log")
    popen = subprocess.Popen(  # noqa: S603 - in its own environment
        [str(python), "-m", "uvicorn", "tipg.main:app", *options],
        env=os.environ | own,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    with TemporaryDirectory() as there, started(popen, Path(there) / "tipg.log", b"Uvicorn running on"):
        yield port


def _ask_twice(visitor: Visitor, tiles: list[Tile], srid: int) -> list[float]:
    """Milliseconds of each the second time, when all that PostgreSQL reads is in memory. It keeps no tiles."""
    for _ in range(2):
        ms = [visitor.ask(_path_of(tile.key, srid)).ms for tile in tiles]
    return ms


def _path_of(key: TileKey, srid: int) -> str:
    return f"/collections/public.{table_of(key.z, srid)}/tiles/WebMercatorQuad/{key.z}/{key.x}/{key.y}"


def _compare(ours: Visitor, theirs: Visitor, tiles: list[Tile], srid: int) -> tuple[int, int, int]:
    """How many segments they have in these tiles, how many ours have, and how many are in both."""
    counts = [0, 0, 0]
    for tile in tiles:
        own = {one["id"] for one in features_of(ours.ask(path_of(tile.key)).content)}
        others = {one["properties"]["id"] for one in features_of(theirs.ask(_path_of(tile.key, srid)).content)}
        for place, found in enumerate((others, own, own & others)):
            counts[place] += len(found)
    return counts[0], counts[1], counts[2]
