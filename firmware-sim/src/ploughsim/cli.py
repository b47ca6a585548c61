"""The command `plough-sim`."""

import asyncio
import ctypes
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from ploughsim.errors import PloughSimError
from ploughsim.thin.fleet import Fleet
from ploughsim.thin.lanes import Lanes
from ploughsim.thin.link import BrokerAddress, parse_broker
from ploughsim.thin.network import read_network
from ploughsim.thin.progress import report, tell
from ploughsim.thin.scenario import Scenario, adjust, load_scenario

_PR_SET_PDEATHSIG = 1
# The MQTT library connects in threads that cannot be interrupted; the process does not wait for them.
_THREADS_S = 0.3

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Simulated snow ploughs with GPS trackers.")


@app.callback()
def _commands() -> None:
    """Keeps `run` a command of its own while there is no other."""


@app.command()
def run(
    scenario: Annotated[str, typer.Argument(help="A TOML file, or the name of a scenario that comes along: demo.")],
    *,
    broker: Annotated[
        str, typer.Option(help="mqtt://[user:password@]host[:port] or mqtts://…", envvar="PLOUGHSIM_BROKER")
    ],
    network: Annotated[Path, typer.Option(help="Folder of the road network.")],
    state: Annotated[Path, typer.Option(help="Folder in which the trackers' memory and the night are kept.")],
    speed: Annotated[float | None, typer.Option(help="How many times faster than real time.")] = None,
    ploughs: Annotated[int | None, typer.Option(help="Number of ploughs.")] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed is another night.")] = None,
    stop_with_parent: Annotated[
        bool, typer.Option("--stop-with-parent", envvar="PLOUGHSIM_STOP_WITH_PARENT", help="Stop when the parent ends.")
    ] = False,
) -> None:
    """Lets ploughs clear a road network and publish what their trackers see, until stopped."""
    try:
        if stop_with_parent:
            _follow_parent()
        night = adjust(load_scenario(scenario), {"speed": speed, "ploughs": ploughs, "seed": seed})
        _simulate(night, parse_broker(broker), network, state)
    except PloughSimError as error:
        _fail(str(error), code=2)
    except OSError as error:
        _fail(f"{error.filename or state}: {error.strerror}", code=1)


def main() -> None:
    app()


def _simulate(scenario: Scenario, broker: BrokerAddress, network: Path, state: Path) -> None:
    lanes = Lanes(read_network(network))
    impatience = threading.Timer(_THREADS_S, os._exit, args=(0,))
    impatience.daemon = True
    try:
        asyncio.run(_run_until_signal(scenario, lanes, broker, state, impatience))
    finally:
        impatience.cancel()


async def _run_until_signal(
    scenario: Scenario, lanes: Lanes, broker: BrokerAddress, state: Path, impatience: threading.Timer
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    fleet = Fleet(scenario, lanes, broker, state)
    tell("started", fleet.progress())
    reporting = asyncio.create_task(report(fleet))
    try:
        await fleet.run(stop)
    finally:
        reporting.cancel()
    tell("stopped", fleet.progress())
    impatience.start()


def _follow_parent() -> None:
    """SIGTERM when the parent is gone (Linux)."""
    parent = os.getppid()
    try:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
    except AttributeError as error:
        raise PloughSimError("--stop-with-parent needs Linux; leave it out here") from error
    prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    # It may have ended before we asked to be told.
    if os.getppid() != parent:
        raise typer.Exit


def _fail(message: str, *, code: int) -> None:
    print(f"plough-sim: {message}", file=sys.stderr)
    raise typer.Exit(code)
