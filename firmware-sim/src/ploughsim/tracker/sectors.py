"""A sector of the ring: a head, then 90 slots that are written one after the other.

The head says where in the order of all sectors this one stands, and from which boot, seq and uptime its slots count on;
a slot of the kind BASE says anew from where the slots behind it count. Setting the head's last byte to zero frees all.
"""

import struct
from dataclasses import dataclass
from typing import NamedTuple
from zlib import crc32

import numpy as np

from ploughsim.compiled import Array
from ploughsim.tracker.bits import COMMITTED, SLOT_BYTES
from ploughsim.tracker.flash import SECTOR_BYTES, Flash
from ploughsim.tracker.records import BASE, unpack
from ploughsim.tracker.slots import Base, Slots

HEAD_BYTES = 46
SLOTS = (SECTOR_BYTES - HEAD_BYTES) // SLOT_BYTES

_HEAD = struct.Struct("<4sIHIQQB")  # magic, serial, sectors, then the base
_MAGIC = b"PSR2"
_CRC = struct.Struct("<I")
_FREED_AT = HEAD_BYTES - 1


class Head(NamedTuple):
    serial: int
    sectors: int
    base: Base
    freed: bool


@dataclass(slots=True)
class Stretch:
    """Epochs one after the other in one sector, counted from one base: all that is kept of them in memory."""

    serial: int
    slot: int
    seq: int
    count: int
    base: Base

    @property
    def first(self) -> tuple[int, int]:
        return self.base.boot, self.seq

    @property
    def stop(self) -> tuple[int, int]:
        return self.base.boot, self.seq + self.count


@dataclass(frozen=True, slots=True)
class Sector:
    """The sector at an index of the chip; no state of its own."""

    flash: Flash
    index: int

    def open(self, serial: int, sectors: int, base: Base) -> None:
        """Erase and begin anew. Its old head goes first: what an erase that is cut leaves behind it never counts."""
        start = self.index * SECTOR_BYTES
        self.flash.write(start, bytes(HEAD_BYTES))
        self.flash.erase(self.index)
        body = _HEAD.pack(_MAGIC, serial, sectors, *base)
        self.flash.write(start, _CRC.pack(crc32(body)) + body)

    def head(self) -> Head | None:
        raw = self.flash.read(self.index * SECTOR_BYTES, HEAD_BYTES)
        body = raw[_CRC.size : _CRC.size + _HEAD.size]
        magic, serial, sectors, *base = _HEAD.unpack(body)
        if magic != _MAGIC or _CRC.unpack_from(raw)[0] != crc32(body):
            return None
        return Head(serial, sectors, Base(*base), raw[_FREED_AT] != 0xFF)

    def free(self) -> None:
        self.flash.write(self.index * SECTOR_BYTES + _FREED_AT, b"\0")

    def write(self, slot: int, slots: Array) -> None:
        """The first slot of an epoch is committed when all of it is there."""
        offset = self._offset(slot)
        self.flash.write(offset, slots.tobytes())
        self.flash.write(offset, bytes([slots[0, 0] & COMMITTED]))

    def read(self, first: int = 0, stop: int = SLOTS) -> Slots:
        count = stop - first
        raw = np.frombuffer(self.flash.read(self._offset(first), count * SLOT_BYTES), dtype=np.uint8)
        slots = raw.reshape(count, SLOT_BYTES)
        return Slots(slots, *unpack(slots))

    def _offset(self, slot: int) -> int:
        return self.index * SECTOR_BYTES + HEAD_BYTES + slot * SLOT_BYTES


def stretches(serial: int, base: Base, slots: Slots) -> list[Stretch]:
    """What epochs there are in a whole sector."""
    found: list[Stretch] = []
    anew = {at: slots.base(at) for at in np.flatnonzero(slots.kinds == BASE).tolist()}
    places = slots.values[:, 0].tolist()
    for at in sorted([*anew, *slots.epochs]):
        if at in anew:
            base = anew[at]
            continue
        seq = base.seq + places[at]
        if found and found[-1].base is base and found[-1].seq + found[-1].count == seq:
            found[-1].count += 1
        else:
            found.append(Stretch(serial, at, seq, 1, base))
    return found
