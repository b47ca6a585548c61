"""Which fixes are new, and up to where a device may forget.

A fix with a sequence number is (device, boot, seq). The committed numbers of a boot are kept as ranges, so that a
resend is dropped exactly, also after a restart. Numbers below `floor` that never came are passed over: the tracker no
longer holds them, or sent them three times and they cannot be read.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import takewhile

import numpy as np

from snowtrack.model.columns import ABSENT_64, Bools, Rows, present
from snowtrack.model.fixes import FixBatch
from snowtrack.model.intervals import Interval, Intervals, total, union
from snowtrack.model.journal import JournalBatch

RESENDS_BEFORE_LOST = 3


@dataclass(frozen=True, slots=True, order=True)
class BootId:
    """One power cycle of one device."""

    device: int
    boot: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """What is committed of one boot: ranges of sequence numbers, and the number below which gaps are passed over."""

    ranges: Intervals = ()
    floor: int = 1

    @property
    def durable_seq(self) -> int:
        """The highest number up to which everything is committed or passed over."""
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
        return Committed(ranges=union([*self.ranges, *runs]), floor=self.floor)

    def with_floor(self, floor: int) -> "Committed":
        return Committed(ranges=self.ranges, floor=max(floor, self.floor))


@dataclass(slots=True)
class SequenceLedger:
    """The committed numbers of the devices of one worker. All changes go through here.

    `resends` counts for each gap, known by the number behind it, how often it was sent again. `passed` are the boots in
    which gaps were passed over, until somebody takes note of them.
    """

    boots: dict[BootId, Committed] = field(default_factory=dict)
    resends: dict[BootId, dict[int, int]] = field(default_factory=dict)
    passed: set[BootId] = field(default_factory=set)

    def fresh(self, fixes: FixBatch, unreadable: Collection[int]) -> Bools:
        """Mark the fixes that are new, take their numbers in, and note resends of what stands behind a gap.

        `unreadable` names the devices that sent bytes with these fixes that could not be read.
        """
        fresh = np.ones(len(fixes), np.bool_)
        for boot_id, rows in _by_boot(fixes).items():
            committed = self.boots.get(boot_id, Committed())
            first_rows = {int(seq): int(row) for seq, row in zip(fixes.seq[rows][::-1], rows[::-1], strict=True)}
            new = committed.missing_from(sorted(first_rows))
            fresh[rows] = False
            fresh[[first_rows[seq] for seq in new]] = True
            resent = first_rows.keys() - set(new) if boot_id.device in unreadable else set()
            self.boots[boot_id] = self._passed_over(boot_id, committed.with_runs((seq, seq + 1) for seq in new), resent)
        return fresh

    def oldest_held(self, device: int, boot: int, seq: int) -> set[BootId]:
        """The tracker holds nothing older than this: pass over what is missing below; give the boots that are freed."""
        boot_id = BootId(device, boot)
        self.boots[boot_id] = self.boots.get(boot_id, Committed()).with_floor(seq)
        self.passed.add(boot_id)
        freed = {other for other in self.boots if other.device == device and other.boot < boot}
        for other in freed:
            self._drop(other)
        return freed

    def take_up(self, journal: JournalBatch) -> None:
        """Add what batches brought after the numbers here were saved; some of it may be in them."""
        columns = zip(
            *(getattr(journal, name).tolist() for name in ("device", "boot", "from_seq", "to_seq")), strict=True
        )
        runs: dict[BootId, list[Interval]] = {}
        for device, boot, from_seq, to_seq in columns:
            if from_seq < to_seq:
                runs.setdefault(BootId(device, boot), []).append((from_seq, to_seq))
        for boot_id, own in runs.items():
            self.boots[boot_id] = self.boots.get(boot_id, Committed()).with_runs(own)

    def durable(self, device: int) -> list[dict[str, int]]:
        """What the device is told: one entry per boot that it may still hold."""
        mine = sorted((boot_id, committed) for boot_id, committed in self.boots.items() if boot_id.device == device)
        return [{"boot": boot_id.boot, "seq": committed.durable_seq} for boot_id, committed in mine]

    def forget(self, device: int) -> None:
        """Drop what is known of a device; the store has it."""
        for boot_id in [boot_id for boot_id in self.boots if boot_id.device == device]:
            self._drop(boot_id)

    def _drop(self, boot_id: BootId) -> None:
        del self.boots[boot_id]
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


def brought(new: FixBatch, heard_us: Mapping[int, int]) -> JournalBatch:
    """What new fixes are, of devices that were heard at these instants."""
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
        device=devices,
        boot=np.concatenate([boot[first], rest + ABSENT_64]),
        from_seq=np.concatenate([seq[first], rest]),
        to_seq=np.concatenate([seq[first] + run, rest]),
        fixes=np.concatenate([counts, rest]).astype(np.int32),
        heard_us=np.array([heard_us[number] for number in devices.tolist()], np.int64),
    )


def boots_of(fixes: FixBatch) -> tuple[list[BootId], Rows]:
    """The boots of fixes that all have a number, and for each fix the place of its boot in that list."""
    keys, places = np.unique(np.stack([fixes.device, fixes.boot]), axis=1, return_inverse=True)
    return [BootId(device, boot) for device, boot in zip(*keys.tolist(), strict=True)], places.reshape(-1)


def _by_boot(fixes: FixBatch) -> dict[BootId, Rows]:
    rows = np.flatnonzero(present(fixes.seq))
    rows = rows[np.lexsort((rows, fixes.boot[rows], fixes.device[rows]))]
    keys = np.stack([fixes.device[rows], fixes.boot[rows]])
    starts = np.flatnonzero(np.any(keys[:, 1:] != keys[:, :-1], axis=0)) + 1
    groups = np.split(rows, starts) if len(rows) else []
    return {BootId(int(fixes.device[group[0]]), int(fixes.boot[group[0]])): group for group in groups}
