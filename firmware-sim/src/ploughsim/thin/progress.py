"""Tells how far the simulation is, on standard error: in a line for people, or in JSON for programs."""

import asyncio
import sys
from datetime import UTC, datetime

import orjson
from rich.console import Console

from ploughsim.thin.fleet import Fleet, Progress

_PEOPLE_EVERY_S = 5.0
_PROGRAMS_EVERY_S = 10.0


async def report(fleet: Fleet) -> None:
    """Until cancelled."""
    while True:
        await asyncio.sleep(_PEOPLE_EVERY_S if sys.stderr.isatty() else _PROGRAMS_EVERY_S)
        tell("progress", fleet.progress())


def tell(event: str, progress: Progress) -> None:
    if sys.stderr.isatty():
        Console(stderr=True).print(_for_people(event, progress), highlight=False, markup=False)
    else:
        print(_for_programs(event, progress), file=sys.stderr, flush=True)


def _for_programs(event: str, progress: Progress) -> str:
    content: dict[str, object] = {
        "event": event,
        "epochs": progress.epochs,
        "held": progress.held,
        "overwritten": progress.overwritten,
        "connected": progress.connected,
        "ploughs": progress.ploughs,
        "simulated_time": _simulated(progress).isoformat(timespec="seconds"),
    }
    if progress.trouble:
        content["trouble"] = progress.trouble
    return orjson.dumps(content).decode()


def _for_people(event: str, progress: Progress) -> str:
    trouble = f" · {progress.trouble}" if progress.trouble else ""
    lost = f" · {progress.overwritten:,} overwritten" if progress.overwritten else ""
    return (
        f"{event} · {_simulated(progress):%Y-%m-%d %H:%M:%S}Z · {progress.connected}/{progress.ploughs} connected"
        f" · {progress.epochs:,} epochs · {progress.held:,} held{lost}{trouble}"
    )


def _simulated(progress: Progress) -> datetime:
    return datetime.fromtimestamp(progress.simulated_ms / 1000, UTC)
