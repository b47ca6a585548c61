"""`snowtrack roads info` and `check`: what a network folder holds, and whether it is right."""

import sys
from pathlib import Path
from typing import Any

import orjson

from snowtrack.roads.files import check_network, open_network
from snowtrack.roads.invariants import faults
from snowtrack.roads.quality import Findings, Quality, examine
from snowtrack.roads.tables import summary
from snowtrack.services.roads import quality_in_words
from snowtrack.services.shown_tables import make_table, show_table


def show_network(folder: Path, *, as_json: bool) -> None:
    """A table, or one object."""
    said = summary(open_network(folder))
    if as_json:
        write_json(said)
        return
    table = make_table("", "", headed=False)
    for key, value in said.items():
        table.add_row(key.replace("_", " "), _shown(value))
    show_table(table)


def check_network_folder(folder: Path, *, as_json: bool) -> bool:
    """Whether the folder is as it was written and keeps the format's promises; what is odd about the roads is told."""
    damaged = check_network(folder)
    network = open_network(folder)
    broken = [] if damaged else list(faults(network))
    quality = None if damaged or broken else examine(network)
    if as_json:
        write_json({"damaged": damaged, "faults": broken, "roads": None if quality is None else _as_json(quality)})
    elif quality is None:
        found = f"damaged: {', '.join(damaged)}" if damaged else "; ".join(broken)
        print(f"{folder}: {found}; make or import the network again", file=sys.stderr)
    else:
        print(f"{folder}: all files are as they were written, and the network is sound")
        for line in quality_in_words(quality):
            print(line)
    return quality is not None


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {km:,.1f}" for name, km in value.items())
    if isinstance(value, list):
        return ", ".join(f"{edge:.5f}" for edge in value)
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _as_json(quality: Quality) -> dict[str, list[dict[str, Any]]]:
    kinds = {"duplicates": quality.duplicates, "gaps": quality.gaps, "islands": quality.islands}
    return {name: _places(found) for name, found in kinds.items()}


def _places(found: Findings) -> list[dict[str, Any]]:
    columns = (found.lat_e7.tolist(), found.lon_e7.tolist(), found.measure_mm.tolist())
    return [{"lat": lat / 1e7, "lon": lon / 1e7, "m": mm / 1000} for lat, lon, mm in zip(*columns, strict=True)]


def write_json(content: object) -> None:
    sys.stdout.buffer.write(orjson.dumps(content, option=orjson.OPT_APPEND_NEWLINE))
