"""`snowtrack routes` and `snowtrack indicators`: how far routes are, and the figures of a season."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from snowtrack.cli.options import Config, Data, Database, Flags, Json, settle

routes = typer.Typer(help="How far each route is.")
app = typer.Typer()

DAY = ["%Y-%m-%d"]


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
    first: Annotated[datetime, typer.Option("--from", formats=DAY, help="The first day, in Japan.")],
    last: Annotated[datetime, typer.Option("--to", formats=DAY, help="The last day, which is counted.")],
    as_json: Json = False,
    out: Annotated[Path | None, typer.Option("--out", help="File to write: .csv, .xlsx or .json.")] = None,
    config: Config = None,
    flags: Flags = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Compute the indicators (指標) of a period (docs/indicators.md)."""
    from snowtrack.services.indicators import show_indicators

    settings = settle(config, flags, data=data, database=database)
    uvloop.run(show_indicators(settings, (first.date(), last.date()), as_json=as_json, out=out))
