"""`roads`: a grid of half a million segments from OSM PBF to a network folder, and a million opened.

The import runs as its user starts it, in a process of its own, whose time from start to end and largest memory are
measured. The town is made: streets 70 m apart, ways of ten blocks with two nodes between crossings, a bridge here and
there. For a million segments the town stands twice. Index figures are shown for other resolutions of H3, too.
"""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import osmium

from benchmarks.report import Report, Result
from snowtrack.network.arrays import Network
from snowtrack.network.cells import CELL_RADIUS_M, RESOLUTION, build_index, cells_of
from snowtrack.roads.files import open_network

OURS = "snowtrack"
SIDE = 501
SPACING_E7 = 7_000
BLOCKS_PER_WAY, NODES_PER_BLOCK = 10, 3
ORIGIN_E7 = (365_000_000, 1_365_000_000)
LOOKUPS = 100_000
INDEX_KEYS = {"build_s": "s", "mb": "MB", "lookup_us": "us a look-up", "candidates": "candidates"}


def run(progress: Callable[[str], None]) -> Report:
    """Import once, open the double, and look up in indexes of several resolutions."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        progress("writing half a million segments as PBF")
        _write_town(folder / "town.osm.pbf", north_e7=0)
        _write_town(folder / "other.osm.pbf", north_e7=2 * SIDE * SPACING_E7)
        progress("importing it")
        import_s, import_mb = _import([folder / "town.osm.pbf"], folder / "half")
        progress("importing a million")
        _import([folder / "town.osm.pbf", folder / "other.osm.pbf"], folder / "million")
        progress("opening it")
        open_s, million = _opened(folder / "million")
        half = open_network(folder / "half")
        rows = [
            _row(f"import of {len(half):,} segments", import_s, "s"),
            _row("its largest memory", import_mb, "MB"),
            _row(f"opening {len(million):,} segments", open_s, "s"),
        ]
        ratios = {"import_500k_s": import_s, "import_500k_mb": import_mb, "open_1m_s": open_s}
        for resolution in CELL_RADIUS_M:
            progress(f"indexing at resolution {resolution}")
            found = _index(half, resolution)
            chosen = " (chosen)" if resolution == RESOLUTION else ""
            rows += [_row(f"index, resolution {resolution}{chosen}", value, unit) for unit, value in found.items()]
            if chosen:
                ratios |= {f"index_{key}": found[unit] for key, unit in INDEX_KEYS.items()}
    return Report(name="roads", results=tuple(rows), ratios=ratios)


def _row(what: str, value: float, unit: str) -> Result:
    return Result(what=what, of=OURS, value=value, unit=unit)


def _write_town(path: Path, north_e7: int) -> None:
    writer = osmium.SimpleWriter(str(path))
    steps = (SIDE - 1) * NODES_PER_BLOCK + 1
    ids = {False: 1 + north_e7 * 10, True: 1 + north_e7 * 10 + SIDE * steps}
    random = np.random.default_rng(1)
    for upright, first in ids.items():
        for street in range(SIDE):
            for step, off in enumerate(random.integers(-300, 300, steps).tolist()):
                if upright and step % NODES_PER_BLOCK == 0:
                    continue  # the crossing is the other street's node
                along, across = step * SPACING_E7 // NODES_PER_BLOCK, street * SPACING_E7 + off
                lat, lon = (along, across) if upright else (across, along)
                place = ((ORIGIN_E7[1] + lon) / 1e7, (ORIGIN_E7[0] + north_e7 + lat) / 1e7)
                writer.add_node(osmium.osm.mutable.Node(id=first + street * steps + step, location=place))
    for number, nodes in enumerate(_ways(ids, steps), start=1 + north_e7):
        tags = {"highway": "residential", "name": f"{number % 5_000}丁目通り"}
        if number % 50 == 0:
            tags |= {"bridge": "yes", "layer": "1"}
        writer.add_way(osmium.osm.mutable.Way(id=number, nodes=nodes, tags=tags))
    writer.close()


def _ways(ids: dict[bool, int], steps: int) -> Iterator[list[int]]:
    length = BLOCKS_PER_WAY * NODES_PER_BLOCK
    for upright in ids:
        for street in range(SIDE):
            nodes = [_node(ids, steps, upright, street, step) for step in range(steps)]
            for start in range(0, steps - 1, length):
                yield nodes[start : start + length + 1]


def _node(ids: dict[bool, int], steps: int, upright: bool, street: int, step: int) -> int:
    block, within = divmod(step, NODES_PER_BLOCK)
    if upright and within == 0:
        return ids[False] + block * steps + street * NODES_PER_BLOCK
    return ids[upright] + street * steps + step


def _import(sources: list[Path], out: Path) -> tuple[float, float]:
    """Seconds and megabytes of the command."""
    command = [sys.executable, "-m", "snowtrack", "roads", "import", *map(str, sources), "--out", str(out)]
    start = perf_counter()
    child = os.posix_spawn(
        sys.executable, command, os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    )
    _, status, used = os.wait4(child, 0)
    if status:
        raise RuntimeError(f"the import ended with {os.waitstatus_to_exitcode(status)}")
    return perf_counter() - start, used.ru_maxrss / 1024


def _opened(folder: Path) -> tuple[float, Network]:
    """Until the first segment can be read."""
    start = perf_counter()
    network = open_network(folder)
    network.rows_of([int(network.segment_id[0])])
    return perf_counter() - start, network


def _index(network: Network, resolution: int) -> dict[str, float]:
    start = perf_counter()
    index = build_index(network.shape_offsets, network.shape_lat_e7, network.shape_lon_e7, resolution)
    built_s = perf_counter() - start
    random = np.random.default_rng(2)
    at = random.integers(0, len(network.shape_lat_e7), LOOKUPS)
    lat_e7 = (network.shape_lat_e7[at] + random.normal(0, 500, LOOKUPS)).astype(np.int32)
    lon_e7 = (network.shape_lon_e7[at] + random.normal(0, 500, LOOKUPS)).astype(np.int32)
    start = perf_counter()
    place = np.searchsorted(index.cell, cells_of(lat_e7, lon_e7, resolution))
    looked_us = (perf_counter() - start) / LOOKUPS * 1e6
    candidates = (index.cell_offsets[place + 1] - index.cell_offsets[place]).mean()
    size_mb = sum(column.nbytes for column in (index.cell, index.cell_offsets, index.cell_rows)) / 1e6
    return {"s": built_s, "MB": size_mb, "us a look-up": looked_us, "candidates": float(candidates)}
