"""`python -m tests.faults [NAME …]`: faults one after the other, a judgement of each, and 1 if any of them is bad."""

import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.report import machine
from snowtrack.roads.files import write_network
from snowtrack.roads.sample import sample_network
from snowtrack.store.embedded import EmbeddedServer
from snowtrack.whole_files import replacing
from tests.faults.scenarios import SCENARIOS, SOAK
from tests.faults.soak import soak
from tests.faults.trial import Ground, Outcome
from tests.postgres import running

SEEDS = 1 << 31
COLUMNS = ("scenario", "faults", "acknowledged", "lost", "doubled", "results", "again after, s", "judgement")


def main(
    names: Annotated[
        list[str] | None, typer.Argument(help=f"Some of {', '.join([*SCENARIOS, SOAK])}; else all.")
    ] = None,
    *,
    kills: Annotated[int | None, typer.Option(help="How many faults each scenario is given; else 200 kills.")] = None,
    soak_hours: Annotated[float, typer.Option(help="How long the soak lasts; 0 leaves it out.")] = 0.0,
    seed: Annotated[int | None, typer.Option(help="The faults of an earlier run, as far as time allows.")] = None,
    json: Annotated[Path | None, typer.Option(help="Keep the figures in this file.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Leave ledgers and logs in this folder.")] = None,
) -> None:
    """Break things, and hold what trackers were promised against the database."""
    chosen = names or [*SCENARIOS, *([SOAK] if soak_hours else [])]
    soak_hours = soak_hours or 1.0
    if not set(chosen) <= {*SCENARIOS, SOAK}:
        raise typer.BadParameter(f"there are {', '.join([*SCENARIOS, SOAK])}")
    seed = time.time_ns() % SEEDS if seed is None else seed
    console = Console(stderr=True, highlight=False)
    console.print(f"seed {seed}")
    with tempfile.TemporaryDirectory(prefix="faults-") as made:
        folder = keep or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        write_network(sample_network(), folder / "network")
        server = EmbeddedServer(instance_folder=folder / "postgres")
        try:
            with running(server) as started:
                ground = Ground(
                    server_url=started.url,
                    network=folder / "network",
                    folder=folder,
                    seed=seed,
                    say=lambda text: console.print(f"{time.strftime('%H:%M:%S')} {text}", markup=False),
                )
                outcomes = {name: played(name, ground, kills, soak_hours) for name in chosen}
        finally:
            server.remove()
    print_table(outcomes)
    if json is not None:
        write(json, seed, outcomes)
    sys.exit(
        any(isinstance(one, Exception) or (isinstance(one, Outcome) and not one.good) for one in outcomes.values())
    )


Told = Outcome | str | Exception
"""How it went, why it was not tested, or what it broke off with."""


def played(name: str, ground: Ground, kills: int | None, soak_hours: float) -> Told:
    try:
        if name == SOAK:
            return soak(ground, soak_hours)
        scenario = SCENARIOS[name]
        ground.say(f"{name}: {scenario.what}")
        return scenario.play(ground, kills if kills is not None else scenario.times)
    except Exception as error:  # noqa: BLE001 - the other scenarios go on, and this one counts as bad
        ground.say("".join(traceback.format_exception(error)))
        return error


def print_table(outcomes: dict[str, Told]) -> None:
    table = Table(title=f"faults on {machine()}", title_justify="left", show_edge=False)
    for heading in COLUMNS:
        table.add_column(heading, justify="left" if heading in ("scenario", "judgement") else "right")
    for name, one in outcomes.items():
        table.add_row(name, *row(one))
    console = Console(highlight=False, width=120 if not sys.stdout.isatty() else None)
    console.print(table)
    for name, one in outcomes.items():
        said = [*one.differences, *one.troubles] if isinstance(one, Outcome) else [str(one)]
        for trouble in said:
            console.print(f"{name}: {trouble}", markup=False)


def row(one: Told) -> Sequence[str]:
    if not isinstance(one, Outcome):
        return *[""] * 6, one if isinstance(one, str) else "BROKE OFF"
    figures = one.as_json()
    again = figures["recovery_s_median"], figures["recovery_s_max"]
    lost = f"{one.comparison.lost}" + (f" ({one.expected_lost} destroyed)" if one.expected_lost else "")
    return (
        f"{one.faults}",
        f"{one.comparison.acknowledged:,}",
        lost,
        f"{one.comparison.doubled}",
        "differ" if one.differences else "equal",
        " / ".join(f"{part:.1f}" for part in again if part is not None),
        "good" if one.good else "BAD",
    )


def write(file: Path, seed: int, outcomes: dict[str, Told]) -> None:
    """Whole or not at all."""
    figures: list[dict[str, Any]] = []
    for name, one in outcomes.items():
        figures.append(one.as_json() if isinstance(one, Outcome) else {"name": name, "said": str(one)})
    content = {"seed": seed, "machine": machine(), "scenarios": figures}
    with replacing(file) as half:
        half.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))


if __name__ == "__main__":
    typer.run(main)
