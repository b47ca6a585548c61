"""Which fixes are new, and up to where a device may forget.

A fix with a sequence number is (device, boot, seq). The committed numbers of a boot are kept as ranges, so that a
resend is dropped exactly, also after a restart. Numbers below `floor` that never came are passed over: the tracker no
longer holds them, or sent them three times and they cannot be read.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from typing import NamedTuple

import numpy as np

from snowtrack.model.columns import ABSENT_64, Bools, Int32s, Int64s, Rows, grouped, present
from snowtrack.model.fixes import FixBatch
from snowtrack.model.intervals import Interval, Intervals, total, union
from snowtrack.model.journal import JournalBatch

RESENDS_BEFORE_LOST = 3
NO_BOOTS: Mapping[int, "Committed"] = {}


class BootId(NamedTuple):
    """One power cycle of one device."""

    device: int
    boot: int


class Committed(NamedTuple):
    """What is committed of one boot: ranges of sequence numbers, and the number below which gaps are passed over."""

    ranges: Intervals = ()
    floor: int = 1

    @property
    def durable_seq(self) -> int:
        """The highest number up to which everything is committed or passed over."""
        if len(self.ranges) == 1 and self.ranges[0][0] <= self.floor:  # as nearly always: nothing is missing
            return max(self.ranges[0][1], self.floor) - 1
        return union([(0, self.floor), *self.ranges])[0][1] - 1

    @property
    def lost(self) -> int:
        """How many numbers were passed over and never came."""
        below = union((start, min(to, self.floor)) for start, to in self.ranges)
        return self.floor - 1 - total(below)

    def missing_from(self, seqs: list[int]) -> list[int]:
        """Those of the sorted numbers that are not committed."""
        starts = [start for start, _ in self.ranges]
        before = ((seq, bisect_right(starts, seq) - 1) for seq in seqs)
        return [seq for seq, at in before if at < 0 or seq >= self.ranges[at][1]]

    def with_runs(self, runs: Iterable[Interval]) -> "Committed":
        return Committed(union([*self.ranges, *runs]), self.floor)

    def with_floor(self, floor: int) -> "Committed":
        return Committed(self.ranges, max(floor, self.floor))


NOTHING = Committed()


@dataclass(slots=True)
class SequenceLedger:
    """The committed numbers of the devices of one worker, by device and boot. All changes go through here.

    `held` is the boot before which a device holds nothing: what comes of those all the same is not judged here.
    `resends` counts for each gap, known by the number behind it, how often it was sent again. `passed` are the boots in
    which gaps were passed over, until somebody takes note of them.
    """

    boots: dict[int, dict[int, Committed]] = field(default_factory=dict)
    held: dict[int, int] = field(default_factory=dict)
    resends: dict[BootId, dict[int, int]] = field(default_factory=dict)
    passed: set[BootId] = field(default_factory=set)

    def get(self, boot_id: BootId) -> Committed | None:
        return self.boots.get(boot_id.device, NO_BOOTS).get(boot_id.boot)

    def freed(self, boot_id: BootId) -> bool:
        """Whether its numbers are forgotten, since the device holds nothing of it."""
        return boot_id.boot < self.held.get(boot_id.device, 0)

    def known(self, boots: Iterable[BootId]) -> dict[BootId, Committed]:
        """What is committed of these, as far as they are known."""
        asked = ((boot_id, self.get(boot_id)) for boot_id in sorted(boots))
        return {boot_id: committed for boot_id, committed in asked if committed is not None}

    def put(self, numbers: Mapping[BootId, Committed]) -> None:
        """Know these boots by what is committed of them."""
        for (device, boot), committed in numbers.items():
            self.boots.setdefault(device, {})[boot] = committed

    def fresh(self, fixes: FixBatch, unreadable: Collection[int]) -> Bools:
        """Mark the fixes that are new, take their numbers in, and note resends of what stands behind a gap. What is of
        boots that are freed counts as new.

        `unreadable` names the devices that sent bytes with these fixes that could not be read.
        """
        fresh = np.ones(len(fixes), np.bool_)
        rows, starts, in_step = _by_boot(fixes)
        if not len(rows):
            return fresh
        devices, boots = fixes.device[rows[starts]].tolist(), fixes.boot[rows[starts]].tolist()
        ends = [*starts[1:].tolist(), len(rows)]
        firsts, seqs = starts.tolist(), fixes.seq
        for device, boot, first, end, steps in zip(devices, boots, firsts, ends, in_step.tolist(), strict=True):
            boot_id = BootId(device, boot)
            if not self.freed(boot_id) and not (steps and self._goes_on(boot_id, int(seqs[rows[first]]), end - first)):
                own = rows[first:end]
                fresh[own] = self._taken(boot_id, seqs[own].tolist(), device in unreadable)
        return fresh

    def _goes_on(self, boot_id: BootId, seq: int, count: int) -> bool:
        """What nearly always comes: the next numbers after those of a boot in which nothing is missing."""
        device, boot = boot_id
        ranges, floor = self.boots.get(device, NO_BOOTS).get(boot, NOTHING)
        if len(ranges) != 1 or ranges[0][1] != seq or boot_id in self.resends:
            return False
        self.boots[device][boot] = Committed(((ranges[0][0], seq + count),), floor)
        return True

    def _taken(self, boot_id: BootId, seqs: list[int], unreadable: bool) -> list[bool]:
        """Of some numbers of a boot, in order of arrival, which are new."""
        committed = self.get(boot_id) or NOTHING
        new = set(committed.missing_from(sorted(set(seqs))))
        resent = set(seqs) - new if unreadable else set()
        fresh = []
        for seq in seqs:
            fresh.append(seq in new)
            new.discard(seq)
        taken = committed.with_runs((seq, seq + 1) for seq, is_new in zip(seqs, fresh, strict=True) if is_new)
        self.put({boot_id: self._passed_over(boot_id, taken, resent)})
        return fresh

    def oldest_held(self, device: int, boot: int, seq: int) -> bool:
        """The tracker holds nothing older than this: pass over what is missing below; whether other boots are held."""
        boot_id = BootId(device, boot)
        self.put({boot_id: (self.get(boot_id) or NOTHING).with_floor(seq)})
        self.passed.add(boot_id)
        moved = self.held.get(device, 0) != boot
        self.held[device] = boot
        for other in [other for other in self.boots[device] if other < boot]:
            self._drop(BootId(device, other))
        return moved

    def take_up(self, journal: JournalBatch) -> None:
        """Add what batches brought after the numbers here were saved; some of it may be in them."""
        columns = (getattr(journal, name).tolist() for name in ("device", "boot", "from_seq", "to_seq"))
        for device, boot, from_seq, to_seq in zip(*columns, strict=True):
            boot_id = BootId(device, boot)
            if from_seq < to_seq and not self.freed(boot_id):
                self.put({boot_id: (self.get(boot_id) or NOTHING).with_runs([(from_seq, to_seq)])})

    def durable(self, device: int) -> list[dict[str, int]]:
        """What the device is told: one entry per boot that it may still hold."""
        own = sorted(self.boots.get(device, NO_BOOTS).items())
        return [{"boot": boot, "seq": committed.durable_seq} for boot, committed in own]

    def _drop(self, boot_id: BootId) -> None:
        del self.boots[boot_id.device][boot_id.boot]
        self.resends.pop(boot_id, None)
        self.passed.discard(boot_id)

    def _passed_over(self, boot_id: BootId, committed: Committed, resent: set[int]) -> Committed:
        """When the number behind a gap comes again beside unreadable bytes, these are the gap, sent again."""
        behind = [start for start, _ in committed.ranges if start > committed.durable_seq + 1]
        before = self.resends.pop(boot_id, {})
        times = {start: before.get(start, 0) + (start in resent) for start in behind}
        if any(times.values()):
            self.resends[boot_id] = times
        lost = list(takewhile(lambda start: times[start] >= RESENDS_BEFORE_LOST, behind))
        if not lost:
            return committed
        self.passed.add(boot_id)
        return committed.with_floor(lost[-1])


def brought(number: int, new: FixBatch, heard_us: Mapping[int, int]) -> JournalBatch:
    """What a batch brought: its new fixes, of devices that were heard at these instants."""
    numbered = present(new.boot)
    order = np.lexsort((new.seq, new.boot, new.device))
    device, boot, seq = (column[order] for column in (new.device, new.boot, np.where(numbered, new.seq, 0)))
    begins = np.ones(len(order), np.bool_)
    goes_on = (seq[1:] == seq[:-1] + 1) | ~present(boot[1:])
    begins[1:] = (device[1:] != device[:-1]) | (boot[1:] != boot[:-1]) | ~goes_on
    first = np.flatnonzero(begins)
    counts = np.diff([*first.tolist(), len(order)])
    silent = sorted(heard_us.keys() - set(device[first].tolist()))
    devices = np.concatenate([device[first], silent]).astype(np.int32)
    rest = np.zeros(len(silent), np.int64)
    run = np.where(present(boot[first]), counts, 0)
    return JournalBatch.of(
        len(devices),
        batch=np.full(len(devices), number),
        device=devices,
        boot=np.concatenate([boot[first], rest + ABSENT_64]),
        from_seq=np.concatenate([seq[first], rest]),
        to_seq=np.concatenate([seq[first] + run, rest]),
        fixes=np.concatenate([counts, rest]).astype(np.int32),
        heard_us=np.array([heard_us[number] for number in devices.tolist()], np.int64),
    )


def boots_of(device: Int32s, boot: Int64s) -> tuple[list[BootId], Rows]:
    """The boots of fixes, in order, and for each fix the place of its boot in that list."""
    found, places = grouped(device, boot)
    return list(map(BootId, device[found].tolist(), boot[found].tolist())), places


def _by_boot(fixes: FixBatch) -> tuple[Rows, Rows, Bools]:
    """The numbered fixes, those of a boot together in order of arrival; where each boot starts, and whether its numbers
    follow one on the other."""
    rows = np.flatnonzero(present(fixes.seq))
    _, group = grouped(fixes.device[rows], fixes.boot[rows])
    order = np.argsort(group, kind="stable")
    rows, changes = rows[order], np.diff(group[order], prepend=-1) != 0
    seq, steps, starts = fixes.seq[rows], changes.copy(), np.flatnonzero(changes)
    steps[1:] |= seq[1:] == seq[:-1] + 1
    return rows, starts, np.logical_and.reduceat(steps, starts) if len(rows) else changes
