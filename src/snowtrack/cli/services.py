"""What runs: everything at once, or one service."""

from typing import Annotated

import typer
import uvloop

from snowtrack.cli.options import Broker, Config, Data, Database, Flags, run_service, settle
from snowtrack.services.logs import configure_logs
from snowtrack.supervised import end_with_parent

app = typer.Typer()


@app.command()
def up(
    config: Config = None,
    flags: Flags = None,
    data: Data = None,
    database: Database = None,
    broker: Broker = None,
    ploughs: Annotated[int, typer.Option(help="Simulate so many ploughs.", min=0, max=10_000)] = 0,
    seconds: Annotated[float | None, typer.Option(help="Stop by itself after this time.", min=0)] = None,
    stop_with_parent: Annotated[bool, typer.Option(help="End when the calling process does.")] = False,
) -> None:
    """Run everything on this machine: database, broker, ingest, fold, API and pages."""
    from snowtrack.services.up import Demo, Up

    if stop_with_parent:
        end_with_parent()
    settings = settle(config, flags, data=data, database=database, broker=broker)
    configure_logs(settings.log.level)
    uvloop.run(Up(settings, Demo(ploughs=ploughs, seconds=seconds)).run())


@app.command()
def ingest(config: Config = None, flags: Flags = None, database: Database = None, broker: Broker = None) -> None:
    """Take messages from the broker into the database."""
    from snowtrack.services.workers import run_ingest

    run_service(run_ingest, settle(config, flags, database=database, broker=broker))


@app.command()
def fold(config: Config = None, flags: Flags = None, database: Database = None, broker: Broker = None) -> None:
    """Make clearance state of passes."""
    from snowtrack.services.workers import run_fold

    run_service(run_fold, settle(config, flags, database=database, broker=broker))


@app.command()
def serve(config: Config = None, flags: Flags = None, database: Database = None, broker: Broker = None) -> None:
    """Answer over HTTP: the API and the dispatch page."""
    from snowtrack.services.serve import serve as run_api

    run_service(run_api, settle(config, flags, database=database, broker=broker))


@app.command()
def migrate(config: Config = None, flags: Flags = None, database: Database = None) -> None:
    """Bring the database's tables and the services' rights up to this program's, as the owner of the tables."""
    from snowtrack.services.migration import migrate_database

    settings = settle(config, flags, database=database)
    uvloop.run(migrate_database(settings))


@app.command()
def broker(config: Config = None, flags: Flags = None) -> None:
    """Run the embedded MQTT broker alone, on the loopback interface."""
    from snowtrack.services.embedded_broker import run_embedded_broker

    run_service(run_embedded_broker, settle(config, flags))


@app.command()
def doctor(
    config: Config = None, flags: Flags = None, data: Data = None, database: Database = None, broker: Broker = None
) -> None:
    """Say whether broker, database, network and pages are right, and what to do if not."""
    from snowtrack.services.doctor import examine

    settings = settle(config, flags, data=data, database=database, broker=broker)
    if not uvloop.run(examine(settings)):
        raise typer.Exit(1)
