"""`snowtrack decode`: raw NMEA logs to one JSON object per fix, in constant memory.

A log is taken for one device. Its fixes get their instants by the same rules as those of a tracker; where it has no
boot and sequence numbers, the order of the lines stands in for them.
"""

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
import orjson
import polars as pl
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from snowtrack.model.calendar import DAY_US
from snowtrack.model.columns import ABSENT_64, Int16s, Integers, present
from snowtrack.model.errors import SourceError
from snowtrack.model.fixes import Decoded, FixBatch, Message, Reject, RejectReason, Source
from snowtrack.model.tracks import TimeTrust
from snowtrack.nmea.decode import Decoder
from snowtrack.services.nmea_log import BEFORE, BLOCK_BYTES, STANDARD_INPUT, blocks_and_last_time, opened, read_pieces
from snowtrack.tracks.clock import OLDEST_US, Placed, place
from snowtrack.tracks.identity import BootId
from snowtrack.tracks.learning import learn
from snowtrack.tracks.sessions import NEVER_US, BootClock

HELD_MAX = 100_000
BOOTS_MAX = 1_000
PACKED_SUFFIXES = (".gz", ".zst")
# More lines than a piece can have.
REJECTS_KEPT = 2 * BLOCK_BYTES
# A number that no tracker can send stands for the boot of a log that has none.
NO_BOOT = 2**40
# A log may go on for many years, but not for as many as a receiver loses.
LOG_US = 19 * 365 * DAY_US
OWN = (Source.PSNOW, Source.ADAPTED)
SOURCES = sorted(Source, key=lambda source: (source in OWN, source is not Source.RMC))


@dataclass(slots=True)
class Tally:
    """What was read."""

    size: int = 0
    fixes: int = 0
    skipped: int = 0
    rejects: Counter[str] = field(default_factory=Counter)
    time_trust: Counter[str] = field(default_factory=Counter)

    def add(self, counts: Mapping[tuple[int, RejectReason], int]) -> None:
        for (_, reason), count in counts.items():
            if reason is RejectReason.UNKNOWN_SENTENCE:
                self.skipped += count
            else:
                self.rejects[reason.name.lower()] += count

    def as_json(self) -> bytes:
        counted = {"bytes": self.size, "fixes": self.fixes, "skipped": self.skipped}
        return orjson.dumps(counted | {"rejects": self.rejects, "time_trust": self.time_trust}) + b"\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How logs are read. `received_us` is the now of the clock rules; without one it is looked for in the log."""

    decoder: Decoder
    dialect: int = 0
    received_us: int | None = None

    def decode(self, content: bytes, now_us: int = 0) -> Decoded:
        message = Message(device=0, received_us=now_us, payload=content, dialect=self.dialect)
        return self.decoder.decode([message])


@dataclass(slots=True)
class LogDecoder:
    """One log. `now_us` is the now of the clock rules; a time that rests on a now which nobody gave is none.

    Fixes wait for a date that comes later, up to `held_max` of them.
    """

    reading: Reading
    now_us: int
    tally: Tally
    held_max: int = HELD_MAX
    clocks: dict[BootId, BootClock] = field(default_factory=dict)
    held: list[FixBatch] = field(default_factory=list)
    epochs: int = 0

    def decode(self, content: bytes) -> tuple[pl.DataFrame, tuple[Reject, ...]]:
        """What can be said of a piece of the log, and of those before it that waited."""
        decoded = self.reading.decode(BEFORE + content, self.now_us)
        self.tally.size += len(content)
        self.tally.add(decoded.counts)
        fixes = self._numbered(decoded.fixes)
        learn(self.clocks, fixes, self._oldest_us)
        for boot_id in list(self.clocks)[:-BOOTS_MAX]:
            del self.clocks[boot_id]
        self.held.append(fixes)
        if len(self.held) > 1 and self._room and self._waits(fixes):  # so do those before it: no need to look at them
            return pl.DataFrame(), decoded.rejects
        return self.release(), decoded.rejects

    def release(self, *, ended: bool = False) -> pl.DataFrame:
        """The fixes that waited, once all have their instants, or there are too many, or the log has ended."""
        fixes = FixBatch.concat(self.held)
        placed = place(fixes, self.clocks, self._oldest_us)
        waiting = np.flatnonzero(placed.trust == TimeTrust.RECEIVED)
        if len(waiting) and self._room and not ended:
            return pl.DataFrame()
        if self.reading.received_us is None:
            placed.put(waiting, np.full(len(waiting), ABSENT_64), TimeTrust.UNKNOWN)
        self.held.clear()
        self.tally.fixes += len(fixes)
        for trust, count in zip(*(column.tolist() for column in np.unique_counts(placed.trust)), strict=True):
            self.tally.time_trust[TimeTrust(trust).name.lower()] += count
        return as_frame(fixes, placed)

    def _waits(self, fixes: FixBatch) -> bool:
        return bool((place(fixes, self.clocks, self._oldest_us).trust == TimeTrust.RECEIVED).any())

    @property
    def _room(self) -> bool:
        return sum(map(len, self.held)) < self.held_max

    @property
    def _oldest_us(self) -> int:
        if self.now_us == NEVER_US:
            return NEVER_US
        return LOG_US if self.reading.received_us is None else OLDEST_US

    def _numbered(self, fixes: FixBatch) -> FixBatch:
        """With numbers where there are none, by their order.

        What comes after the last date without one may belong to the next day; a now that was found does not forbid it.
        """
        order = np.arange(self.epochs + 1, self.epochs + 1 + len(fixes), dtype=np.int64)
        self.epochs += len(fixes)
        numbered = present(fixes.seq)
        later_us = 0 if self.reading.received_us is not None or self.now_us == NEVER_US else DAY_US
        return replace(
            fixes,
            boot=np.where(numbered, fixes.boot, NO_BOOT),
            seq=np.where(numbered, fixes.seq, order),
            received_us=fixes.received_us + np.where(present(fixes.time_us), 0, later_us),
        )


