"""Options that commands share, and the settings that come of them."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
import uvloop

from snowtrack.services.heap import have_one_heap
from snowtrack.services.logs import configure_logs
from snowtrack.settings import Settings, load_settings

Config = Annotated[Path | None, typer.Option("--config", help="Settings file (default: config/snowtrack.toml).")]
Flags = Annotated[list[str] | None, typer.Option("--set", help="A setting, as group.key=value. May be repeated.")]
Data = Annotated[Path | None, typer.Option("--data", help="Data folder of this instance.")]
Database = Annotated[str | None, typer.Option("--database", help="postgresql://… instead of the embedded one.")]
Network = Annotated[Path, typer.Argument(help="Network folder.", metavar="NET")]
Json = Annotated[bool, typer.Option("--json", help="For machines.")]
Broker = Annotated[str | None, typer.Option("--broker", help="mqtt://… instead of the embedded one.")]


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
    have_one_heap()
    uvloop.run(service(settings))
