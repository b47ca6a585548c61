"""`snowtrack routes` and `snowtrack indicators`: how far routes are, and the figures of a season."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from snowtrack.cli.options import Config, Data, Database, Flags, Json, settle
from snowtrack.model.calendar import read_day
from snowtrack.model.errors import ConfigError

routes = typer.Typer(help="How far each route is.")
app = typer.Typer()


@routes.callback(invoke_without_command=True)
def show(
    context: typer.Context,
    as_json: Json = False,
    config: Config = None,
    flags: Flags = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Show what of each route is left, who works on it, when it may be done, and what is overdue."""
    from snowtrack.services.routes import show_routes

    if context.invoked_subcommand is None:
        uvloop.run(show_routes(settle(config, flags, data=data, database=database), as_json=as_json))


@routes.command()
def propose(
    out: Annotated[Path, typer.Option("--out", help="Folder to write routes.csv and route_segments.csv to.")],
    config: Config = None,
    flags: Flags = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Write the roads of each agency as routes by district, priority and name, to change and to import."""
    from snowtrack.services.routes import propose_routes

    uvloop.run(propose_routes(settle(config, flags, data=data, database=database), out))


@app.command()
def indicators(
    first: Annotated[str, typer.Option("--from", help="The first day, in Japan: 2026-11-01.", metavar="DAY")],
    last: Annotated[str, typer.Option("--to", help="The last day, which is counted.", metavar="DAY")],
    as_json: Json = False,
    out: Annotated[Path | None, typer.Option("--out", help="File to write: .csv, .xlsx or .json.")] = None,
    config: Config = None,
    flags: Flags = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Compute the indicators (指標) of a period (docs/indicators.md)."""
    from snowtrack.services.indicators import show_indicators

    days = _day(first, "--from"), _day(last, "--to")
    settings = settle(config, flags, data=data, database=database)
    uvloop.run(show_indicators(settings, days, as_json=as_json, out=out))


def _day(text: str, option: str) -> date:
    try:
        return read_day(text)
    except ValueError:
        raise ConfigError(f"{option} {text}: this is no day; expected one such as 2026-11-01") from None
