"""Raw NMEA logs: a file or standard input, plain or compressed, in pieces that end where an epoch does."""

import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Protocol, cast

import numpy as np

from snowtrack.model.columns import present
from snowtrack.model.errors import SourceError
from snowtrack.model.fixes import Decoded
from snowtrack.nmea.unpack import GZIP, ZSTD, ZstdError, ZstdFile
from snowtrack.tracks.clock import is_default, is_fix

STANDARD_INPUT = Path("-")
BLOCK_BYTES = 128 * 1024
EPOCH_BYTES_MAX = 16 * 1024
AHEAD_BYTES_MAX = 16 * 1024 * 1024
# A line end before a piece keeps its first bytes from being taken for those of a compressed payload.
BEFORE = b"\n"
FAULTS = (OSError, EOFError, zlib.error, ZstdError)

Reader = Callable[[bytes], Decoded]
"""What reads lines as the device of a log speaks."""


class Stream(Protocol):
    """What gives bytes as soon as it has some, and so also those before a fault."""

    def read1(self, size: int, /) -> bytes: ...


@dataclass(slots=True)
class Log:
    """A log's bytes, unpacked, as far as they can be read; `fault` is what then was in the way."""

    stream: Stream
    fault: Exception | None = None

    def blocks(self) -> Iterator[bytes]:
        """As soon as there is something."""
        try:
            yield from iter(lambda: self.stream.read1(BLOCK_BYTES), b"")
        except FAULTS as error:
            self.fault = error


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some of a log, and where in the log it begins."""

    at: int
    content: bytes


@contextmanager
def opened(path: Path) -> Iterator[Log]:
    """A log; what cannot be read is one clear line, after all that can."""
    with ExitStack() as stack:
        try:
            stream = sys.stdin.buffer if path == STANDARD_INPUT else stack.enter_context(path.open("rb"))
            log = Log(_unpacked(cast(io.BufferedReader, stream)))
        except FAULTS as error:
            raise _unreadable(path, error) from error
        yield log
    if log.fault is not None:
        raise _unreadable(path, log.fault) from log.fault


def blocks_and_last_time(log: Log, read: Reader) -> tuple[Iterator[bytes], int | None]:
    """The bytes of a log, and the last plausible time in it: looked for at its end, or as far as one can see ahead."""
    blocks, seen, size = log.blocks(), [], 0
    while size < AHEAD_BYTES_MAX and (block := next(blocks, b"")):
        seen.append(block)
        size += len(block)
    ahead = b"".join(seen)
    again = chain((ahead[at : at + BLOCK_BYTES] for at in range(0, size, BLOCK_BYTES)), blocks)
    if size < AHEAD_BYTES_MAX:
        return again, last_time(ahead, read)
    if not isinstance(log.stream, io.BufferedReader) or not log.stream.seekable():
        return again, None
    at = log.stream.tell()
    log.stream.seek(-AHEAD_BYTES_MAX, io.SEEK_END)
    end = log.stream.read(AHEAD_BYTES_MAX)
    log.stream.seek(at)
    return again, last_time(end, read)


def read_pieces(blocks: Iterable[bytes], read: Reader) -> Iterator[Piece]:
    """Pieces of about a block, none of which ends within an epoch."""
    at, rest = 0, b""
    for block in blocks:
        rest += block
        while cut := _end_of_epochs(rest, read):
            yield Piece(at=at, content=rest[:cut])
            at, rest = at + cut, rest[cut:]
    if rest:
        yield Piece(at=at, content=rest)


def last_time(content: bytes, read: Reader) -> int | None:
    """The last time stated by a fix, or if there is no fix by anything; the day that a receiver begins on is none."""
    unsure = None
    for to in range(len(content), 0, -BLOCK_BYTES):
        block = BEFORE + content[max(to - BLOCK_BYTES, 0) : to]
        fixes = read(block).fixes
        dated = np.flatnonzero(present(fixes.time_us) & ~is_default(fixes))
        sure = dated[is_fix(fixes)[dated]]
        if len(sure):
            return int(fixes.time_us[sure[-1]])
        if unsure is None and len(dated):
            unsure = int(fixes.time_us[dated[-1]])
    return unsure


def _end_of_epochs(content: bytes, read: Reader) -> int:
    """Where the last epoch begins, which may go on; 0 if that is not known yet."""
    end = max(content.rfind(b"\n"), content.rfind(b"\r")) + 1
    full = len(content) >= BLOCK_BYTES
    if end == 0:
        return len(content) if full else 0
    start = content.find(b"\n", end - EPOCH_BYTES_MAX, end) + 1 if end > EPOCH_BYTES_MAX else 0
    begins = read(BEFORE + content[start:end]).begins
    if start and len(begins) < 2:  # the first one may have begun earlier
        start, begins = 0, read(BEFORE + content[:end]).begins
    if not len(begins):
        return end
    last = start + int(begins[-1]) - len(BEFORE)
    return last or (end if full else 0)


def _unpacked(stream: io.BufferedReader) -> Stream:
    first = stream.peek(4)
    if first.startswith(GZIP):
        return gzip.GzipFile(fileobj=stream)
    if first.startswith(ZSTD):
        return ZstdFile(stream)
    return stream


def _unreadable(path: Path, fault: Exception) -> SourceError:
    reason = fault.strerror if isinstance(fault, OSError) and fault.strerror else fault
    return SourceError(f"{path}: cannot be read: {reason}")
