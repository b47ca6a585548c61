"""What the trackers of a span of time hear, in columns: epochs with their numbers and their text.

Nearly all of it comes out of the serial line as it went in. What does not goes through a tracker's own assembler, one
epoch at a time, and stays one epoch; where nothing is left of it there is none.
"""

from typing import NamedTuple

import numpy as np

from ploughsim.compiled import Array
from ploughsim.running.night import Night
from ploughsim.sentences.families import ALL_KINDS, KEPT_KINDS
from ploughsim.sentences.write import write_epoch, write_epochs
from ploughsim.tracker.assembler import EPOCH_BYTES_MAX, Assembler
from ploughsim.tracker.wording import NO_KINDS

# After so long a silence an assembler gives out whatever it has.
_SILENCE_MS = 10_000


class Heard(NamedTuple):
    """Rows of truth with an epoch, the epochs' numbers, and their text from `offsets[row]` to `offsets[row + 1]`.

    `every_seq` is of all rows that there were, 0 where nothing was heard.
    """

    truth: Array
    seq: Array
    text: bytes
    offsets: Array
    every_seq: Array


class Trackers:
    """Counts the epochs of all units, and boots from `boots_before` on. Called with spans that follow each other."""

    def __init__(self, night: Night, boots_before: int = 0) -> None:
        self._night = night
        self._boots_before = boots_before
        self._everything = night.scenario.tracker.storage == "raw"
        self._kinds = ALL_KINDS if self._everything else KEPT_KINDS
        self._boot = np.zeros(len(night.world.units), np.int64)
        self._seq = np.zeros(len(night.world.units), np.int64)

    def hear(self, truth: Array) -> Heard:
        epochs = self._night.receivers.observe(truth)
        truth["boot"] += self._boots_before
        epochs["boot"] = truth["boot"]
        damaged = self._damaged(truth, epochs)
        kept = np.ones(len(truth), np.bool_)
        kept[[row for row, text in damaged.items() if not text]] = False
        every_seq = np.zeros(len(truth), np.int64)
        if not kept.all():
            places = np.cumsum(kept) - 1
            damaged = {int(places[row]): text for row, text in damaged.items() if text}
            truth, epochs = truth[kept], epochs[kept]
        every_seq[kept] = epochs["seq"] = self._number(truth)
        families = self._night.receivers.families[truth["unit"]]
        written, offsets = write_epochs(epochs, families, kinds=self._kinds)
        text = written.tobytes()
        if damaged:
            text, offsets = _with_damage(epochs, families, (text, offsets), damaged)
        return Heard(truth, epochs["seq"], text, offsets, every_seq)

    def _damaged(self, truth: Array, epochs: Array) -> dict[int, bytes]:
        """Of the rows whose bytes do not arrive as they were sent, or are too many, what a tracker has."""
        suspect = self._night.serial.faulty(truth)
        if self._everything:
            _, offsets = write_epochs(epochs, self._night.receivers.families[truth["unit"]], own=False, kinds=ALL_KINDS)
            suspect |= np.diff(offsets) > EPOCH_BYTES_MAX
        damaged = {}
        for row in np.flatnonzero(suspect).tolist():
            unit, time_ms, on_ms = (int(truth[name][row]) for name in ("unit", "time_ms", "on_ms"))
            family = int(self._night.receivers.families[unit])
            sent = write_epoch(epochs[row : row + 1], family, own=False, kinds=ALL_KINDS)
            arrived = self._night.serial.carry(sent, unit, time_ms, on_ms)
            if arrived != sent or len(sent) > EPOCH_BYTES_MAX:
                damaged[row] = self._assembled(arrived, family)
        return damaged

    def _assembled(self, data: bytes, family: int) -> bytes:
        assembler = Assembler(family, everything=self._everything)
        return b"".join(one.text for one in (*assembler.feed(data, 0), *assembler.feed(b"", _SILENCE_MS)))

    def _number(self, truth: Array) -> Array:
        """Epochs count from 1 in each boot of each unit."""
        unit, boot = truth["unit"].astype(np.int64), truth["boot"].astype(np.int64)
        first = np.ones(len(truth), np.bool_)
        first[1:] = (unit[1:] != unit[:-1]) | (boot[1:] != boot[:-1])
        starts = np.flatnonzero(first)
        before = np.where(self._boot[unit[starts]] == boot[starts], self._seq[unit[starts]], 0)
        lengths = np.diff(starts, append=len(truth))
        seq = np.arange(1, len(truth) + 1) - np.repeat(starts - before, lengths)
        last = np.flatnonzero(np.append(unit[1:] != unit[:-1], len(unit) > 0))
        self._boot[unit[last]], self._seq[unit[last]] = boot[last], seq[last]
        return seq


def _with_damage(
    epochs: Array, families: Array, clean: tuple[bytes, Array], damaged: dict[int, bytes]
) -> tuple[bytes, Array]:
    """The text with that of some rows replaced, behind the tracker's own sentence."""
    (text, offsets), pieces, done = clean, [], 0
    lengths = np.diff(offsets)
    for row, heard in damaged.items():
        own = write_epoch(epochs[row : row + 1], int(families[row]), kinds=NO_KINDS)
        pieces += [text[done : offsets[row]], own, heard]
        lengths[row], done = len(own) + len(heard), int(offsets[row + 1])
    return b"".join([*pieces, text[done:]]), np.concatenate([[0], np.cumsum(lengths)])
