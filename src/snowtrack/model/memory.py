"""What a stage remembers of each device, as rows of fixed size in arrays that compiled code works on.

Rows have room for what is rare. Arrays laid out place by place (order "F") take no memory for places that no device
uses: the machine gives a page when it is first written to, so nothing is written here that is there already.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any, Generic, TypeVar
from zlib import compress, decompress

import numpy as np

from snowtrack.compiled import Array
from snowtrack.model.columns import Int32s, Int64s

Arrays = TypeVar("Arrays", bound=tuple[Any, ...])


class Memory(Generic[Arrays]):
    """`rows` are arrays of which the first index is a device's slot; `new` makes such of devices that are not known."""

    def __init__(self, new: Callable[[int], Arrays]) -> None:
        self.new = new
        self.rows = new(0)
        self.devices: Int64s = np.empty(0, np.int64)
        self._slots: dict[int, int] = {}
        self._free: list[int] = []

    def slots(self, devices: Int32s) -> Int64s:
        """Of each its slot; new ones get one."""
        numbers, inverse = np.unique(devices, return_inverse=True)
        return np.array([self.slot(device) for device in numbers.tolist()], np.int64)[inverse]

    def slot(self, device: int) -> int:
        if device not in self._slots:
            if not self._free:
                self._grow()
            self._slots[device] = self._free.pop()
            self.devices[self._slots[device]] = device
        return self._slots[device]

    def snapshot(self, device: int) -> str:
        slot = self.slot(device)
        return b64encode(compress(b"".join(part[slot].tobytes() for part in self.rows), 1)).decode()

    def restore(self, device: int, kept: str) -> None:
        slot, content, at = self.slot(device), decompress(b64decode(kept)), 0
        for part in self.rows:
            own = np.frombuffer(content, part.dtype, part[slot].size, at)
            _write(part[slot, ...], own.reshape(part.shape[1:]))
            at += own.nbytes

    def forget(self, device: int) -> None:
        if device in self._slots:
            slot = self._slots.pop(device)
            for part, new in zip(self.rows, self.new(1), strict=True):
                _write(part[slot, ...], new[0, ...])
            self._free.append(slot)

    def _grow(self) -> None:
        size = len(self.devices)
        more = max(size // 4, 64)
        rows = self.new(size + more)
        for part, own in zip(rows, self.rows, strict=True):
            for place in np.ndindex(part.shape[1:]):
                _write(part[(slice(size), *place)], own[(slice(None), *place)])
        self.rows = rows
        self.devices = np.concatenate([self.devices, np.zeros(more, np.int64)])
        self._free = list(range(size + more - 1, size - 1, -1))


def _write(room: Array, content: Array) -> None:
    """Compared as bytes: field by field takes five times as long."""
    there, own = (np.frombuffer(each.tobytes(), np.uint8).reshape(-1, each.itemsize) for each in (room, content))
    changed = (there != own).any(axis=1).reshape(room.shape)
    room[changed] = content[changed]
