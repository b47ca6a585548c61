"""Fixes in Parquet files, as they were sent: one file for some time, written whole, read a device at a time.

The rows of a device lie together, devices by their ids, fixes in order of time. The file's metadata lists the devices
with a checksum of each. What is written is read back and compared before the file appears.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np
import orjson
import polars as pl

from snowtrack.model.columns import Bools, Columns, present
from snowtrack.model.errors import SourceError
from snowtrack.model.fixes import FixBatch
from snowtrack.model.ids import DeviceId
from snowtrack.store.archive_columns import COLUMNS, LEFT_OUT, needless, packed, schema, unpacked, without_digests
from snowtrack.store.archive_seal import DAMAGED, check_seal, seal, unsealed
from snowtrack.whole_files import replacing, sync_folder

# A reader unpacks so many rows for one fix.
GROUP_ROWS = 50_000
# From this level on zstd is slower, and hardly better at numbers.
LEVEL = 12
# The number of a device does not matter while its fixes wait.
NOBODY = 0
_BUT_DIGEST = [name for name in COLUMNS if name != "digest"]

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Fixes of one device: how many, and their checksum. Those of a device come in one part or in several."""

    agency: str
    device: str
    fixes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A file whose metadata was read and understood."""

    path: Path
    parts: tuple[Part, ...]

    @property
    def devices(self) -> list[DeviceId]:
        return list(dict.fromkeys(DeviceId(part.agency, part.device) for part in self.parts))

    @property
    def fixes(self) -> int:
        return sum(part.fixes for part in self.parts)

    def read(self, device: DeviceId, number: int) -> FixBatch:
        """The fixes of a device, none if it is not here, under the number that it has now."""
        starts = accumulate((part.fixes for part in self.parts), initial=0)
        own = ((start, part) for start, part in zip(starts, self.parts, strict=False) if device == _named(part))
        return FixBatch.concat([_read_part(self.path, start, part, number) for start, part in own])


class ArchiveWriter:
    """Takes the fixes of devices, part by part; they wait in a folder for the last."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.waiting: dict[DeviceId, list[tuple[Part, Path]]] = {}

    def add(self, device: DeviceId, fixes: FixBatch) -> None:
        """More fixes of a device, which come after those that are here already."""
        if not len(fixes):
            return
        ordered = in_order(fixes)
        own = self.waiting.setdefault(device, [])
        file = self.folder / f"{device.agency}.{device.device}.{len(own)}.parquet"
        own.append((_write_part(device, ordered, np.zeros(len(ordered), np.bool_), file), file))

    def write(self, path: Path) -> None:
        """All of them as one file, which was read back when this returns."""
        settled = [part for device in sorted(self.waiting) for part in self._settle(device)]
        listed = orjson.dumps([asdict(part) for part, _ in settled]).decode()
        tables = [pl.scan_parquet(file) for _, file in settled]
        whole = pl.concat(tables) if tables else pl.LazyFrame(schema=schema())
        whole.sink_parquet(
            path, compression_level=LEVEL, statistics=False, row_group_size=GROUP_ROWS, metadata=unsealed(listed)
        )
        seal(path)
        check_written(path, tuple(part for part, _ in settled))

    def _settle(self, device: DeviceId) -> Iterator[tuple[Part, Path]]:
        """The parts of a device as they are written: only with all of them is it known whose digests nobody needs."""
        own = self.waiting[device]
        keys = [(fixes.boot, fixes.seq, fixes.time_us) for fixes in map(_waiting, own)]
        bare = needless(*map(np.concatenate, zip(*keys, strict=True)))
        parts = np.split(bare, list(accumulate(part.fixes for part, _ in own[:-1])))
        for waiting, its_bare in zip(own, parts, strict=True):
            settled = waiting[1].with_suffix(".settled.parquet")
            yield _write_part(device, _waiting(waiting), its_bare, settled), settled
            waiting[1].unlink()


@contextmanager
def writing_archive(path: Path) -> Iterator[ArchiveWriter]:
    """A file that appears, on the disk for good, when all went well; the same fixes make the same bytes."""
    try:
        with TemporaryDirectory(prefix=f".{path.stem}.", dir=path.absolute().parent) as folder:
            writer = ArchiveWriter(Path(folder))
            yield writer
            _write_whole(writer, path)
    except OSError as error:
        raise SourceError(f"{path}: cannot be written: {error.strerror or error}") from error
    except pl.exceptions.PolarsError as error:
        raise SourceError(f"{path}: cannot be written: {_first_line(error)}") from error


