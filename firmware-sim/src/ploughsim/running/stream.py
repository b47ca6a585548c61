"""A night in columns: what reaches the broker from trackers without trackers, as fast as arrays go.

Time is cut into spans; in each, the truth, what the receivers make of it and its text are arrays over all units. A live
message is a slice of the text. Where a unit has no network its epochs wait in the spool, and go out on `log` when it
has. What trackers do beyond that (`ploughsim.tracker`) is left out: they send the same epochs with the same bytes.
"""

from collections.abc import Iterator
from heapq import heappop, heappush
from math import inf
from typing import NamedTuple

import numpy as np
import orjson

from ploughsim.compiled import Array
from ploughsim.radio.fate import Fates
from ploughsim.running.backlog import Backlog, Epochs
from ploughsim.running.heard import Heard
from ploughsim.running.night import Night
from ploughsim.running.published import Published
from ploughsim.running.spool import Spool

# How long a tracker waits for the broker's acknowledgement before it calls again, and how long calling takes.
_PATIENCE_MS = 20_000
_CALL_MS = 1_000


class _Fate(NamedTuple):
    """A row of FATE."""

    delay_ms: float
    arrives: bool
    confirmed: bool
    copies: int


class _Group(NamedTuple):
    """Epochs that make a message: of one unit and boot, live or not. It goes out at `sent_ms`."""

    unit: int
    first_ms: int
    last_ms: int
    sent_ms: int
    live: bool
    epochs: Epochs
    fate: _Fate


