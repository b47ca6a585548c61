"""The process of a night against a broker: signals, limits, and its end."""

import asyncio
import ctypes
import os
import resource
import signal
import threading
import time
from typing import Any

from ploughsim.errors import PloughSimError
from ploughsim.running.address import BrokerAddress
from ploughsim.running.fleet import Fleet, Places
from ploughsim.running.gateways import Gateways
from ploughsim.running.night import open_night, truth_head
from ploughsim.running.progress import Run, report, tell
from ploughsim.running.spool import Spool
from ploughsim.running.stream import Stream
from ploughsim.scenario import Scenario
from ploughsim.world.ledger import Ledger

_PR_SET_PDEATHSIG = 1
# The MQTT library connects in threads that cannot be interrupted; the process does not wait for them.
_THREADS_S = 0.3
# Beside a flash file and a connection for each unit.
_OTHER_FILES = 200


def run_against_broker(scenario: Scenario, broker: BrokerAddress, places: Places) -> None:
    """Until SIGTERM, SIGINT or the end of the night."""
    impatience = threading.Timer(_THREADS_S, os._exit, args=(0,))
    impatience.daemon = True
    try:
        asyncio.run(_run_until_signal(_open(scenario, broker, places), impatience))
    finally:
        impatience.cancel()


def follow_parent() -> None:
    """SIGTERM when the parent is gone (Linux)."""
    parent = os.getppid()
    try:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
    except AttributeError as error:
        raise PloughSimError("--stop-with-parent needs Linux; leave it out here") from error
    prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    # It may have ended before we asked to be told.
    if os.getppid() != parent:
        raise SystemExit(0)


def _open(scenario: Scenario, broker: BrokerAddress, places: Places) -> Run:
    if not scenario.night.gateways:
        _allow_files(2 * (scenario.fleet.machines + scenario.fleet.twins))
        return Fleet(scenario, broker, places)
    places.state.mkdir(parents=True, exist_ok=True)
    night = open_night(scenario, places.network, scenario.night.start_ms(time.time_ns() // 1_000_000))
    ledger = Ledger(places.truth, night.world, truth_head(scenario, scenario.night.speed)) if places.truth else None
    return Gateways(night, broker, Stream(night, Spool(places.state)), ledger)


def _on_stray(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """The MQTT library asks futures that were cancelled with their connection; everything else is told."""
    if not isinstance(context.get("exception"), asyncio.CancelledError):
        loop.default_exception_handler(context)


def _allow_files(count: int) -> None:
    wanted = count + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and wanted > hard:
        raise PloughSimError(f"{wanted} open files are needed, {hard} are allowed; raise 'ulimit -n', or use gateways")
    if soft != resource.RLIM_INFINITY and wanted > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _run_until_signal(run: Run, impatience: threading.Timer) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().set_exception_handler(_on_stray)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    tell("started", run.progress())
    reporting = asyncio.create_task(report(run))
    try:
        await run.run(stop)
    finally:
        reporting.cancel()
    tell("stopped", run.progress())
    impatience.start()