def _write_whole(writer: ArchiveWriter, path: Path) -> None:
    try:
        with replacing(path) as half:
            writer.write(half)
    except SourceError as error:
        raise SourceError(f"{path}: cannot be written: {error}") from error
    sync_folder(path.absolute().parent)


def open_archive(path: Path) -> Archive:
    """Read what is in an archive; refuses what is none, of another version, or damaged."""
    check_seal(path)
    return _understood(path, lambda: _archive(path, pl.read_parquet_metadata(path).get("parts", "")))


def check_written(path: Path, taken: tuple[Part, ...]) -> None:
    """Read all of a file back: what it gives is what was taken, by the checksums of that."""
    found = open_archive(path)
    if found.parts != taken:
        raise SourceError(f"{path}: its parts are not those that were written")
    for device in found.devices:
        found.read(device, NOBODY)


def in_order(fixes: FixBatch) -> FixBatch:
    """The fixes of one device by their time, those without one last: the same order for the same fixes. Those that
    differ by their digests alone follow on each other."""
    ties = [getattr(fixes, name) for name in reversed(_BUT_DIGEST) if name not in ("time_us", "received_us")]
    return fixes.take(np.lexsort((fixes.digest, *ties, fixes.received_us, fixes.time_us, ~present(fixes.time_us))))


def once_each(fixes: FixBatch) -> FixBatch:
    """The fixes of one device in order, those that are there twice once: archives may overlap. One whose digest an
    archive left out is the same as one that differs by its digest alone."""
    ordered = in_order(fixes)
    another = _changes(ordered, _BUT_DIGEST)
    kept = another | _changes(ordered, ["digest"])
    ordered, another = ordered.take(kept), another[kept]
    alike = np.diff(np.flatnonzero(another), append=len(another))
    bare = present(ordered.seq) & (ordered.digest == LEFT_OUT)
    return ordered.take(~(bare & (np.repeat(alike, alike) > 1)))


def _changes(fixes: FixBatch, names: Sequence[str]) -> Bools:
    """The rows that are not as the one before, and the first."""
    columns = [getattr(fixes, name) for name in names]
    changed = np.logical_or.reduce([values[1:] != values[:-1] for values in columns])
    return np.concatenate([np.ones(min(len(fixes), 1), np.bool_), changed])


def _archive(path: Path, listed: str) -> Archive:
    parts = tuple(Part(**one) for one in orjson.loads(listed))
    rows = pl.scan_parquet(path).select(pl.len()).collect().item()
    if [_named(part) for part in parts] != sorted(map(_named, parts)) or sum(part.fixes for part in parts) != rows:
        raise ValueError("its rows are not those that it lists")
    return Archive(path=path, parts=parts)


def _named(part: Part) -> DeviceId:
    return DeviceId(part.agency, part.device)


def _waiting(own: tuple[Part, Path]) -> FixBatch:
    part, file = own
    return _read_part(file, 0, part, NOBODY)


def _read_part(path: Path, start: int, part: Part, number: int) -> FixBatch:
    rows = pl.scan_parquet(path).slice(start, part.fixes)
    fixes = _understood(path, lambda: unpacked(rows.collect(), number))
    if _checksum(_named(part), fixes) != part.sha256:
        raise SourceError(f"{path}: damaged: the fixes of {_named(part)} are not those that were written")
    return fixes


def _write_part(device: DeviceId, fixes: FixBatch, bare: Bools, file: Path) -> Part:
    packed(device, fixes, bare).write_parquet(file, compression_level=1, statistics=False, row_group_size=GROUP_ROWS)
    checksum = _checksum(device, without_digests(fixes, bare))
    return Part(agency=device.agency, device=device.device, fixes=len(fixes), sha256=checksum)


def _understood(path: Path, read: Callable[[], Found]) -> Found:
    """A file that lies, or that the reader gives up on, is damaged."""
    try:
        return read()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror or _first_line(error)}") from error
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, ValueError, TypeError, KeyError) as error:
        raise SourceError(f"{path}: {DAMAGED}: {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _checksum(device: DeviceId, fixes: Columns) -> str:
    """Of who it was and of all that was said."""
    digest = sha256(str(device).encode())
    for name, dtype in COLUMNS.items():
        digest.update(getattr(fixes, name).astype(dtype.newbyteorder("<"), copy=False).tobytes())
    return digest.hexdigest()
