"""The command `snowtrack`. Every fault that a user can act on is one line and exit code 1.

A command imports what it runs when it runs it, so that a process loads its own part and starts quickly.
"""

import sys
from collections.abc import Callable, Coroutine
from datetime import date
from math import isinf, isnan
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
brokers = typer.Typer(no_args_is_help=True, help="Certificates of trackers, and who may do what on a broker.")
app.add_typer(brokers, name="brokers")

Config = Annotated[Path | None, typer.Option("--config", help="Settings file (default: config/snowtrack.toml).")]
Flags = Annotated[list[str] | None, typer.Option("--set", help="A setting, as group.key=value. May be repeated.")]
Data = Annotated[Path | None, typer.Option("--data", help="Data folder of this instance.")]
Database = Annotated[str | None, typer.Option("--database", help="postgresql://… instead of the embedded one.")]
Network = Annotated[Path, typer.Argument(help="Network folder.", metavar="NET")]
Agency = Annotated[str, typer.Argument(help="Agency of the devices.", metavar="AGENCY")]
Devices = Annotated[list[str], typer.Argument(help="Devices of this agency.", metavar="DEVICE…")]
Json = Annotated[bool, typer.Option("--json", help="For machines.")]
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


@app.command(name="match")
def match_(
    files: Annotated[list[Path], typer.Argument(help="CSV (time, lat, lon, …), GPX or NMEA logs.", metavar="TRACK…")],
    network: Annotated[Path, typer.Option("--network", help="Network folder.")],
    lag: Annotated[float, typer.Option(help="Seconds that an answer may look ahead; inf for all.", min=0)] = 30,
    form: Annotated[str, typer.Option("--format", help="csv, jsonl or geojson.")] = "csv",
    path: Annotated[Path | None, typer.Option("--path", help="Write the way driven to this CSV file.")] = None,
) -> None:
    """Match tracks to roads: for each fix where on which road it was, and how sure that is."""
    from snowtrack.services.matching import FORMATS, match_files

    if form not in FORMATS:
        raise typer.BadParameter(f"expected one of {', '.join(FORMATS)}", param_hint="--format")
    if isnan(lag):
        raise typer.BadParameter("expected seconds, or inf", param_hint="--lag")
    match_files(network, files, lag_s=None if isinf(lag) else lag, form=form, path_file=path)


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


@brokers.command()
def enrol(
    into: Annotated[Path, typer.Option("--into", help="Folder of certificates and lists; it holds private keys.")],
    agency: Agency = "",
    devices: Annotated[list[str] | None, typer.Argument(help="Devices of this agency.", metavar="DEVICE…")] = None,
    host: Annotated[
        list[str] | None,
        typer.Option(help="The broker's name or address. May be repeated. New ones for the engine, too."),
    ] = None,
    days: Annotated[int, typer.Option(help="How long the certificates are good.", min=1, max=7_300)] = 730,
) -> None:
    """Make certificates for devices, and write the brokers' lists of who may do what (docs/brokers.md)."""
    from snowtrack.services.enrolment import Enrolment, enrol_devices

    if not devices and (agency or not host):
        raise typer.BadParameter("name an agency and its devices", param_hint="AGENCY DEVICE…")
    enrol_devices(Enrolment(agency=agency, devices=devices or [], hosts=host or [], days=days, folder=into))


@brokers.command()
def revoke(
    agency: Agency,
    devices: Devices,
    folder: Annotated[Path, typer.Option("--from", help="Folder of certificates and lists.")],
) -> None:
    """Take devices out of the brokers' lists, with all certificates that they have."""
    from snowtrack.services.enrolment import revoke_devices

    revoke_devices(folder, agency, devices)


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


@roads.command(name="import")
def import_(
    sources: Annotated[list[Path], typer.Argument(help="OSM PBF, GeoPackage, Shapefile, GeoJSON …", metavar="SOURCE…")],
    out: Annotated[Path, typer.Option("--out", help="Folder to make.")],
    bbox: Annotated[
        str | None, typer.Option(help="Only roads that touch it: west,south,east,north in degrees.")
    ] = None,
    mapping: Annotated[Path | None, typer.Option(help="What the columns of the source mean (config/roads/).")] = None,
    crs: Annotated[
        str | None, typer.Option(help="Reference system, where the source says none or a wrong one.")
    ] = None,
    layer: Annotated[str | None, typer.Option(help="Layer, where the source has several.")] = None,
    grid: Annotated[Path | None, typer.Option(help="Grid file of the datum, such as TKY2JGD as .gsb or .tif.")] = None,
    accept_accuracy: Annotated[bool, typer.Option(help="Take positions that are worse than a metre, too.")] = False,
    previous: Annotated[Path | None, typer.Option(help="Network whose ids go on where the roads do.")] = None,
) -> None:
    """Make a network of roads from files of OpenStreetMap or of lines."""
    from snowtrack.services.roads import Import, import_roads, read_box

    box = None
    if bbox is not None:
        box = read_box(bbox)
        if box is None:
            example = "expected west,south,east,north in degrees, such as 136.6,36.5,136.7,36.6"
            raise typer.BadParameter(example, param_hint="--bbox")
    import_roads(
        Import(
            sources=sources,
            out=out,
            bbox=box,
            mapping=mapping,
            crs=crs,
            layer=layer,
            grid=grid,
            accept_accuracy=accept_accuracy,
            previous=previous,
        )
    )


@roads.command()
def info(folder: Network, json: Json = False) -> None:
    """Say what a network folder holds."""
    from snowtrack.services.network_view import show_network

    show_network(folder, as_json=json)


@roads.command()
def check(folder: Network, json: Json = False) -> None:
    """Look for damage, for broken promises of the format, and for what is odd about the roads."""
    from snowtrack.services.network_view import check_network_folder

    if not check_network_folder(folder, as_json=json):
        raise typer.Exit(1)


@roads.command()
def export(
    folder: Network,
    out: Annotated[Path, typer.Option("--out", help="File to write: .geojson, .gpkg or .csv.")],
) -> None:
    """Write the segments for other programs."""
    from snowtrack.roads.files import open_network
    from snowtrack.roads.tables import export as export_segments

    export_segments(open_network(folder), out)


@roads.command()
def diff(
    old: Annotated[Path, typer.Argument(help="Network folder.", metavar="OLD")],
    new: Annotated[Path, typer.Argument(help="Network folder.", metavar="NEW")],
    json: Json = False,
) -> None:
    """Say what became of the roads from one network to the next."""
    from snowtrack.services.network_diff import show_difference

    show_difference(old, new, as_json=json)
