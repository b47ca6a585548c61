"""`snowtrack fleet`: the registry of agencies, machines and devices."""

from pathlib import Path
from typing import Annotated

import typer
import uvloop

from snowtrack.cli.options import Config, Data, Database, Flags, Json, settle

fleet = typer.Typer(no_args_is_help=True, help="The registry of agencies, machines and devices.")


@fleet.command(name="import")
def import_(
    paths: Annotated[
        list[Path], typer.Argument(help="CSV files, or folders of them (docs/fleet.md).", metavar="PATH…")
    ],
    network: Annotated[
        Path | None, typer.Option("--network", help="Network folder that segments are looked up in.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be added and changed.")] = False,
    config: Config = None,
    flags: Flags = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Take files into the registry, all or nothing. Each problem is listed by file, line and column."""
    from snowtrack.services.fleet import Import, import_fleet

    settings = settle(config, flags, data=data, database=database)
    if not uvloop.run(import_fleet(settings, Import(paths=paths, network=network, dry_run=dry_run))):
        raise typer.Exit(1)


@fleet.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Folder to write to.", metavar="FOLDER")],
    personal: Annotated[bool, typer.Option("--personal", help="With operators, names, addresses.")] = False,
    config: Config = None,
    flags: Flags = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Write the registry as CSV files, as import reads them."""
    from snowtrack.services.fleet import export_fleet

    uvloop.run(export_fleet(settle(config, flags, data=data, database=database), folder, personal=personal))


@fleet.command()
def show(
    json: Json = False, config: Config = None, flags: Flags = None, data: Data = None, database: Database = None
) -> None:
    """Say who has what, what is mounted, and which devices nobody registered."""
    from snowtrack.services.fleet import show_fleet

    uvloop.run(show_fleet(settle(config, flags, data=data, database=database), as_json=json))
