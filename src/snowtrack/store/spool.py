"""Messages on disk while the database cannot take them: what is appended is there after a power cut, or refused.

Files of some megabytes hold records, one after the other: a mark, the length, a checksum, and a batch of messages. What
a power cut left half written is the last record, and is cut off. A record that does not fit its checksum and has whole
ones behind it was changed on the disk: it is set aside and counted, since what was in it had been acknowledged. Records
leave file by file once they are committed; some may come twice after a crash, and are known by then.
"""

import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from snowtrack.model.errors import SnowtrackError
from snowtrack.model.ids import DeviceId
from snowtrack.model.topics import Channel
from snowtrack.whole_files import replacing, sync_folder

FILE_BYTES = 16 << 20
MARK = b"SNOW"
_HEAD = struct.Struct("<4sII")
_MESSAGE = struct.Struct("<qBHI")
_NUMBERS = {Channel.UP: 1, Channel.LOG: 2, Channel.STATUS: 3, Channel.DEPTH: 4}
_CHANNELS = {number: channel for channel, number in _NUMBERS.items()}


class SpoolError(SnowtrackError):
    """The spool cannot take any more: it is full, or its disk is."""


class Spooled(NamedTuple):
    """A message as it came."""

    device: DeviceId
    channel: Channel
    payload: bytes
    received_us: int


class Portion(NamedTuple):
    """Messages from the beginning of the spool, and where in its first file they end."""

    messages: list[Spooled]
    end: int


class Spool:
    """One per worker. `damaged` counts the places at which records were lost on the disk."""

    def __init__(self, folder: Path, size_max: int) -> None:
        self.folder = folder
        self.size_max = size_max
        self.damaged = 0
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        files = sorted(folder.glob("*.spool"))
        self._sizes = {file: self._repaired(file, newest=file == files[-1]) for file in files}
        self._begin = 0

    @property
    def size(self) -> int:
        """Bytes on the disk."""
        return sum(self._sizes.values())

    @property
    def empty(self) -> bool:
        return not self._sizes

    def append(self, messages: Sequence[Spooled]) -> None:
        """All of these are on the disk then, or none."""
        content = b"".join(map(_packed, messages))
        record = _HEAD.pack(MARK, len(content), crc32(content)) + content
        if self.size + len(record) > self.size_max:
            raise SpoolError(f"spool: {self.folder}: {self.size:,} of {self.size_max:,} bytes are taken: it is full")
        file = self._newest(len(record))
        try:
            _write(file, self._sizes[file], record)
        except OSError as error:
            raise SpoolError(f"spool: {file}: cannot be written: {error.strerror or error}") from error
        self._sizes[file] += len(record)

    def oldest(self, size: int) -> Portion:
        """The next messages to commit: of whole records, about so many bytes of them, at least one."""
        file = next(iter(self._sizes))
        data = memoryview(file.read_bytes())
        messages: list[Spooled] = []
        end = self._begin
        while end < self._sizes[file] and (not messages or end - self._begin < size):
            record = _record_at(data, end)
            if record is None:
                # Changed on the disk since it was opened.
                self._sizes[file] = self._repaired(file, newest=len(self._sizes) == 1)
                return self.oldest(size) if end < self._sizes[file] else Portion(messages, end)
            content, end = record
            messages += _unpacked(content)
        return Portion(messages, end)

    def forget(self, portion: Portion) -> None:
        """These are committed."""
        file = next(iter(self._sizes))
        self._begin = portion.end
        if self._begin >= self._sizes[file]:
            file.unlink()
            del self._sizes[file]
            self._begin = 0

    def _newest(self, size: int) -> Path:
        """The file to append to: one more where the last one is large enough, or is being read."""
        last = next(reversed(self._sizes), None)
        if last is None or self._sizes[last] + size > FILE_BYTES:
            last = self.folder / f"{int(last.stem) + 1 if last else 1:010d}.spool"
            self._sizes[last] = 0
        return last

    def _repaired(self, file: Path, *, newest: bool) -> int:
        """The size of a file without what is half written or damaged, which is not in it any more."""
        data, at = file.read_bytes(), 0
        good: list[memoryview] = []
        bad: list[bytes] = []
        view = memoryview(data)
        while at < len(data):
            record = _record_at(view, at)
            if record is not None:
                good.append(view[at : record[1]])
                at = record[1]
                continue
            after = _next_record(data, at + 1)
            if after < len(data) or not newest:
                bad.append(data[at:after])
            at = after
        if sum(map(len, good)) == len(data):
            return len(data)
        if bad:
            self.damaged += len(bad)
            with file.with_suffix(".damaged").open("ab") as aside:
                aside.writelines(bad)
        with replacing(file) as half:
            _write(half, 0, b"".join(good))
        return sum(map(len, good))


def _record_at(data: memoryview, at: int) -> tuple[memoryview, int] | None:
    """What a record holds that is whole, and where it ends."""
    if len(data) - at < _HEAD.size:
        return None
    mark, length, checksum = _HEAD.unpack_from(data, at)
    content = data[at + _HEAD.size : at + _HEAD.size + length]
    if mark != MARK or len(content) != length or crc32(content) != checksum:
        return None
    return content, at + _HEAD.size + length


def _next_record(data: bytes, at: int) -> int:
    """Where the next whole record begins, or the end."""
    while (at := data.find(MARK, at)) >= 0:
        if _record_at(memoryview(data), at) is not None:
            return at
        at += 1
    return len(data)


def _packed(message: Spooled) -> bytes:
    name = str(message.device).encode()
    head = _MESSAGE.pack(message.received_us, _NUMBERS[message.channel], len(name), len(message.payload))
    return head + name + message.payload


def _unpacked(content: memoryview) -> Iterator[Spooled]:
    at = 0
    while at < len(content):
        received_us, channel, name, size = _MESSAGE.unpack_from(content, at)
        at += _MESSAGE.size
        agency, device = str(content[at : at + name], "utf-8").split("/")
        payload = bytes(content[at + name : at + name + size])
        yield Spooled(DeviceId(agency, device), _CHANNELS[channel], payload, received_us)
        at += name + size


def _write(file: Path, at: int, content: bytes) -> None:
    """On the disk for good, at the end of a file; or the file ends where it did."""
    is_new = not file.exists()
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.ftruncate(handle, at)
        os.lseek(handle, at, os.SEEK_SET)
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(handle, rest) :]
        os.fsync(handle)
    except OSError:
        with suppress(OSError):
            os.ftruncate(handle, at)
        raise
    finally:
        os.close(handle)
    if is_new:
        sync_folder(file.parent)
