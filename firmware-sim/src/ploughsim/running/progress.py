"""Tells how far the simulation is, on standard error: in a line for people, or in JSON for programs."""

import asyncio
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import orjson
from rich.console import Console

from ploughsim.scenario import JAPAN

_PEOPLE_EVERY_S = 5.0
_PROGRAMS_EVERY_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """`epochs` were written since the start, `held` await confirmation, `overwritten` were lost to full rings."""

    epochs: int
    held: int
    overwritten: int
    connected: int
    powered: int
    units: int
    simulated_ms: int
    trouble: str | None


class Run(Protocol):
    """A night against a broker."""

    def progress(self) -> Progress: ...

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set, the night is over, or something is beyond repair."""


async def report(run: Run) -> None:
    """Until cancelled."""
    while True:
        await asyncio.sleep(_PEOPLE_EVERY_S if sys.stderr.isatty() else _PROGRAMS_EVERY_S)
        tell("progress", run.progress())


def tell(event: str, progress: Progress) -> None:
    figures: dict[str, object] = {
        "event": event,
        "epochs": progress.epochs,
        "held": progress.held,
        "overwritten": progress.overwritten,
        "connected": progress.connected,
        "powered": progress.powered,
        "ploughs": progress.units,
        "simulated_time": _iso(progress.simulated_ms),
    }
    words = [
        event,
        _clock(progress.simulated_ms),
        f"{progress.connected}/{progress.powered} of {progress.units} connected",
        f"{progress.epochs:,} epochs",
        f"{progress.held:,} held",
    ]
    if progress.overwritten:
        words.append(f"{progress.overwritten:,} overwritten")
    if progress.trouble:
        words.append(progress.trouble)
        figures["trouble"] = progress.trouble
    _say(" · ".join(words), figures)


class FileProgress:
    """How far a night into a file is; said now and then, and at its end."""

    def __init__(self, start_ms: int, end_ms: int) -> None:
        self._start_ms, self._end_ms = start_ms, end_ms
        self._began_s = self._said_s = time.monotonic()

    def __call__(self, epochs: int, messages: int, until_ms: int) -> None:
        now_s = time.monotonic()
        over = until_ms >= self._end_ms
        if over or now_s - self._said_s >= (1.0 if sys.stderr.isatty() else _PROGRAMS_EVERY_S):
            self._said_s = now_s
            share = (until_ms - self._start_ms) / max(1, self._end_ms - self._start_ms)
            per_s = epochs / max(now_s - self._began_s, 1e-9)
            event = "done" if over else "progress"
            _say(
                f"{event} · {share:4.0%} · {_clock(until_ms)} · {epochs:,} epochs · {messages:,} messages"
                f" · {per_s:,.0f} epochs/s",
                {
                    "event": event,
                    "epochs": epochs,
                    "messages": messages,
                    "share": round(share, 4),
                    "epochs_per_s": round(per_s),
                    "simulated_time": _iso(until_ms),
                },
            )


def _say(words: str, figures: dict[str, object]) -> None:
    if sys.stderr.isatty():
        Console(stderr=True).print(words, highlight=False, markup=False)
    else:
        print(orjson.dumps(figures).decode(), file=sys.stderr, flush=True)


def _clock(time_ms: int) -> str:
    """As people in Japan read it."""
    return f"{datetime.fromtimestamp(time_ms / 1000, JAPAN):%m-%d %H:%M:%S}"


def _iso(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms // 1000, JAPAN).isoformat()
