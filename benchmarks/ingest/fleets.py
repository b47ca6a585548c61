"""Fleets of all sizes: what a vehicle takes of memory, and whether a fix costs the same however many there are."""

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.ingest.load import LoadSettings
from benchmarks.ingest.place import PORT, figures, helper, place
from benchmarks.ingest.run import Night, prepare
from benchmarks.report import Report, Result

SECONDS = {100: 6_000, 1_000: 1_200, 10_000: 180, 100_000: 45}
"""So long drive so many: at 1 Hz, with more fixes each than ingest holds back."""
SETTLED_S = 40
"""After so long all is saved, and memory that is free went back to the machine."""


class Cost(NamedTuple):
    """Of a fleet: microseconds of ingest's CPU for a fix, its memory when all is saved, and the most it had."""

    cpu_us: float
    memory_mb: float
    most_mb: float


def run(progress: Callable[[str], None]) -> Report:
    """One fleet after the other, each with an ingest of its own."""
    costs: dict[int, Cost] = {}
    for machines, seconds in SECONDS.items():
        with TemporaryDirectory() as there:
            progress(f"simulating {machines:,} vehicles for {seconds:,} s")
            night = prepare(Path(there), LoadSettings(machines=machines, seconds=seconds, epochs_per_message=10))
            progress(f"ingest of {machines:,} vehicles, {night.epochs:,} fixes")
            costs[machines] = cost(night)
    results = [
        result
        for machines, own in costs.items()
        for result in (
            Result(what=f"{machines:,} vehicles: CPU of ingest", of="snowtrack", value=own.cpu_us, unit="µs/fix"),
            Result(what=f"{machines:,} vehicles: memory", of="snowtrack", value=own.memory_mb, unit="MB"),
            Result(what=f"{machines:,} vehicles: most memory", of="snowtrack", value=own.most_mb, unit="MB"),
        )
    ]
    few, many = min(costs), max(costs)
    grown = (costs[many].memory_mb - costs[few].memory_mb) * 2**20
    ratios = {
        "bytes_per_vehicle": grown / (many - few),
        "cpu_100000_vs_100": costs[many].cpu_us / costs[few].cpu_us,
    }
    return Report(name="fleets", results=tuple(results), ratios=ratios)


def cost(night: Night) -> Cost:
    with TemporaryDirectory() as own, place(Path(own), night.network) as here:
        ingest = here.serve("ingest")
        here.register(sorted((night.folder / "registry").glob("*.csv")))
        before = here.cpu_s()["ingest"]
        publisher = helper("publisher", night.folder, PORT)
        here.await_rows(night.epochs)
        figures(publisher)
        spent_s = here.cpu_s()["ingest"] - before
        time.sleep(SETTLED_S)
        return Cost(1e6 * spent_s / night.epochs, here.memory_mb(now=True)[ingest.name], here.memory_mb()[ingest.name])
