"""The tracker's memory: a bounded ring of epochs on flash that a power cut at any write leaves whole.

Every epoch has a position, counted up for ever; it lies in slot `position % slots` with a CRC over all of it. Two
header slots are written in turn; the valid one with the higher generation holds the boot number and what has been
freed: all positions below `freed_below`, and of each listed boot everything up to a sequence number. A slot is
overwritten only by the epoch `slots` positions later.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

from ploughsim.errors import RingError
from ploughsim.thin.flash import Flash

SLOT_BYTES = 256
HEADER_BYTES = 4096
SLOTS_AT = 2 * HEADER_BYTES

# Both begin with the CRC of what follows it.
_SLOT = struct.Struct("<IHxxQII")  # crc, payload bytes, position, boot, seq
_HEADER = struct.Struct("<I4sQIIQI")  # crc, magic, generation, slots, boot, freed_below, marks
_MARK = struct.Struct("<II")  # boot, freed up to seq
_MAGIC = b"PSR1"

_SLOTS_AT_ONCE = 256
EPOCH_BYTES_MAX = SLOT_BYTES - _SLOT.size
# A boot beyond the last mark that fits is freed once the marks before it are no longer needed.
_MARKS_MAX = (HEADER_BYTES - _HEADER.size) // _MARK.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    position: int
    boot: int
    seq: int
    payload: bytes


@dataclass(slots=True, kw_only=True)
class _Run:
    """Held epochs of one boot, one after the other in both position and seq; `stop` is excluded."""

    boot: int
    seq: int
    start: int
    stop: int

    def forget_below(self, position: int) -> None:
        skipped = max(0, min(position, self.stop) - self.start)
        self.start += skipped
        self.seq += skipped


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    generation: int
    slots: int
    boot: int
    freed_below: int
    marks: dict[int, int]


class Ring:
    """Opening a ring is a power-up: the boot number grows by one, and is on flash before the first epoch."""

    def __init__(self, flash: Flash, slots: int) -> None:
        self._flash = flash
        self._slots = slots
        self.overwritten = 0
        header = _newest_header(flash) or _Header(generation=0, slots=slots, boot=0, freed_below=0, marks={})
        if header.slots != slots:
            message = f"made with {header.slots} slots, not {slots}; keep ring_slots as it was, or remove the file"
            raise RingError(f"{flash.name}: {message}")
        stored = sorted(stored_epochs(flash, slots), key=lambda epoch: epoch.position)
        self._generation = header.generation
        self._marks = header.marks
        self._runs = _held_runs(stored, header)
        self.boot = max(header.boot, stored[-1].boot if stored else 0) + 1
        self.next_seq = 1
        self.head = stored[-1].position + 1 if stored else 0
        self._write_header()
        self._flash.sync()

    @property
    def held(self) -> int:
        return sum(run.stop - run.start for run in self._runs)

    @property
    def oldest(self) -> tuple[int, int]:
        """Boot and seq of the oldest epoch held, or of the next one to come."""
        return (self._runs[0].boot, self._runs[0].seq) if self._runs else (self.boot, self.next_seq)

    def append(self, payload: bytes) -> None:
        """Writes the next epoch of this boot, over the oldest one when the ring is full."""
        if len(payload) > EPOCH_BYTES_MAX:
            raise RingError(f"{self._flash.name}: an epoch of {len(payload)} bytes is above {EPOCH_BYTES_MAX}")
        self._make_room()
        body = _SLOT.pack(0, len(payload), self.head, self.boot, self.next_seq)[4:] + payload
        body = body.ljust(SLOT_BYTES - 4, b"\0")
        self._flash.write(self._slot_at(self.head), crc32(body).to_bytes(4, "little") + body)
        last = self._runs[-1] if self._runs else None
        if last and last.boot == self.boot and last.stop == self.head:
            last.stop += 1
        else:
            self._runs.append(_Run(boot=self.boot, seq=self.next_seq, start=self.head, stop=self.head + 1))
        self.head += 1
        self.next_seq += 1

    def free(self, marks: dict[int, int]) -> bool:
        """Frees of each boot everything up to its seq, for good once this returns; says whether that was anything."""
        freed = False
        for run in self._runs:
            covered = marks.get(run.boot, 0) - run.seq + 1
            if covered > 0 and self._mark(run.boot, marks[run.boot]):
                run.forget_below(run.start + covered)
                freed = True
        if freed:
            self._runs = [run for run in self._runs if run.start < run.stop]
            self._write_header()
        return freed

    def first_held(self, position: int) -> int:
        """The lowest position held that is not below the given one; `head` when there is none."""
        return next((max(run.start, position) for run in self._runs if run.stop > position), self.head)

    def read(self, start: int, stop: int, limit: int) -> list[Epoch]:
        """Up to `limit` held epochs from `start` on, below `stop`, oldest first."""
        found: list[Epoch] = []
        for run in self._runs:
            first, last = max(run.start, start), min(run.stop, stop)
            for position in range(first, min(last, first + limit - len(found))):
                found.append(self._read(position))
        return found

    def _read(self, position: int) -> Epoch:
        epoch = _decode_slot(self._flash.read(self._slot_at(position), SLOT_BYTES))
        if epoch is None or epoch.position != position:
            slot = position % self._slots
            raise RingError(f"{self._flash.name}: slot {slot} was changed by something else, or its flash is worn out")
        return epoch

    def _slot_at(self, position: int) -> int:
        return SLOTS_AT + position % self._slots * SLOT_BYTES

    def _make_room(self) -> None:
        held = self.held
        while self._runs and self._runs[0].start <= self.head - self._slots:
            self._runs[0].forget_below(self.head - self._slots + 1)
            if self._runs[0].start == self._runs[0].stop:
                del self._runs[0]
        self.overwritten += held - self.held

    def _mark(self, boot: int, seq: int) -> bool:
        if boot not in self._marks and len(self._marks) >= _MARKS_MAX:
            return False
        self._marks[boot] = max(seq, self._marks.get(boot, 0))
        return True

    def _write_header(self) -> None:
        freed_below = self._runs[0].start if self._runs else self.head
        oldest_boot, _ = self.oldest
        self._marks = {boot: seq for boot, seq in self._marks.items() if boot >= oldest_boot}
        self._generation += 1
        body = _HEADER.pack(0, _MAGIC, self._generation, self._slots, self.boot, freed_below, len(self._marks))[4:]
        body += b"".join(_MARK.pack(boot, seq) for boot, seq in self._marks.items())
        body = body.ljust(HEADER_BYTES - 4, b"\0")
        self._flash.write(self._generation % 2 * HEADER_BYTES, crc32(body).to_bytes(4, "little") + body)


def stored_epochs(flash: Flash, slots: int) -> Iterator[Epoch]:
    """All epochs that lie whole on the flash, freed or not, in the order of the slots."""
    for first in range(0, slots, _SLOTS_AT_ONCE):
        block = flash.read(SLOTS_AT + first * SLOT_BYTES, min(_SLOTS_AT_ONCE, slots - first) * SLOT_BYTES)
        for slot, start in enumerate(range(0, len(block), SLOT_BYTES), first):
            epoch = _decode_slot(block[start : start + SLOT_BYTES])
            if epoch is not None and epoch.position % slots == slot:
                yield epoch


def _decode_slot(raw: bytes) -> Epoch | None:
    if len(raw) < SLOT_BYTES or int.from_bytes(raw[:4], "little") != crc32(raw[4:]):
        return None
    _, size, position, boot, seq = _SLOT.unpack_from(raw)
    return Epoch(position=position, boot=boot, seq=seq, payload=raw[_SLOT.size : _SLOT.size + size])


def _newest_header(flash: Flash) -> _Header | None:
    headers = (_decode_header(flash.read(place * HEADER_BYTES, HEADER_BYTES)) for place in (0, 1))
    return max((header for header in headers if header), key=lambda header: header.generation, default=None)


def _decode_header(raw: bytes) -> _Header | None:
    if len(raw) < HEADER_BYTES or int.from_bytes(raw[:4], "little") != crc32(raw[4:]):
        return None
    _, magic, generation, slots, boot, freed_below, count = _HEADER.unpack_from(raw)
    if magic != _MAGIC:
        return None
    marks = dict(_MARK.iter_unpack(raw[_HEADER.size : _HEADER.size + count * _MARK.size]))
    return _Header(generation=generation, slots=slots, boot=boot, freed_below=freed_below, marks=marks)


def _held_runs(stored: Sequence[Epoch], header: _Header) -> list[_Run]:
    runs: list[_Run] = []
    for epoch in stored:
        if epoch.position < header.freed_below or epoch.seq <= header.marks.get(epoch.boot, 0):
            continue
        last = runs[-1] if runs else None
        follows = last and (last.boot, last.stop, last.seq + last.stop - last.start) == (
            epoch.boot,
            epoch.position,
            epoch.seq,
        )
        if last and follows:
            last.stop += 1
        else:
            runs.append(_Run(boot=epoch.boot, seq=epoch.seq, start=epoch.position, stop=epoch.position + 1))
    return runs
