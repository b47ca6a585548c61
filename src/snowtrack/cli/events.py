"""`snowtrack events` and `snowtrack closures`: what people decide of snow events and closed roads."""

from typing import Annotated

import typer
import uvloop

from snowtrack.cli.options import Config, Data, Database, Flags, settle
from snowtrack.model.errors import ConfigError
from snowtrack.settings import Settings
from snowtrack.wall_clock import read_time

events = typer.Typer(help="Snow events: by rule, or opened and closed by hand.")
closures = typer.Typer(no_args_is_help=True, help="Closed roads.")


def _said(option: typer.CallbackParam, text: str) -> str:
    """In one line, as it is listed."""
    if not text.strip():
        raise ConfigError(f"{option.opts[0]} says nothing; it is kept for those who ask later")
    return " ".join(text.split())


Reason = Annotated[str, typer.Option("--reason", help="Why. It is kept.", metavar="TEXT", callback=_said)]
By = Annotated[str, typer.Option("--by", help="Who decides. It is kept.", metavar="NAME", callback=_said)]
At = Annotated[str | None, typer.Option("--at", help="When, in Japan: '2026-12-01 06:30' (default: now).")]


@events.callback(invoke_without_command=True)
def list_events(
    context: typer.Context, config: Config = None, flags: Flags = None, data: Data = None, database: Database = None
) -> None:
    """Show this season's snow events, the newest first, and what was decided by hand."""
    from snowtrack.services.events import show_events

    if context.invoked_subcommand is None:
        uvloop.run(show_events(settle(config, flags, data=data, database=database)))


@events.command(name="open")
def open_(
    reason: Reason,
    by: By,
    at: At = None,
    config: Config = None,
    flags: Flags = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Begin a new event: nothing is known of any road."""
    _decide(settle(config, flags, data=data, database=database), "open", at, (reason, by))


@events.command()
def close(
    reason: Reason,
    by: By,
    at: At = None,
    config: Config = None,
    flags: Flags = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """End the event that is open."""
    _decide(settle(config, flags, data=data, database=database), "close", at, (reason, by))


@events.command()
def void(
    entry: Annotated[int, typer.Argument(help="Number of the entry.", metavar="ENTRY")],
    reason: Reason,
    by: By,
    config: Config = None,
    flags: Flags = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Take back what was decided by hand; it stays on record."""
    _decide(settle(config, flags, data=data, database=database), "void", None, (reason, by), entry)


def _decide(settings: Settings, kind: str, at: str | None, who: tuple[str, str], voids: int | None = None) -> None:
    from snowtrack.clearance.events import EntryKind, EventEntry
    from snowtrack.services.events import decide_event

    reason, by = who
    entry = EventEntry(number=0, kind=EntryKind(kind), at_us=read_time(at), reason=reason, by=by, voids=voids)
    uvloop.run(decide_event(settings, entry))


@closures.command(name="list")
def list_closures(
    ended: Annotated[bool, typer.Option("--all", help="Those that have ended, too.")] = False,
    config: Config = None,
    flags: Flags = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Show the roads that are closed now or will be."""
    from snowtrack.services.closures import show_closures

    uvloop.run(show_closures(settle(config, flags, data=data, database=database), ended=ended))


@closures.command()
def add(
    reason: Reason,
    by: By,
    segments: Annotated[list[int] | None, typer.Argument(help="Segments by id.", metavar="SEGMENT…")] = None,
    road: Annotated[str | None, typer.Option(help="All segments of a road, by its name or route.")] = None,
    start: Annotated[str | None, typer.Option("--from", help="When it begins, in Japan (default: now).")] = None,
    until: Annotated[str | None, typer.Option(help="When it ends (default: not known yet).")] = None,
    config: Config = None,
    flags: Flags = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Close segments, or a whole road."""
    from snowtrack.services.closures import close_roads
    from snowtrack.store.events import Closure

    settings = settle(config, flags, data=data, database=database)
    closure = Closure(
        number=0,
        segments=tuple(segments or ()),
        from_us=read_time(start),
        until_us=None if until is None else read_time(until),
        reason=reason,
        by=by,
    )
    uvloop.run(close_roads(settings, closure, road))


@closures.command()
def end(
    closure: Annotated[int, typer.Argument(help="Number of the closure.", metavar="CLOSURE")],
    reason: Reason,
    by: By,
    at: At = None,
    config: Config = None,
    flags: Flags = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Say when a closure ends; said again, the last word counts."""
    from snowtrack.services.closures import open_roads

    settings = settle(config, flags, data=data, database=database)
    uvloop.run(open_roads(settings, closure, at_us=read_time(at), reason=reason, by=by))
