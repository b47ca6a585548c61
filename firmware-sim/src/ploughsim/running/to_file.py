"""A night into a file: no broker, no clock on the wall, as fast as it goes."""

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from ploughsim.errors import OutputError, ScenarioError
from ploughsim.running.heard import Trackers
from ploughsim.running.night import Night, open_night, truth_head
from ploughsim.running.published import MessageFile
from ploughsim.running.spool import Spool
from ploughsim.running.stream import Stream
from ploughsim.scenario import Scenario
from ploughsim.world.ledger import Ledger

_SPAN_MS = 60_000
# Rows that are held at once: with more units the spans are shorter.
_ROWS_MAX = 500_000

Tell = Callable[[int, int, int], None]
"""Epochs and messages so far, and up to when."""


def write_night(scenario: Scenario, network: Path, file: Path, truth: Path | None, tell: Tell) -> None:
    """File and truth are there when the night is over, or not at all."""
    if not scenario.night.hours:
        raise ScenarioError("a night into a file needs an end: give --hours, or hours in [night]")
    if truth and truth.exists() and (not truth.is_dir() or any(truth.iterdir())):
        raise OutputError(f"{truth}: is there already; remove it, or name another folder")
    half = truth.with_name(f".{truth.name}.{os.getpid()}") if truth else None
    try:
        with MessageFile(file) as messages, closing(Spool(file.parent)) as spool:
            night = open_night(scenario, network, scenario.night.date_ms)
            _write(night, spool, messages, half, tell)
            if truth and half:
                half.rename(truth)
    finally:
        if half:
            shutil.rmtree(half, ignore_errors=True)
    tell(messages.epochs, messages.messages, night.end_ms or night.start_ms)


def _write(night: Night, spool: Spool, messages: MessageFile, truth: Path | None, tell: Tell) -> None:
    trackers, stream = Trackers(night), Stream(night, spool)
    ledger = Ledger(truth, night.world, truth_head(night.scenario, None)) if truth else None
    end_ms = night.end_ms or night.start_ms
    span_ms = stream.spans_of(min(_SPAN_MS, _ROWS_MAX // len(night.world.units) * night.step_ms))
    for first_ms in range(night.start_ms, end_ms, span_ms):
        stop_ms = min(first_ms + span_ms, end_ms)
        seen = night.world.truth(first_ms, stop_ms, night.step_ms)
        heard = trackers.hear(seen)
        for message in stream.messages(heard, stop_ms):
            messages.write(message)
        if ledger:
            ledger.epochs(seen, heard.every_seq, stop_ms)
        messages.epochs += len(heard.truth)
        if stop_ms < end_ms:
            tell(messages.epochs, messages.messages, stop_ms)
    for message in stream.rest(end_ms):
        messages.write(message)
    if ledger:
        ledger.close(over=True)
