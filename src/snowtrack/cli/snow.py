"""`snowtrack snow`: snow-depth sensors, what they read, and what they led to."""

from pathlib import Path
from typing import Annotated

import typer
import uvloop

from snowtrack.cli.options import Config, Data, Database, Flags, Json, settle
from snowtrack.model.snow import SensorId
from snowtrack.wall_clock import read_time

snow = typer.Typer(help="Snow-depth sensors, what they read, and what they led to.", no_args_is_help=True)
START, END = "2000-01-01", "2100-01-01"


@snow.command(name="import")
def import_(
    files: Annotated[list[Path], typer.Argument(help="CSV (UTF-8 or CP932) or JSON.", metavar="FILE…")],
    agency: Annotated[str | None, typer.Option(help="Agency of rows that name none.")] = None,
    sensor: Annotated[str | None, typer.Option(help="Sensor of rows that name none.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is wrong.")] = False,
    config: Config = None,
    flags: Flags = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Take readings from files: all of them, or nothing and the list of what is wrong."""
    from snowtrack.services.snow_files import import_depths

    settings = settle(config, flags, data=data, database=database)
    uvloop.run(import_depths(settings, files, agency, sensor, dry_run=dry_run))


@snow.command()
def export(
    sensors: Annotated[list[str] | None, typer.Argument(help="As agency/sensor (default: all).")] = None,
    since: Annotated[str, typer.Option("--from", help="A day or time in Japan, as 2026-01-14T18:00.")] = START,
    until: Annotated[str, typer.Option("--to", help="The same; up to before it.")] = END,
    config: Config = None,
    flags: Flags = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Write readings as CSV, with times in Japan."""
    from snowtrack.services.snow_files import export_depths

    chosen = [_sensor_id(one) for one in sensors or []]
    settings = settle(config, flags, data=data, database=database)
    uvloop.run(export_depths(settings, chosen, read_time(since), read_time(until)))


def _sensor_id(text: str) -> SensorId:
    try:
        return SensorId.parse(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r}: expected agency/sensor; {error}") from None


@snow.command()
def show(
    as_json: Json = False, config: Config = None, flags: Flags = None, data: Data = None, database: Database = None
) -> None:
    """Show the sensors: depth, new snow, and how they stand."""
    from snowtrack.services.snow_view import show_sensors

    uvloop.run(show_sensors(settle(config, flags, data=data, database=database), as_json=as_json))


@snow.command()
def proposals(config: Config = None, flags: Flags = None, data: Data = None, database: Database = None) -> None:
    """Show when the snow proposed to go out."""
    from snowtrack.services.snow_view import show_proposals

    uvloop.run(show_proposals(settle(config, flags, data=data, database=database)))


@snow.command()
def notices(config: Config = None, flags: Flags = None, data: Data = None, database: Database = None) -> None:
    """Show what was sent of alerts, and what could not be."""
    from snowtrack.services.snow_view import show_notices

    uvloop.run(show_notices(settle(config, flags, data=data, database=database)))