def decode_logs(files: Sequence[Path], reading: Reading, rejects: Path | None) -> Tally:
    """Logs to standard output; a reader who has seen enough ends it."""
    tally = Tally()
    if rejects is not None and any(path.exists() and rejects.exists() and rejects.samefile(path) for path in files):
        raise SourceError(f"{rejects}: is one of the logs; name another file for the rejects")
    with _naming(rejects), ExitStack() as stack, _progress(files) as seen:
        rejects_out = None if rejects is None else stack.enter_context(rejects.open("wb"))
        try:
            for path in files:
                decode_log(path, reading, sys.stdout.buffer, rejects_out, tally, seen)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return tally


def decode_log(
    path: Path,
    reading: Reading,
    out: BinaryIO,
    rejects_out: BinaryIO | None,
    tally: Tally,
    seen: Callable[[int], None] = lambda _: None,
) -> None:
    """Write a log's fixes, and what could not be read, as lines of JSON; `seen` is told how far that is."""
    with opened(path) as source:
        blocks, now_us = source.blocks(), reading.received_us
        if now_us is None:
            blocks, last_us = blocks_and_last_time(source, reading.decode)
            now_us = NEVER_US if last_us is None else last_us
        log = LogDecoder(reading, now_us, tally)
        if path == STANDARD_INPUT and reading.received_us is not None:
            log.held_max = 0  # as it comes: somebody may be watching
        for piece in read_pieces(blocks, reading.decode):
            fixes, rejects = log.decode(piece.content)
            write(fixes, out)
            seen(tally.size)
            if rejects_out is not None:
                rejects_out.writelines(_reject_line(path, piece.at, reject) for reject in rejects)
        write(log.release(ended=True), out)


@contextmanager
def _progress(files: Sequence[Path]) -> Iterator[Callable[[int], None]]:
    """A bar for who waits at a terminal while the fixes go elsewhere; without an end where that is not known."""
    if not sys.stderr.isatty() or sys.stdout.isatty():
        yield lambda _: None
        return
    plain = all(path.is_file() and path.suffix not in PACKED_SUFFIXES for path in files)
    columns = (TextColumn("decoding"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=sum(path.stat().st_size for path in files) if plain else None)
        yield lambda size: progress.update(task, completed=size)


@contextmanager
def _naming(place: object) -> Iterator[None]:
    """What cannot be written is one clear line; nobody reading any more is not that."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise SourceError(f"{place}: cannot be written: {error.strerror}") from error


def write(frame: pl.DataFrame, out: BinaryIO) -> None:
    """One object a line, at once."""
    if len(frame):
        lines = BytesIO()
        frame.write_ndjson(lines)
        with _naming("standard output"):
            out.write(lines.getbuffer())
            out.flush()


def as_frame(fixes: FixBatch, placed: Placed) -> pl.DataFrame:
    """Fixes as they are shown: in degrees, metres and seconds, null for what is absent."""
    time, day = pl.col("time"), pl.col("time_of_day")
    trusts = {int(trust): trust.name.lower() for trust in TimeTrust}
    return (
        pl.DataFrame(
            {
                "time": _there(placed.observed_us),
                "time_of_day": _there(fixes.day_us),
                "time_trust": pl.Series(placed.trust).replace_strict(trusts, return_dtype=pl.String),
                "lat": _scaled(fixes.lat_e7, 10**7),
                "lon": _scaled(fixes.lon_e7, 10**7),
                "alt_m": _scaled(fixes.alt_mm, 1_000),
                "speed_mps": _scaled(fixes.speed_mmps, 1_000),
                "course_deg": _scaled(fixes.course_cdeg, 100),
                "quality": _there(fixes.quality),
                "sats": _there(fixes.satellites),
                "hdop": _scaled(fixes.hdop_centi, 100),
                "mask": fixes.sources,
            }
        )
        .with_columns(_clock(time, "%Y-%m-%dT%H:%M:%S", "Z"), _clock(day, "%H:%M:%S", ""))
        .join(_names_of_sources(fixes.sources), on="mask", how="left", maintain_order="left")
        .drop("mask")
    )


def _there(column: Integers) -> pl.Series:
    return pl.Series(column).set(pl.Series(~present(column)), None)


def _scaled(column: Integers, divisor: int) -> pl.Series:
    return pl.Series(column / divisor).set(pl.Series(~present(column)), None)


def _clock(column: pl.Expr, pattern: str, end: str) -> pl.Expr:
    """To the millisecond, or to the microsecond where there is more."""
    instant = column.cast(pl.Datetime("us"))
    fine, coarse = (instant.dt.strftime(f"{pattern}%.{digits}f{end}") for digits in (6, 3))
    return pl.when(column % 1_000 == 0).then(coarse).otherwise(fine)


def _names_of_sources(sources: Int16s) -> pl.DataFrame:
    masks = np.unique(sources)
    names = [[source.name for source in SOURCES if source & mask] for mask in masks.tolist()]
    return pl.DataFrame({"mask": masks, "sources": pl.Series(names, dtype=pl.List(pl.String))})


def _reject_line(path: Path, at: int, reject: Reject) -> bytes:
    line = {
        "file": str(path),
        "at": at + max(reject.at - len(BEFORE), 0),
        "reason": reject.reason.name.lower(),
        "line": reject.raw.decode("ascii", "backslashreplace"),
    }
    return orjson.dumps(line) + b"\n"
