"""What a stage remembers of each device, as rows of fixed size in arrays that compiled code works on."""

from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any, Generic, TypeVar
from zlib import compress, decompress

import numpy as np

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
            part[slot] = own.reshape(part.shape[1:])
            at += own.nbytes

    def forget(self, device: int) -> None:
        if device in self._slots:
            slot = self._slots.pop(device)
            for part, new in zip(self.rows, self.new(1), strict=True):
                part[slot] = new[0]
            self._free.append(slot)

    def _grow(self) -> None:
        size = len(self.devices)
        more = max(size // 4, 64)
        self.rows = _joined(self.rows, self.new(more))
        self.devices = np.concatenate([self.devices, np.zeros(more, np.int64)])
        self._free = list(range(size + more - 1, size - 1, -1))


def _joined(one: Arrays, other: Arrays) -> Arrays:
    parts = [np.concatenate(both) for both in zip(one, other, strict=True)]
    made: Arrays = type(one)(*parts)
    return made
