"""What a tracker keeps of itself over a reboot: the settings that it was sent, and how often its watchdog bit.

Two sectors of flash are written in turn. Whatever a power cut does to one of them, the other one is whole.
"""

import struct
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import orjson

from ploughsim.tracker.flash import SECTOR_BYTES, Flash

SECTORS = 2
_HEAD = struct.Struct("<I4sIH")  # CRC of what follows, magic, generation, bytes of JSON
_MAGIC = b"PSC1"
_CRC_BYTES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    settings: dict[str, Any] = field(default_factory=dict)
    restarts: int = 0


class Configuration:
    """It lies in the first two sectors of the chip."""

    def __init__(self, flash: Flash) -> None:
        self._flash = flash
        found = [record for sector in range(SECTORS) if (record := self._read(sector))]
        self._generation, self.kept = max(found, key=lambda record: record[0], default=(0, Kept()))

    def keep(self, kept: Kept) -> None:
        """For good once this returns."""
        text = orjson.dumps({"settings": kept.settings, "restarts": kept.restarts})
        generation = self._generation + 1
        body = _HEAD.pack(0, _MAGIC, generation, len(text))[_CRC_BYTES:] + text
        sector = generation % SECTORS
        self._flash.erase(sector)
        self._flash.write(sector * SECTOR_BYTES, crc32(body).to_bytes(_CRC_BYTES, "little") + body)
        self._generation, self.kept = generation, kept

    def _read(self, sector: int) -> tuple[int, Kept] | None:
        raw = self._flash.read(sector * SECTOR_BYTES, SECTOR_BYTES)
        crc, magic, generation, size = _HEAD.unpack_from(raw)
        body = raw[_CRC_BYTES : _HEAD.size + size]
        if magic != _MAGIC or crc != crc32(body):
            return None
        return generation, Kept(**orjson.loads(body[_HEAD.size - _CRC_BYTES :]))
