"""`snowtrack roads import`: sources to a network folder.

A network appears under its name whole or not at all, however the import ends.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from snowtrack.model.errors import NetworkDataError
from snowtrack.roads.build import network_of
from snowtrack.roads.features import Reading, read_features
from snowtrack.roads.files import SUCCESSION, open_network, refuse_existing, write_network
from snowtrack.roads.lines import Lines, Told, levels, places_by_position
from snowtrack.roads.mapping import AttributeMapping, read_mapping
from snowtrack.roads.osm import ATTRIBUTION, SUFFIXES, read_osm
from snowtrack.roads.quality import Findings, Quality, examine
from snowtrack.roads.stretches import Followed
from snowtrack.roads.succession import carry_over

Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""
SHOWN_MAX = 5
STEPS_AFTER_READING = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """What is imported, to where, and how."""

    sources: Sequence[Path]
    out: Path
    bbox: Box | None = None
    mapping: Path | None = None
    crs: str | None = None
    layer: str | None = None
    grid: Path | None = None
    accept_accuracy: bool = False
    previous: Path | None = None


def import_roads(wanted: Import) -> None:
    """Read, cut, look for faults, write, and tell."""
    refuse_existing(wanted.out)
    _check_sources(wanted)
    mapping = AttributeMapping() if wanted.mapping is None else read_mapping(wanted.mapping)
    previous = None if wanted.previous is None else open_network(wanted.previous)
    with _progress(sum(2 if _is_osm(path) else 1 for path in wanted.sources) + STEPS_AFTER_READING) as told:
        lines, remarks = _read(wanted, mapping, told)
        network = network_of(lines, name=_name(wanted.out), attribution=_attribution(wanted, mapping), told=told)
        told("looking for faults", len(network))
        quality = examine(network)
        followed = None
        if previous is not None:
            told("looking for the roads of before", len(network))
            network, stretches = carry_over(previous, network)
            followed = Followed(previous=previous.network_id, succession=stretches)
            remarks.append(f"{len(stretches):,} stretches of {wanted.previous} go on in other segments ({SUCCESSION})")
        told("writing", len(network))
        write_network(network, wanted.out, followed)
    for line in (*remarks, *quality_in_words(quality)):
        print(line)
    km = int(network.length_mm.sum(dtype=np.int64)) / 1e6
    print(f"{wanted.out}: {len(network):,} segments, {km:,.1f} km, network {network.network_id}")


def quality_in_words(quality: Quality) -> Iterator[str]:
    """A line for each kind of finding, with the largest ones and where they are."""
    yield f"duplicates {_in_words(quality.duplicates, 'segments that are there again')}"
    yield f"gaps       {_in_words(quality.gaps, 'ends that just miss a road')}"
    yield f"islands    {_in_words(quality.islands, 'parts that cannot be reached from the largest one')}"


def _in_words(findings: Findings, what: str) -> str:
    if not len(findings):
        return "none"
    shown = zip(
        (findings.lat_e7[:SHOWN_MAX] / 1e7).tolist(),
        (findings.lon_e7[:SHOWN_MAX] / 1e7).tolist(),
        (findings.measure_mm[:SHOWN_MAX] / 1e3).tolist(),
        strict=True,
    )
    places = "; ".join(f"{lat:.6f},{lon:.6f} ({_length(metres)})" for lat, lon, metres in shown)
    more = " …" if len(findings) > SHOWN_MAX else ""
    return f"{len(findings):,} {what}: {places}{more}"


def _length(metres: float) -> str:
    return f"{metres / 1000:,.1f} km" if metres >= 1000 else f"{metres:.1f} m"


def _is_osm(path: Path) -> bool:
    return path.name.endswith(SUFFIXES)


def _check_sources(wanted: Import) -> None:
    """What can be said before anything is read."""
    for number, path in enumerate(wanted.sources):
        if not path.exists():
            raise NetworkDataError(f"{path}: there is no such file")
        if any(path.samefile(other) for other in wanted.sources[:number]):
            raise NetworkDataError(f"{path}: is given twice")
    only_lines = {"--mapping": wanted.mapping, "--crs": wanted.crs, "--layer": wanted.layer, "--grid": wanted.grid}
    given = [flag for flag, value in only_lines.items() if value is not None]
    if given and all(map(_is_osm, wanted.sources)):
        raise NetworkDataError(f"{given[0]} is for files of lines; OpenStreetMap files need no such thing")


def _read(wanted: Import, mapping: AttributeMapping, told: Told) -> tuple[Lines, list[str]]:
    """All lines of all sources, and what is to be said of them."""
    remarks: list[str] = []
    ways: list[Lines] = []
    features: list[Lines] = []
    reading = Reading(
        mapping=mapping,
        crs=wanted.crs,
        layer=wanted.layer,
        grid=wanted.grid,
        accept_accuracy=wanted.accept_accuracy,
    )
    for path in wanted.sources:
        if _is_osm(path):
            ways.append(read_osm(path, told))
        else:
            told(f"lines of {path.name}", 0)
            read = read_features(path, reading)
            features.append(read.lines)
            remarks += [f"{path.name}: {remark}" for remark in (str(read.conversion), *read.remarks)]
    lines = _joined(ways, features)
    if not len(lines):
        raise NetworkDataError(f"{', '.join(map(str, wanted.sources))}: there is no road in it")
    return (lines if wanted.bbox is None else _within(lines, wanted.bbox)), remarks


def _joined(ways: Sequence[Lines], features: Sequence[Lines]) -> Lines:
    """Ways of several files meet at their nodes, features of several files at their positions; the two do not meet."""
    of_ways, of_features = _once_each(Lines.concat(ways)), Lines.concat(features)
    if len(features) > 1:
        level = levels(of_features.attributes)
        place = places_by_position(of_features.offsets, of_features.lat_e7, of_features.lon_e7, level)
        of_features = replace(of_features, place=place)
    nodes, place = np.unique(of_ways.place, return_inverse=True)
    return Lines.concat([replace(of_ways, place=place), replace(of_features, place=of_features.place + len(nodes))])


def _once_each(ways: Lines) -> Lines:
    """Extracts overlap: of a way that is in several it is taken where most of its nodes are, else from the first."""
    feature = np.cumsum(~ways.continues) - 1
    nodes = np.bincount(feature, weights=np.diff(ways.offsets)).astype(np.int64)
    way = ways.attributes.source_id[~ways.continues]
    order = np.lexsort((-nodes, way))
    chosen = order[np.diff(way[order], prepend=way[order[:1]] - 1) != 0]
    return ways if len(chosen) == len(way) else ways.take(np.flatnonzero(np.isin(feature, chosen)))


def _within(lines: Lines, box: Box) -> Lines:
    west, south, east, north = (round(edge * 1e7) for edge in box)
    chosen = lines.within((west, south, east, north))
    if len(chosen):
        return chosen
    edges = [lines.lon_e7.min(), lines.lat_e7.min(), lines.lon_e7.max(), lines.lat_e7.max()]
    extent = ",".join(f"{edge / 1e7:.5f}" for edge in edges)
    raise NetworkDataError(f"there is no road within {','.join(f'{edge:g}' for edge in box)}; all are in {extent}")


def _name(out: Path) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", out.name).strip("-")[:64] or "roads"


def _attribution(wanted: Import, mapping: AttributeMapping) -> str:
    osm = [ATTRIBUTION] if any(map(_is_osm, wanted.sources)) else []
    files = [path.name for path in wanted.sources if not _is_osm(path)]
    return ", ".join([*osm, *([mapping.attribution or ", ".join(files)] if files else [])])


@contextmanager
def _progress(steps: int) -> Iterator[Told]:
    """A bar for who waits at a terminal; another name is the next step."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _, __: None
        return
    columns = (
        TextColumn("{task.description:32}"),
        BarColumn(),
        TextColumn("{task.fields[count]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=steps, count="")

        def tell(what: str, count: int) -> None:
            begun = progress.tasks[0].description
            progress.update(
                task, description=what, count=f"{count:,}" if count else "", advance=begun not in ("", what)
            )

        yield tell


def read_box(text: str) -> Box | None:
    """West, south, east and north, or nothing where the text does not say them."""
    try:
        west, south, east, north = (float(edge) for edge in text.split(","))
    except ValueError:
        return None
    return (west, south, east, north) if -180 <= west <= east <= 180 and -90 <= south <= north <= 90 else None
