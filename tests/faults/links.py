"""TCP between trackers and broker, and between broker and ingest, that breaks in ways that a proxy can bring about."""

import time
from contextlib import AbstractContextManager

from tests.faults.parts import FleetSettings
from tests.faults.proxy import Proxy
from tests.faults.trial import Ground, Outcome, Plan, Trial, judged, opened

BETWEEN_S = (2.0, 6.0)
LOSS, DELAY_S = 0.3, 0.05
LOSSY_S = (15.0, 25.0)


def links_cut(ground: Ground, times: int) -> Outcome:
    """Connections end in mid-packet, after a random number of bytes."""
    with _wired("links-cut", ground) as trial:
        for number in range(times):
            trial.pause(*BETWEEN_S)
            cut_once(trial, _wire(trial, number))
        trial.notes["connections_cut"] = sum(wire.cuts for wire in trial.wires)
        return judged(trial, ground)


def links_half_open(ground: Ground, times: int) -> Outcome:
    """Connections stay up and swallow all; both ends have to find out."""
    with _wired("links-half-open", ground) as trial:
        for number in range(times):
            trial.pause(*BETWEEN_S)
            half_open_once(trial, _wire(trial, number))
        trial.notes["bytes_swallowed"] = sum(wire.swallowed for wire in trial.wires)
        return judged(trial, ground)


def links_lossy(ground: Ground, times: int) -> Outcome:
    """Of all segments 30 % are lost, and the others come late."""
    with _wired("links-lossy", ground) as trial:
        for number in range(times):
            trial.pause(*BETWEEN_S)
            lose_once(trial, _wire(trial, number))
        trial.notes["segments_lost"] = sum(wire.lost for wire in trial.wires)
        trial.notes["connections_cut"] = sum(wire.cuts for wire in trial.wires)
        return judged(trial, ground)


def cut_once(trial: Trial, wire: Proxy) -> None:
    began_s = time.monotonic()
    wire.cut_in_mid_packet()
    trial.pause(2, 4)
    trial.fault(began_s)


def half_open_once(trial: Trial, wire: Proxy) -> None:
    began_s = time.monotonic()
    wire.half_open()
    trial.pause(1, 2)  # what was on its way through arrives
    trial.fault(began_s)


def lose_once(trial: Trial, wire: Proxy) -> None:
    wire.loss, wire.delay_s = LOSS, DELAY_S
    trial.pause(*LOSSY_S)
    wire.loss = wire.delay_s = 0.0
    trial.fault(time.monotonic())


def _wired(name: str, ground: Ground) -> AbstractContextManager[Trial]:
    return opened(name, Plan(fleet=FleetSettings(seed=ground.seed), proxied=True), ground)


def _wire(trial: Trial, number: int) -> Proxy:
    """That of the trackers and that of ingest in turn."""
    return trial.wires[number % len(trial.wires)]
