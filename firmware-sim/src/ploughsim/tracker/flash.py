"""NOR flash: an erase makes a sector all ones, a write only clears bits, page by page. It survives the power.

Whatever a power cut interrupts is left half done: some bits of a page cleared, some of a sector set.
"""

import os
from pathlib import Path
from typing import Protocol

from ploughsim.errors import RingError

SECTOR_BYTES = 4096
PAGE_BYTES = 256
ERASED = b"\xff"

_INVERTED = bytes(255 - byte for byte in range(256))
_BLANK_SECTOR = ERASED * SECTOR_BYTES


class Flash(Protocol):
    """Offsets are in bytes from the start of the chip; `write` may go over pages, each is programmed by itself."""

    @property
    def name(self) -> str: ...

    def read(self, offset: int, size: int) -> bytes: ...

    def write(self, offset: int, data: bytes) -> None: ...

    def erase(self, sector: int) -> None: ...


class MemoryFlash:
    """Flash in memory, sector by sector as they come into use. It counts erases, and refuses to set a bit."""

    def __init__(self, name: str = "memory") -> None:
        self.name = name
        self.erases: dict[int, int] = {}
        self._sectors: dict[int, bytearray] = {}

    def read(self, offset: int, size: int) -> bytes:
        sector, at = divmod(offset, SECTOR_BYTES)
        if at + size <= SECTOR_BYTES:
            return bytes(self._sectors.get(sector, _BLANK_SECTOR)[at : at + size])
        here = SECTOR_BYTES - at
        return self.read(offset, here) + self.read(offset + here, size - here)

    def write(self, offset: int, data: bytes) -> None:
        while data:
            room = PAGE_BYTES - offset % PAGE_BYTES
            self.program(offset, data[:room])
            offset, data = offset + room, data[room:]

    def program(self, offset: int, data: bytes) -> None:
        """One write within a page."""
        sector, at = divmod(offset, SECTOR_BYTES)
        held = self._sectors.setdefault(sector, bytearray(_BLANK_SECTOR))
        before, wanted = int.from_bytes(held[at : at + len(data)]), int.from_bytes(data)
        if wanted & ~before:
            raise RingError(f"{self.name}: a write at {offset} sets bits; only an erase does")
        held[at : at + len(data)] = data

    def fill(self, sector: int, data: bytes) -> None:
        """What a cut erase may leave: anything."""
        self._sectors[sector] = bytearray(data)

    def erase(self, sector: int) -> None:
        self.erases[sector] = self.erases.get(sector, 0) + 1
        self._sectors.pop(sector, None)


class FileFlash:
    """Flash in a file, which is kept inverted: a hole in it, and what lies past its end, reads as erased.

    What was written outlives a kill of the program at once.
    """

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def read(self, offset: int, size: int) -> bytes:
        return os.pread(self._descriptor, size, offset).translate(_INVERTED).ljust(size, ERASED)

    def write(self, offset: int, data: bytes) -> None:
        self._put(offset, data.translate(_INVERTED))

    def erase(self, sector: int) -> None:
        if sector * SECTOR_BYTES < os.fstat(self._descriptor).st_size:
            self._put(sector * SECTOR_BYTES, bytes(SECTOR_BYTES))

    def close(self) -> None:
        os.close(self._descriptor)

    def _put(self, offset: int, data: bytes) -> None:
        while data:
            written = os.pwrite(self._descriptor, data, offset)
            offset, data = offset + written, data[written:]
