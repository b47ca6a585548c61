"""`snowtrack brokers`: certificates of trackers, who may do what on a broker, and the stream of a cluster."""

from pathlib import Path
from typing import Annotated

import typer
import uvloop

from snowtrack.cli.options import Config, Flags, settle

brokers = typer.Typer(no_args_is_help=True, help="Certificates of trackers, rights on a broker, a cluster's stream.")

Agency = Annotated[str, typer.Argument(help="Agency of the devices.", metavar="AGENCY")]
Devices = Annotated[list[str], typer.Argument(help="Devices of this agency.", metavar="DEVICE…")]


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


@brokers.command()
def stream(config: Config = None, flags: Flags = None) -> None:
    """Make the stream of a cluster, before its first tracker comes; or say what is wrong with the one that is there."""
    from snowtrack.services.stream import make_stream_by_hand

    uvloop.run(make_stream_by_hand(settle(config, flags)))
