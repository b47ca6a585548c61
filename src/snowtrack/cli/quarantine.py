"""`snowtrack quarantine`: messages that could not be read."""

import typer
import uvloop

from snowtrack.cli.options import Config, Data, Database, Flags, settle

quarantine = typer.Typer(help="Messages that could not be read.")


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