class Stream:
    """`messages` is called with spans that follow each other."""

    def __init__(self, night: Night, spool: Spool) -> None:
        self._night = night
        rules, units = night.scenario.tracker, night.world.units
        self._fates = Fates(night.scenario.radio, seed=night.radio_seed)
        self._backlogs = [Backlog(spool, rules, uplink_kbps=night.scenario.radio.uplink_kbps) for _ in units]
        self._full = rules.epochs_per_message
        self._status_every_ms = round(rules.status_interval_s * 1000)
        self._wait_ms = round(rules.message_wait_s * 1000)
        self._slot_ms = max(1, min(self._full, 1 + self._wait_ms // night.step_ms)) * night.step_ms
        self._topics = [f"snow/v1/{unit.agency}/{unit.device}/" for unit in units]
        self._status_ms = [0] * len(units)
        self._heard_ms = [0] * len(units)
        # What is on its way: when it arrives, and the first of its epochs.
        self._flying: list[list[tuple[float, int, int]]] = [[] for _ in units]
        self._arriving: list[tuple[float, int, int, Published]] = []
        self._count = 0

    def messages(self, heard: Heard, stop_ms: int) -> Iterator[Published]:
        """What has arrived before `stop_ms`, in order of arrival."""
        for group in self._groups(heard):
            if group.first_ms - self._heard_ms[group.unit] > self._night.step_ms:
                # It had no power.
                self._backlogs[group.unit].hold(group.first_ms + _CALL_MS)
            self._heard_ms[group.unit] = group.last_ms
            if group.live:
                self._send_live(group)
            else:
                self._backlogs[group.unit].add(group.epochs, group.last_ms + _CALL_MS)
        while self._arriving and self._arriving[0][0] < stop_ms:
            yield heappop(self._arriving)[-1]

    def spans_of(self, least_ms: int) -> int:
        """A length of time, at least so long, that tears no message."""
        return -(-least_ms // self._slot_ms) * self._slot_ms

    def rest(self, end_ms: int) -> Iterator[Published]:
        """What comes when the night is over, and everybody is home and has network."""
        for unit, backlog in enumerate(self._backlogs):
            backlog.hold(end_ms + _CALL_MS)
            self._send_backlog(unit, inf)
        while self._arriving:
            yield heappop(self._arriving)[-1]

    def _groups(self, heard: Heard) -> Iterator[_Group]:
        truth, offsets = heard.truth, heard.offsets
        if not len(truth):
            return
        covered = self._night.coverage.of(truth)
        edges = np.flatnonzero(_borders(truth["unit"], truth["boot"], truth["time_ms"] // self._slot_ms, covered))
        first, last = edges[:-1], edges[1:] - 1
        unit, count = truth["unit"][first].astype(np.int64), last + 1 - first
        first_ms, last_ms = truth["time_ms"][first], truth["time_ms"][last]
        sent_ms = np.where(count >= self._full, last_ms, first_ms + self._wait_ms)
        columns = (
            unit, first_ms, last_ms, sent_ms, covered[first], self._fates.of(unit, sent_ms),
            truth["boot"][first], heard.seq[first], count, offsets[first], offsets[last + 1],
        )  # fmt: skip
        rows = zip(*(column.tolist() for column in columns), strict=True)
        for number, from_ms, to_ms, out_ms, live, fate, boot, seq, epochs, begins, ends in rows:
            text = heard.text[begins:ends]
            yield _Group(number, from_ms, to_ms, out_ms, live, Epochs(boot, seq, epochs, text), _Fate(*fate))

    def _send_live(self, group: _Group) -> None:
        unit, epochs, sent_ms, fate = group.unit, group.epochs, group.sent_ms, group.fate
        if sent_ms >= self._status_ms[unit]:
            self._status_ms[unit] = sent_ms + self._status_every_ms
            status = _online(epochs.boot, self._oldest(unit, sent_ms, (epochs.boot, epochs.seq)))
            self._publish(unit, sent_ms, "status", status, fate)
        at_ms = self._publish(unit, sent_ms, "up", epochs.text, fate)
        if fate.arrives:
            self._flying[unit].append((at_ms, epochs.boot, epochs.seq))
        if not fate.confirmed:
            self._backlogs[unit].add_lost(epochs, sent_ms + _PATIENCE_MS)
        # What could have gone a moment ago goes now: what has arrived before has been told already.
        self._backlogs[unit].hold(group.first_ms)
        self._send_backlog(unit, group.last_ms)

    def _send_backlog(self, unit: int, until_ms: float) -> None:
        for through_ms, boot, seq, payload in self._backlogs[unit].sent_by(until_ms):
            fate = _Fate(*self._fates.of(np.array([unit]), np.array([round(through_ms)])).tolist()[0])
            # What is lost of it comes again, and then it arrives.
            again_ms = 0 if fate.arrives else _PATIENCE_MS
            at_ms = self._publish(unit, through_ms + again_ms, "log", payload, fate._replace(arrives=True))
            self._flying[unit].append((at_ms, boot, seq))

    def _oldest(self, unit: int, now_ms: float, own: tuple[int, int]) -> tuple[int, int]:
        """Boot and number of the oldest epoch that has not arrived."""
        flying = self._flying[unit] = [one for one in self._flying[unit] if one[0] > now_ms]
        waits = self._backlogs[unit].oldest
        return min([own, *(one[1:] for one in flying), *([waits] if waits else [])])

    def _publish(self, unit: int, sent_ms: float, lane: str, payload: bytes, fate: _Fate) -> float:
        """When the broker has it, if it arrives at all."""
        at_ms = sent_ms + fate.delay_ms
        if fate.arrives:
            message = Published(round(at_ms), self._topics[unit] + lane, payload, lane == "status")
            for _ in range(fate.copies):
                self._count += 1
                heappush(self._arriving, (at_ms, unit, self._count, message))
        return at_ms


def _borders(*columns: Array) -> Array:
    """Where a row differs from the one before, with both ends."""
    borders = np.ones(len(columns[0]) + 1, np.bool_)
    borders[1:-1] = False
    for column in columns:
        borders[1:-1] |= column[1:] != column[:-1]
    return borders


def _online(boot: int, oldest: tuple[int, int]) -> bytes:
    return orjson.dumps({"state": "online", "boot": boot, "oldest": {"boot": oldest[0], "seq": oldest[1]}})
