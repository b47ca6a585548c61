"""`python -m benchmarks NAME [--json FILE]`: run one benchmark, or all of them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks import clearance, decode, line, roads, simulator, storage
from benchmarks.ingest import fleets, flood
from benchmarks.ingest import run as ingest
from benchmarks.match import run as match
from benchmarks.report import Report
from benchmarks.serve import run as serve

BENCHMARKS: Mapping[str, Callable[[Callable[[str], None]], Report]] = {
    "clearance": clearance.run,
    "decode": decode.run,
    "fleets": fleets.run,
    "flood": flood.run,
    "ingest": ingest.run,
    "line": line.run,
    "match": match.run,
    "roads": roads.run,
    "serve": serve.run,
    "simulator": simulator.run,
    "storage": storage.run,
}


def main(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(BENCHMARKS)}; or all.")],
    json: Annotated[Path | None, typer.Option(help="Write the results to this file too (one benchmark only).")] = None,
) -> None:
    """Measure, beside peers, in one run."""
    chosen = list(BENCHMARKS) if name == "all" else [name]
    if not set(chosen) <= BENCHMARKS.keys():
        raise typer.BadParameter(f"there is no benchmark {name!r}; there are {', '.join(BENCHMARKS)}")
    if json is not None and len(chosen) != 1:
        raise typer.BadParameter("--json takes the results of one benchmark")
    for each in chosen:
        report = BENCHMARKS[each](lambda text: Console(stderr=True).print(f"… {text}", highlight=False))
        report.print(Console(highlight=False))
        if json is not None:
            report.write(json)


if __name__ == "__main__":
    typer.run(main)
