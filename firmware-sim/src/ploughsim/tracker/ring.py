"""The tracker's memory: epochs in a ring of sectors on flash, the oldest erased to make room for the newest.

The sectors are a log: their serials count up for ever, and serial modulo sectors is where one lies, so that all wear
alike. An epoch is known by its name, boot and seq, and names ascend along the log. A power cut at any write leaves
every epoch that was appended, and nothing that was not. What was freed may come back after one, but for the sectors of
which all was freed.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ploughsim.compiled import Array
from ploughsim.errors import RingError
from ploughsim.tracker.flash import Flash
from ploughsim.tracker.records import BASE, UPTIME_MS_MAX, rows_of
from ploughsim.tracker.sectors import SLOTS, Sector, Stretch, stretches
from ploughsim.tracker.slots import Base, of_base, of_row, of_text, text_slots

Name: TypeAlias = tuple[int, int]
"""Boot and seq."""
SECTORS_MIN = 2
EXTRA_STRETCHES = 64
"""So many more than sectors may be held: one for each time that counting began anew within a sector."""


@dataclass(frozen=True, slots=True)
class Found:
    """Epochs of one receiver family. Where there is a text, it is the receiver's part; else the row says all."""

    family: int
    rows: Array
    texts: list[bytes | None]


class Ring:
    """Opening a ring is a power-up: the boot number grows by one, and is on flash before the first epoch.

    It lies in `sectors` sectors of the chip, from the `first` one on. On a new chip boots count from `boots_before`.
    """

    def __init__(self, flash: Flash, first: int, sectors: int, family: int, boots_before: int = 0) -> None:
        self._flash, self._first, self._sectors, self._family = flash, first, sectors, family
        self.overwritten = 0
        self.unreadable = 0
        self.held = 0
        self._stretches: list[Stretch] = []
        self._serial, self._slot = -1, SLOTS
        self.boot = (self._find_all() or boots_before) + 1
        self.next_seq = 1
        self._count_from(0)

    @property
    def oldest(self) -> Name:
        """The oldest epoch held, or the next one to come."""
        return self._stretches[0].first if self._stretches else self.next

    @property
    def next(self) -> Name:
        """The epoch to come."""
        return self.boot, self.next_seq

    @property
    def wear(self) -> int:
        """How often the most worn sector was erased, but for erases that a power cut made again."""
        return self._serial // self._sectors + 1

    @property
    def stretch_count(self) -> int:
        return len(self._stretches)

    def append(self, row: Array, text: bytes, *, row_says_all: bool) -> None:
        """Keep the next epoch, by its row if that says all of the text that its receiver wrote, and fits.

        Its boot and seq are those of `next`.
        """
        uptime_ms = int(row["uptime_ms"][0])
        needed = 1 if row_says_all else text_slots(len(text))
        since_base = uptime_ms - self._base.uptime_ms
        if self._slot + needed > SLOTS or not 0 <= since_base <= UPTIME_MS_MAX:
            self._count_from(uptime_ms, needed)
        values = np.array(row[0].item()[1:], dtype=np.int64)
        values[0] = self.next_seq - self._base.seq
        values[1] = uptime_ms - self._base.uptime_ms
        slots = of_row(values) if row_says_all else of_text(values, text)
        if slots is None:
            if not row_says_all:
                raise RingError(f"{self._flash.name}: what the tracker says of epoch {self.next} is beyond all bounds")
            self.append(row, text, row_says_all=False)
            return
        self._sector(self._serial).write(self._slot, slots)
        self._remember(Stretch(self._serial, self._slot, self.next_seq, 1, self._base))
        self._slot += needed
        self.next_seq += 1

    def free(self, marks: Mapping[int, int]) -> bool:
        """Free of each boot everything up to its seq; says whether that was anything."""
        before = self.held
        for boot, seq in marks.items():
            low = bisect_left(self._stretches, (boot, 0), key=_first)
            high = bisect_right(self._stretches, (boot, seq), key=_first)
            covered = self._stretches[low:high]
            if not covered:
                continue
            rest = covered[-1].seq + covered[-1].count - (seq + 1)
            self.held -= sum(stretch.count for stretch in covered) - max(0, rest)
            if rest > 0:
                last = covered.pop()
                last.seq, last.count = seq + 1, rest
            del self._stretches[low : low + len(covered)]
            self._free_sectors(low, {stretch.serial for stretch in covered})
        return self.held < before

    def holds(self, start: Name, stop: Name) -> bool:
        """Whether any epoch of these is still held; `stop` is excluded."""
        at = bisect_right(self._stretches, start, key=_stop)
        return at < len(self._stretches) and self._stretches[at].first < stop

    def back_from(self, stop: Name, start: Name, count: int) -> Name:
        """Where to begin, from `start` on, to read the last so many epochs below `stop`."""
        at = bisect_left(self._stretches, stop, key=_first)
        while at > 0 and self._stretches[at - 1].stop > start:
            at -= 1
            stretch = self._stretches[at]
            boot, seq = min(stretch.stop, stop)
            count -= seq - stretch.seq
            if count <= 0:
                return max(start, (boot, stretch.seq - count))
        return start

    def read(self, start: Name, stop: Name, limit: int) -> Iterator[Found]:
        """Up to `limit` held epochs from `start` on, below `stop`, oldest first."""
        at = bisect_right(self._stretches, start, key=_stop)
        while limit > 0 and at < len(self._stretches) and self._stretches[at].first < stop:
            stretch = self._stretches[at]
            _, first = max(stretch.first, start)
            _, end = min(stretch.stop, stop)
            count = min(end - first, limit)
            found = self._read(stretch, first, count)
            if len(found.texts) < count:
                self._forget_unreadable(at)
                continue
            yield found
            limit -= count
            at += 1

    def _read(self, stretch: Stretch, seq: int, count: int) -> Found:
        slots = self._sector(stretch.serial).read(stretch.slot)
        base = stretch.base
        anew = np.flatnonzero(slots.kinds == BASE)
        end = int(anew[0]) if len(anew) else SLOTS
        places = slots.values[:, 0] + base.seq
        chosen = [at for at in slots.epochs if at < end and seq <= places[at] < seq + count]
        rows = rows_of(slots.values[chosen])
        rows["boot"] = base.boot
        rows["seq"] += base.seq
        rows["uptime_ms"] += base.uptime_ms
        return Found(base.family, rows, [slots.text(at) for at in chosen])

    def _forget_unreadable(self, at: int) -> None:
        """Flash changed by itself: what can no longer be read of a stretch is no longer held."""
        lost = self._stretches[at]
        head = self._sector(lost.serial).head()
        found = stretches(lost.serial, head.base, self._sector(lost.serial).read()) if head else []
        rest = [part for stretch in found if (part := _common(stretch, lost))]
        gone = lost.count - sum(stretch.count for stretch in rest)
        self._stretches[at : at + 1] = rest
        self.held -= gone
        self.unreadable += gone

    def _find_all(self) -> int:
        """Fill the index from the flash; the highest boot number there."""
        heads = sorted(head for index in range(self._sectors) if (head := self._sector(index).head()))
        boot = 0
        for head in heads:
            if head.sectors != self._sectors:
                message = f"made with {head.sectors} sectors, not {self._sectors}"
                raise RingError(f"{self._flash.name}: {message}; keep ring_hours as it was, or remove the file")
            boot = head.base.boot
            if not head.freed:
                slots = self._sector(head.serial).read()
                for stretch in stretches(head.serial, head.base, slots):
                    self._remember(stretch)
        if heads:
            newest = heads[-1]
            slots = self._sector(newest.serial).read()
            boot = max([boot, *(slots.base(at).boot for at in np.flatnonzero(slots.kinds == BASE).tolist())])
            # What is added to a freed sector would be freed with it.
            self._serial, self._slot = newest.serial, SLOTS if newest.freed else slots.used
        return boot

    def _count_from(self, uptime_ms: int, needed: int = 1) -> None:
        """Begin to count anew, in this sector if so many slots fit behind, else in the next one."""
        self._base = Base(self.boot, self.next_seq, uptime_ms, self._family)
        if self._slot + 1 + needed > SLOTS:
            self._open_next()
            return
        slot = of_base(self._base)
        if slot is None:
            raise RingError(f"{self._flash.name}: {self._base} is beyond all bounds")
        self._sector(self._serial).write(self._slot, slot)
        self._slot += 1

    def _open_next(self) -> None:
        if self._serial >= 0 and not (self._stretches and self._stretches[-1].serial == self._serial):
            self._sector(self._serial).free()
        self._serial += 1
        self._slot = 0
        while self._stretches and self._stretches[0].serial <= self._serial - self._sectors:
            self._give_up_oldest()
        self._sector(self._serial).open(self._serial, self._sectors, self._base)

    def _remember(self, stretch: Stretch) -> None:
        self.held += stretch.count
        last = self._stretches[-1] if self._stretches else None
        if last and last.serial == stretch.serial and last.base is stretch.base and last.stop == stretch.first:
            last.count += stretch.count
            return
        self._stretches.append(stretch)
        if len(self._stretches) > self._sectors + EXTRA_STRETCHES:
            self._give_up_oldest()

    def _give_up_oldest(self) -> None:
        count = self._stretches.pop(0).count
        self.held -= count
        self.overwritten += count

    def _free_sectors(self, at: int, serials: set[int]) -> None:
        """Those of which nothing is left beside this place of the index; the open one is freed when it is closed."""
        left = {stretch.serial for stretch in self._stretches[max(0, at - 1) : at + 1]}
        for serial in serials - left - {self._serial}:
            self._sector(serial).free()

    def _sector(self, serial: int) -> Sector:
        return Sector(self._flash, self._first + serial % self._sectors)


def _first(stretch: Stretch) -> Name:
    return stretch.first


def _stop(stretch: Stretch) -> Name:
    return stretch.stop


def _common(one: Stretch, other: Stretch) -> Stretch | None:
    """The part of a stretch that lies in another one."""
    start, stop = max(one.first, other.first), min(one.stop, other.stop)
    return Stretch(one.serial, one.slot, start[1], stop[1] - start[1], one.base) if start < stop else None
