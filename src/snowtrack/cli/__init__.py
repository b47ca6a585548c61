"""The command `snowtrack`. Every fault that a user can act on is one line and exit code 1.

A command imports what it runs when it runs it, so that a process loads its own part and starts quickly.
"""

import sys

import typer

from snowtrack.cli import files, replay, services
from snowtrack.cli.accounts import accounts, keys
from snowtrack.cli.brokers import brokers
from snowtrack.cli.events import closures, events
from snowtrack.cli.fleet import fleet
from snowtrack.cli.quarantine import quarantine
from snowtrack.cli.roads import roads
from snowtrack.cli.routes import app as indicators
from snowtrack.cli.routes import routes
from snowtrack.cli.snow import snow
from snowtrack.model.errors import SnowtrackError
from snowtrack.supervised import end_with_parent, is_supervised

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(services.app)
app.add_typer(files.app)
app.add_typer(replay.app)
app.add_typer(roads, name="roads")
app.add_typer(quarantine, name="quarantine")
app.add_typer(accounts, name="accounts")
app.add_typer(keys, name="keys")
app.add_typer(brokers, name="brokers")
app.add_typer(events, name="events")
app.add_typer(closures, name="closures")
app.add_typer(fleet, name="fleet")
app.add_typer(snow, name="snow")
app.add_typer(routes, name="routes")
app.add_typer(indicators)


def main() -> None:
    """Run the command; faults go to standard error in one line."""
    if is_supervised():
        end_with_parent()
    try:
        app()
    except SnowtrackError as error:
        print(f"snowtrack: {error}", file=sys.stderr)
        sys.exit(1)
