"""Epochs as slots of the ring, and slots as epochs.

An epoch takes one slot if its row says all, else one for what the tracker says itself and as many more as its text
needs.
"""

from typing import NamedTuple

import numpy as np

from ploughsim.compiled import Array
from ploughsim.tracker.bits import BLANK, COMMITTED, CRC_AT, SLOT_BYTES
from ploughsim.tracker.records import BASE, FIELDS, MORE, ROW, SIZE_AT, TEXT, TEXT_AT, pack

_NO_VALUES = np.zeros(FIELDS, dtype=np.int64)


class Base(NamedTuple):
    """From where slots count."""

    boot: int
    seq: int
    uptime_ms: int
    family: int


class Slots(NamedTuple):
    """What lies in slots that follow each other: bytes, kinds and fields."""

    raw: Array
    kinds: Array
    values: Array

    @property
    def used(self) -> int:
        """How many there are up to the last one that is not blank."""
        written = np.flatnonzero(self.kinds != BLANK)
        return int(written[-1]) + 1 if len(written) else 0

    def base(self, at: int) -> Base:
        return Base(*self.values[at, : len(Base._fields)].tolist())

    @property
    def epochs(self) -> list[int]:
        """Where there is one of which all can be read."""
        first = np.flatnonzero((self.kinds == ROW) | (self.kinds == TEXT)).tolist()
        return [at for at in first if self.kinds[at] == ROW or (self.kinds[at + 1 : self._end(at)] == MORE).all()]

    def text(self, at: int) -> bytes | None:
        """What the receiver wrote, of an epoch whose row does not say it."""
        if self.kinds[at] == ROW:
            return None
        more = self.raw[at + 1 : self._end(at), TEXT_AT[MORE] : CRC_AT].tobytes()
        return (self.raw[at, TEXT_AT[TEXT] : CRC_AT].tobytes() + more)[: self.values[at, SIZE_AT]]

    def _end(self, at: int) -> int:
        return at + text_slots(int(self.values[at, SIZE_AT]))


def text_slots(size: int) -> int:
    """How many slots an epoch takes whose text has so many bytes."""
    return 1 + max(0, -(-(size - (CRC_AT - TEXT_AT[TEXT])) // (CRC_AT - TEXT_AT[MORE])))


def of_row(values: Array) -> Array | None:
    """An epoch whose row says all; None if a value does not fit."""
    slot = np.zeros((1, SLOT_BYTES), dtype=np.uint8)
    return slot if pack(ROW, values, slot[0]) else None


def of_text(values: Array, text: bytes) -> Array | None:
    """The own part of a row, then the text; None if a value does not fit."""
    slots = np.zeros((text_slots(len(text)), SLOT_BYTES), dtype=np.uint8)
    here, more = CRC_AT - TEXT_AT[TEXT], CRC_AT - TEXT_AT[MORE]
    slots[0, TEXT_AT[TEXT] : CRC_AT] = np.frombuffer(text[:here].ljust(here, b"\0"), dtype=np.uint8)
    values[SIZE_AT] = len(text)
    fits = pack(TEXT, values, slots[0])
    for at, slot in zip(range(here, len(text), more), slots[1:], strict=True):
        slot[TEXT_AT[MORE] : CRC_AT] = np.frombuffer(text[at : at + more].ljust(more, b"\0"), dtype=np.uint8)
        # Nothing by itself, it needs no commit of its own.
        pack(MORE, _NO_VALUES, slot)
        slot[0] &= COMMITTED
    return slots if fits else None


def of_base(base: Base) -> Array | None:
    """Where counting begins anew; None if a value does not fit."""
    slot, values = np.zeros((1, SLOT_BYTES), dtype=np.uint8), np.zeros(FIELDS, dtype=np.int64)
    values[: len(base)] = base
    return slot if pack(BASE, values, slot[0]) else None
