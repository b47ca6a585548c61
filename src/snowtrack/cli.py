"""The command `snowtrack`. Every fault that a user can act on is one line and exit code 1.

A command imports what it runs when it runs it, so that a process loads its own part and starts quickly.
"""

import sys
from collections.abc import Callable, Coroutine
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop

from snowtrack.model.calendar import read_instant
from snowtrack.model.errors import SnowtrackError
from snowtrack.services.logs import configure_logs
from snowtrack.settings import Settings, load_settings
from snowtrack.supervised import end_with_parent, is_supervised

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
roads = typer.Typer(no_args_is_help=True, help="Road networks.")
app.add_typer(roads, name="roads")
quarantine = typer.Typer(help="Messages that could not be read.")
app.add_typer(quarantine, name="quarantine")

Config = Annotated[Path | None, typer.Option("--config", help="Settings file (default: config/snowtrack.toml).")]
Flags = Annotated[list[str] | None, typer.Option("--set", help="A setting, as group.key=value. May be repeated.")]
Data = Annotated[Path | None, typer.Option("--data", help="Data folder of this instance.")]
Database = Annotated[str | None, typer.Option("--database", help="postgresql://… instead of the embedded one.")]
Broker = Annotated[str | None, typer.Option("--broker", help="mqtt://… instead of the embedded one.")]


def main() -> None:
    """Run the command; faults go to standard error in one line."""
    if is_supervised():
        end_with_parent()
    try:
        app()
    except SnowtrackError as error:
        print(f"snowtrack: {error}", file=sys.stderr)
        sys.exit(1)


def settle(
    config: Path | None,
    flags: list[str] | None,
    *,
    data: Path | None = None,
    database: str | None = None,
    broker: str | None = None,
) -> Settings:
    """The settings of this run, named flags over `--set`."""
    named = {"data.folder": data, "database.url": database, "broker.url": broker}
    given = [f"{key}={value}" for key, value in named.items() if value is not None]
    return load_settings(config, flags=[*(flags or []), *given])


def run_service(service: Callable[[Settings], Coroutine[Any, Any, None]], settings: Settings) -> None:
    configure_logs(settings.log.level)
    uvloop.run(service(settings))


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


@quarantine.callback(invoke_without_command=True)
def show(
    context: typer.Context, config: Config = None, flags: Flags = None, data: Data = None, database: Database = None
) -> None:
    """Show the messages that could not be read, newest first."""
    from snowtrack.services.quarantine import show_quarantine

    if context.invoked_subcommand is None:
        uvloop.run(show_quarantine(settle(config, flags, data=data, database=database)))


@quarantine.command()
def retry(config: Config = None, flags: Flags = None, data: Data = None, database: Database = None) -> None:
    """Have ingest read them all again, as after a mend of the program."""
    from snowtrack.services.quarantine import retry_quarantine

    uvloop.run(retry_quarantine(settle(config, flags, data=data, database=database)))


@app.command()
def report(
    device: Annotated[str, typer.Argument(help="agency/device")],
    day: Annotated[str, typer.Argument(help="Day in Japan, YYYY-MM-DD.")],
    out: Annotated[Path, typer.Option("--out", help="File to write: .xlsx or .json.")],
    config: Config = None,
    flags: Flags = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Write the daily work report of one device."""
    from snowtrack.services.report import write_report

    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        raise typer.BadParameter("expected a day such as 2026-01-14", param_hint="DAY") from None
    uvloop.run(write_report(settle(config, flags, data=data, database=database), device, wanted, out))


@app.command()
def decode(
    files: Annotated[list[Path], typer.Argument(help="Raw NMEA logs, plain, gzip or zstd; - is standard input.")],
    received_at: Annotated[
        str | None, typer.Option(help="When they were received, as 2026-01-14T06:00:00Z (default: their last time).")
    ] = None,
    rejects: Annotated[Path | None, typer.Option(help="Write what could not be read to this file.")] = None,
    stats: Annotated[bool, typer.Option("--stats", help="Say on standard error how much was read.")] = False,
    dialects: Annotated[Path | None, typer.Option(help="File of dialects (docs/device-protocol.md).")] = None,
    agency: Annotated[str | None, typer.Option(help="Agency in the file of dialects.")] = None,
) -> None:
    """Read raw NMEA logs and write one JSON object per fix."""
    from snowtrack.nmea.decode import Decoder
    from snowtrack.services.decoding import REJECTS_KEPT, Reading, decode_logs
    from snowtrack.services.dialects import load_dialects

    if agency is not None and dialects is None:
        raise typer.BadParameter("name the file of dialects with --dialects", param_hint="--agency")
    try:
        now_us = None if received_at is None else read_instant(received_at)
    except ValueError:
        raise typer.BadParameter("expected a time such as 2026-01-14T06:00:00Z", param_hint="--received-at") from None
    spoken = load_dialects(dialects)
    reading = Reading(
        decoder=Decoder(spoken.dialects, REJECTS_KEPT), dialect=spoken.number(agency or ""), received_us=now_us
    )
    tally = decode_logs(files, reading, rejects)
    if stats:
        sys.stderr.buffer.write(tally.as_json())


@roads.command()
def sample(
    out: Annotated[Path, typer.Option("--out", help="Folder to make.")],
    seed: Annotated[int, typer.Option(help="Another number is another town.")] = 1,
) -> None:
    """Make the sample town."""
    from snowtrack.roads.files import write_network
    from snowtrack.roads.sample import sample_network

    network = sample_network(seed)
    write_network(network, out)
    print(f"{out}: {len(network):,} segments, network {network.network_id}")


@roads.command()
def info(folder: Path) -> None:
    """Say what a network folder holds."""
    from snowtrack.roads.files import read_manifest

    manifest = read_manifest(folder)
    for key in ("name", "network_id", "segments", "nodes", "attribution"):
        print(f"{key:12} {manifest.get(key)}")


@roads.command()
def check(folder: Path) -> None:
    """Compare a network's files with their checksums."""
    from snowtrack.roads.files import check_network

    broken = check_network(folder)
    if broken:
        print(f"{folder}: damaged: {', '.join(broken)}; make or import the network again", file=sys.stderr)
        raise typer.Exit(1)
    print(f"{folder}: all files are as they were written")
