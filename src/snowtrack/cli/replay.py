"""`snowtrack replay`, `archive`, `retire`: a time range computed again, its fixes as a file, and old days for files."""

from pathlib import Path
from typing import Annotated

import typer
import uvloop

from snowtrack.cli.options import Config, Data, Database, Flags, Json, settle
from snowtrack.model.calendar import read_day

app = typer.Typer()

From = Annotated[str, typer.Option("--from", help="When it begins, in Japan: '2026-01-14 18:00'.", metavar="TIME")]
To = Annotated[str, typer.Option("--to", help="When it ends.", metavar="TIME")]


@app.command()
def replay(
    start: From,
    to: To,
    device: Annotated[list[str] | None, typer.Option(help="Only this one. May be repeated.", metavar="A/D")] = None,
    archive: Annotated[list[Path] | None, typer.Option(help="Take the fixes from this file. May be repeated.")] = None,
    schema: Annotated[str | None, typer.Option(help="Write the results to a new schema of this name.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="In place of one that a replay wrote before.")] = False,
    in_place: Annotated[bool, typer.Option("--in-place", help="Replace what is stored.")] = False,
    json: Json = False,
    config: Config = None,
    flags: Flags = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Compute a time range again from its fixes; say what that changes and why. Without more, nothing is written."""
    from snowtrack.services import replay as service
    from snowtrack.services.archive import read_span

    span = read_span(start, to)
    wanted = service.Wanted(
        from_us=span.from_us,
        to_us=span.to_us,
        devices=device or (),
        archives=archive or (),
        schema=schema,
        replace=replace,
        in_place=in_place,
        as_json=json,
    )
    uvloop.run(service.replay(settle(config, flags, data=data, database=database), wanted))


@app.command(name="archive")
def archive_(
    start: From,
    to: To,
    out: Annotated[Path, typer.Option("--out", help="File to write: .parquet.")],
    config: Config = None,
    flags: Flags = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Write the stored fixes of a time range, without its end, to a Parquet file."""
    from snowtrack.services.archive import read_span, write_archive

    uvloop.run(write_archive(settle(config, flags, data=data, database=database), read_span(start, to), out))


@app.command(name="retire")
def retire_(
    into: Annotated[Path, typer.Option("--into", help="Folder of the archives.", metavar="FOLDER")],
    before: Annotated[str | None, typer.Option(help="The first day that stays, as 2026-11-01 (UTC).")] = None,
    keep_days: Annotated[int | None, typer.Option(help="Or so many days that stay, without today.", min=0)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say which days would go.")] = False,
    json: Json = False,
    config: Config = None,
    flags: Flags = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Have the fixes of old days leave the database for archives, one a day, each read back before its day goes."""
    from snowtrack.services import retire as service

    if (before is None) == (keep_days is None):
        raise typer.BadParameter("expected one of --before and --keep-days", param_hint="--before")
    try:
        first = service.first_kept(keep_days or 0) if before is None else read_day(before)
    except (ValueError, OverflowError):
        raise typer.BadParameter("expected a day such as 2026-11-01", param_hint="--before") from None
    wanted = service.Wanted(before=first, folder=into, dry_run=dry_run, as_json=json)
    uvloop.run(service.retire(settle(config, flags, data=data, database=database), wanted))
