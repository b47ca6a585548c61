"""What turns files into files: logs into fixes, tracks into matches, a day into its report."""

import sys
from datetime import date
from math import isinf, isnan
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from snowtrack.cli.options import Config, Data, Database, Flags, settle
from snowtrack.model.calendar import read_instant

app = typer.Typer()


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
