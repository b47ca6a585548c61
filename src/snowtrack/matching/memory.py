"""What is remembered of machines between batches: a head and one byte string each.

A byte string holds the last settled fix and those not settled, the columns of these, and their states, one after the
other. It is copied as a whole, so that thousands of machines cost a few copies and no object for each of their fixes.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from snowtrack.compiled import Record
from snowtrack.matching.packing import pack, unpack
from snowtrack.matching.records import COLUMN, FIX, HEAD, STATE, Records
from snowtrack.model.columns import Int64s

NO_EDGE = -1


class Remembered(NamedTuple):
    """Of some machines: records, and where those of each begin."""

    heads: Records
    fixes: Records
    fix_begins: Int64s
    columns: Records
    column_begins: Int64s
    states: Records
    state_begins: Int64s


@dataclass(slots=True)
class Memories:
    """By device; a slot stands for a device until it is forgotten."""

    slots: dict[int, int] = field(default_factory=dict)
    heads: Records = field(default_factory=lambda: np.zeros(0, HEAD))
    contents: list[bytes] = field(default_factory=list)
    free: list[int] = field(default_factory=list)

    def head(self, device: int) -> Record:
        """The head of a device, to read and to change."""
        if device not in self.slots:
            self.know([device])
        return self.heads[self.slots[device]]

    def know(self, devices: Iterable[int]) -> None:
        """Give new devices a head."""
        for device in [device for device in devices if device not in self.slots]:
            if not self.free:
                self._grow()
            slot = self.slots[device] = self.free.pop()
            self.heads[slot] = np.zeros(1, HEAD)[0]
            self.heads[slot]["drive_edge"] = NO_EDGE
            self.contents[slot] = b""

    def recall(self, devices: list[int]) -> Remembered:
        """What is known of some devices, as copies."""
        self.know(devices)
        slots = self._slots_of(devices)
        heads = self.heads[slots]
        counts = [heads[name].astype(np.int64) for name in ("fixes", "columns", "states")]
        parts = [np.empty(int(count.sum()), dtype) for count, dtype in zip(counts, (FIX, COLUMN, STATE), strict=True)]
        content = np.frombuffer(b"".join(itemgetter(*slots, slots[0])(self.contents)[:-1]) if slots else b"", np.uint8)
        sizes = np.stack([count * len_ for count, len_ in zip(counts, SIZES, strict=True)], axis=1)
        unpack(content, sizes, *(part.view(np.uint8) for part in parts))
        begins = [np.concatenate([[0], np.cumsum(count)]) for count in counts]
        return Remembered(heads, parts[0], begins[0], parts[1], begins[1], parts[2], begins[2])

    def keep(self, devices: list[int], heads: Records, parts: tuple[Records, Records, Records], spans: Int64s) -> None:
        """Remember of fixes, columns and states what `spans` names: of each device from and to a record of each."""
        slots = self._slots_of(devices)
        for at, name in enumerate(("fixes", "columns", "states")):
            heads[name] = spans[:, 2 * at + 1] - spans[:, 2 * at]
        self.heads[slots] = heads
        sizes = np.repeat(np.array(SIZES), 2) * spans
        ends = np.cumsum(np.concatenate([[0], (sizes[:, 1::2] - sizes[:, ::2]).sum(axis=1)]))
        content = np.empty(int(ends[-1]), np.uint8)
        pack(content, sizes, *(part.view(np.uint8) for part in parts))
        whole, offsets = content.data, ends.tolist()
        for slot, start, to in zip(slots, offsets, offsets[1:], strict=False):
            self.contents[slot] = whole[start:to].tobytes()

    def fixes_of(self, device: int) -> tuple[Record, list[tuple[int, ...]]]:
        """The head of a device, and by what its fixes are known."""
        head = self.head(device)
        fixes = np.frombuffer(self.contents[self.slots[device]], FIX, int(head["fixes"]))
        return head, list(
            zip(*(fixes[name].tolist() for name in ("observed_us", "boot", "seq", "digest")), strict=True)
        )

    def forget(self, device: int) -> None:
        if device in self.slots:
            self.free.append(self.slots.pop(device))

    def snapshot(self, device: int) -> Mapping[str, str]:
        head = self.head(device)
        kept = {"head": head.tobytes(), "content": self.contents[self.slots[device]]}
        return {name: b64encode(part).decode() for name, part in kept.items()}

    def restore(self, device: int, kept: Mapping[str, str]) -> None:
        self.know([device])
        self.heads[self.slots[device]] = np.frombuffer(b64decode(kept["head"]), HEAD)[0]
        self.contents[self.slots[device]] = b64decode(kept["content"])

    @property
    def size(self) -> int:
        """Bytes of all heads and contents."""
        return sum(len(self.contents[slot]) + HEAD.itemsize for slot in self.slots.values())

    def _slots_of(self, devices: list[int]) -> list[int]:
        return list(itemgetter(*devices, devices[0])(self.slots)[:-1]) if devices else []

    def _grow(self) -> None:
        size = len(self.heads)
        more = max(size // 4, 64)
        self.heads = np.concatenate([self.heads, np.zeros(more, HEAD)])
        self.contents += [b""] * more
        self.free = list(range(size + more - 1, size - 1, -1))


SIZES = (FIX.itemsize, COLUMN.itemsize, STATE.itemsize)
