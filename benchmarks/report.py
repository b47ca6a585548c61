"""What every benchmark gives: rows for people, ratios for machines, and on which machine."""

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from snowtrack.whole_files import replacing


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One measured row. `of` says who was measured: `snowtrack`, or a peer with its version."""

    what: str
    of: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All rows of one run. `missing` names the peers that were not there."""

    name: str
    results: tuple[Result, ...]
    ratios: dict[str, float]
    missing: tuple[str, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "machine": machine(),
            "results": [{"what": row.what, "of": row.of, "value": row.value, "unit": row.unit} for row in self.results],
            "ratios": self.ratios,
            "missing": list(self.missing),
        }

    def print(self, console: Console) -> None:
        table = Table(title=f"{self.name} on {machine()}", title_justify="left", show_edge=False)
        for heading in ("what", "of"):
            table.add_column(heading)
        table.add_column("value", justify="right")
        table.add_column("unit")
        for row in self.results:
            table.add_row(row.what, row.of, f"{row.value:,.4g}" if row.value < 1000 else f"{row.value:,.0f}", row.unit)
        console.print(table)
        for key, ratio in self.ratios.items():
            console.print(f"{key:32} {ratio:,.3g}")
        for peer in self.missing:
            console.print(f"not measured: {peer} is not installed")

    def write(self, path: Path) -> None:
        """Whole or not at all."""
        with replacing(path) as half:
            half.write_bytes(orjson.dumps(self.as_json(), option=orjson.OPT_INDENT_2))


def machine() -> str:
    """Processor, cores, Python."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


def best_rate(work: Callable[[], object], amount: int, repeats: int = 5) -> float:
    """Amount per second in the quickest of some runs: these machines are noisy, and noise only slows down."""
    spent = []
    for _ in range(repeats):
        start = perf_counter()
        work()
        spent.append(perf_counter() - start)
    return amount / min(spent)
