"""The seal of an archive: a checksum of all its other bytes, in the metadata at its end.

A reader of Parquet can end the whole process over a damaged file. So what an archive is, which version it has and its
seal are read here from its plain bytes, and no reader is given a file of which any byte is not as it was written.
"""

import os
import re
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, NamedTuple

from snowtrack.model.errors import SourceError

FORMAT, VERSION = "snowtrack-fixes", 2
DAMAGED = "damaged, or no archive of snowtrack's fixes"
# Parquet ends with the metadata, their length and this.
_MAGIC, _TAIL = b"PAR1", 8
_METADATA_MAX = 1 << 28
_DIGITS = 64
_AT_ONCE = 1 << 20


class _Stated(NamedTuple):
    """A value of the metadata, and where in the file it begins."""

    value: str
    at: int


class _Metadata(NamedTuple):
    """The last part of a Parquet file, and where in the file it begins."""

    content: bytes
    at: int

    def get(self, key: str) -> _Stated | None:
        """A short value. Parquet writes key and value as two texts, each with its length before it."""
        start = re.escape(b"\x18" + bytes([len(key)]) + key.encode() + b"\x18")
        found = re.search(start + rb"([\x00-\x7f])", self.content)
        if found is None:
            return None
        value = self.content[found.end() : found.end() + found[1][0]]
        return _Stated(value.decode("ascii", "replace"), self.at + found.end())


def unsealed(parts: str) -> dict[str, str]:
    """The metadata of an archive that is being written."""
    return {"format": FORMAT, "version": str(VERSION), "seal": "0" * _DIGITS, "parts": parts}


def seal(path: Path) -> None:
    """Write the seal of a file that is whole otherwise, and have all of it on the disk."""
    with path.open("r+b") as file:
        metadata = _read_metadata(file)
        stated = None if metadata is None else metadata.get("seal")
        if stated is None or len(stated.value) != _DIGITS:
            raise SourceError(f"{path}: has no place for a seal")
        checksum = _checksum(file, stated.at)
        file.seek(stated.at)
        file.write(checksum.encode())
        file.flush()
        os.fsync(file.fileno())


def check_seal(path: Path) -> None:
    """Refuse what is no archive, of another version, or damaged."""
    try:
        with path.open("rb") as file:
            _check(path, file)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror or error}") from error


def _check(path: Path, file: BinaryIO) -> None:
    metadata = _read_metadata(file)
    if metadata is None:
        raise SourceError(f"{path}: {DAMAGED}: it does not end as Parquet does")
    named, version, own = (metadata.get(key) for key in ("format", "version", "seal"))
    if named is None or named.value != FORMAT:
        raise SourceError(f"{path}: this is not an archive of snowtrack's fixes")
    if version is not None and version.value != str(VERSION):
        raise SourceError(f"{path}: version {version.value}; this program reads version {VERSION}")
    if own is None or len(own.value) != _DIGITS or _checksum(file, own.at) != own.value:
        raise SourceError(f"{path}: {DAMAGED}: its bytes are not those that were written")


def _read_metadata(file: BinaryIO) -> _Metadata | None:
    """Nothing where a file does not end as Parquet does."""
    end = file.seek(0, os.SEEK_END) - _TAIL
    if end < 0:
        return None
    file.seek(end)
    length, magic = int.from_bytes(file.read(4), "little"), file.read(4)
    if magic != _MAGIC or length > min(end, _METADATA_MAX):
        return None
    file.seek(end - length)
    return _Metadata(file.read(length), end - length)


def _checksum(file: BinaryIO, seal_at: int) -> str:
    """Of all bytes but those of the seal."""
    checksum, place = sha256(), 0
    file.seek(0)
    while content := file.read(_AT_ONCE):
        before, after = seal_at - place, seal_at + _DIGITS - place
        checksum.update(content[: max(before, 0)])
        checksum.update(content[max(after, 0) :])
        place += len(content)
    return checksum.hexdigest()
