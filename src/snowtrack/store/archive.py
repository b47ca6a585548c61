"""Fixes in Parquet files, as they were sent: one file for some time, written whole, read a device at a time.

The rows of a device lie together, devices by their ids, fixes in order of time; what a fix does not say is null. The
file's metadata lists the devices with a checksum of each, so that what is damaged is refused when it is read.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import numpy as np
import orjson
import polars as pl

from snowtrack.model.columns import Columns, present
from snowtrack.model.errors import SourceError
from snowtrack.model.fixes import FixBatch
from snowtrack.model.ids import DeviceId
from snowtrack.whole_files import replacing

FORMAT, VERSION = "snowtrack-fixes", 1
# A reader unpacks so many rows for one fix.
GROUP_ROWS = 50_000
_COLUMNS = {name: dtype for name, dtype in FixBatch.dtypes().items() if name != "device"}

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
        return FixBatch.concat([self._read(start, part, number) for start, part in own])

    def _read(self, start: int, part: Part, number: int) -> FixBatch:
        rows = pl.scan_parquet(self.path).slice(start, part.fixes)
        fixes = _understood(self.path, lambda: _batch(rows.collect(), number))
        if _checksum(_named(part), fixes) != part.sha256:
            raise SourceError(f"{self.path}: damaged: the fixes of {_named(part)} are not those that were written")
        return fixes


class ArchiveWriter:
    """Takes the fixes of devices, part by part; they wait in a folder for the last."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parts: dict[DeviceId, list[tuple[Part, Path]]] = {}

    def add(self, device: DeviceId, fixes: FixBatch) -> None:
        """More fixes of a device, which come after those that are here already."""
        if not len(fixes):
            return
        ordered = in_order(fixes)
        own = self.parts.setdefault(device, [])
        file = self.folder / f"{device.agency}.{device.device}.{len(own)}.parquet"
        _table(device, ordered).write_parquet(file, row_group_size=GROUP_ROWS)
        checksum = _checksum(device, ordered)
        own.append((Part(agency=device.agency, device=device.device, fixes=len(ordered), sha256=checksum), file))

    def write(self, path: Path) -> None:
        """All of them as one file."""
        known = [part for device in sorted(self.parts) for part in self.parts[device]]
        listed = orjson.dumps([asdict(part) for part, _ in known]).decode()
        metadata = {"format": FORMAT, "version": str(VERSION), "parts": listed}
        tables = [pl.scan_parquet(file) for _, file in known]
        whole = pl.concat(tables) if tables else pl.LazyFrame(schema=_schema())
        whole.sink_parquet(path, row_group_size=GROUP_ROWS, metadata=metadata)


@contextmanager
def writing_archive(path: Path) -> Iterator[ArchiveWriter]:
    """A file that appears when all went well; the same fixes make the same bytes."""
    try:
        with TemporaryDirectory(prefix=f".{path.stem}.", dir=path.absolute().parent) as folder:
            writer = ArchiveWriter(Path(folder))
            yield writer
            with replacing(path) as half:
                writer.write(half)
    except OSError as error:
        raise SourceError(f"{path}: cannot be written: {error.strerror or error}") from error
    except pl.exceptions.PolarsError as error:
        raise SourceError(f"{path}: cannot be written: {_first_line(error)}") from error


def open_archive(path: Path) -> Archive:
    """Read what is in an archive; refuses what is none, or of another version."""
    metadata = _understood(path, lambda: pl.read_parquet_metadata(path))
    if metadata.get("format") != FORMAT:
        raise SourceError(f"{path}: this is not an archive of snowtrack's fixes")
    if metadata.get("version") != str(VERSION):
        raise SourceError(f"{path}: version {metadata.get('version')}; this program reads version {VERSION}")
    return _understood(path, lambda: _archive(path, metadata.get("parts", "")))


def in_order(fixes: FixBatch) -> FixBatch:
    """The fixes of one device by their time, those without one last: the same order for the same fixes."""
    ties = [getattr(fixes, name) for name in reversed(_COLUMNS) if name not in ("time_us", "received_us")]
    return fixes.take(np.lexsort((*ties, fixes.received_us, fixes.time_us, ~present(fixes.time_us))))


def once_each(fixes: FixBatch) -> FixBatch:
    """The fixes of one device in order, those that are there twice once: archives may overlap."""
    ordered = in_order(fixes)
    differs = np.zeros(max(len(ordered) - 1, 0), np.bool_)
    for name in _COLUMNS:
        values = getattr(ordered, name)
        differs |= values[1:] != values[:-1]
    return ordered.take(np.concatenate([np.ones(min(len(ordered), 1), np.bool_), differs]))


def _archive(path: Path, listed: str) -> Archive:
    parts = tuple(Part(**one) for one in orjson.loads(listed))
    rows = pl.scan_parquet(path).select(pl.len()).collect().item()
    if [_named(part) for part in parts] != sorted(map(_named, parts)) or sum(part.fixes for part in parts) != rows:
        raise ValueError("its rows are not those that it lists")
    return Archive(path=path, parts=parts)


def _named(part: Part) -> DeviceId:
    return DeviceId(part.agency, part.device)


def _understood(path: Path, read: Callable[[], Found]) -> Found:
    """A file that lies, or that the reader gives up on, is damaged."""
    try:
        return read()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror or _first_line(error)}") from error
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, ValueError, TypeError, KeyError) as error:
        raise SourceError(f"{path}: damaged, or no archive of snowtrack's fixes: {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _schema() -> dict[str, Any]:
    sizes: dict[int, Any] = {1: pl.Int8, 2: pl.Int16, 4: pl.Int32, 8: pl.Int64}
    columns = {name: sizes[dtype.itemsize] for name, dtype in _COLUMNS.items()}
    return {"agency": pl.String, "device": pl.String, **columns}


def _table(device: DeviceId, fixes: FixBatch) -> pl.DataFrame:
    columns: dict[str, Any] = {"agency": [device.agency] * len(fixes), "device": [device.device] * len(fixes)}
    for name in _COLUMNS:
        values = getattr(fixes, name)
        columns[name] = pl.Series(values).set(pl.Series(~present(values)), None)
    return pl.DataFrame(columns, schema=_schema())


def _batch(table: pl.DataFrame, number: int) -> FixBatch:
    """As it was written; a file whose columns are others is none of ours."""
    if dict(table.schema) != _schema():
        raise ValueError("its columns are not those of fixes")
    columns = {
        name: table[name].fill_null(int(np.iinfo(dtype).min)).to_numpy().astype(dtype, copy=True)
        for name, dtype in _COLUMNS.items()
    }
    return FixBatch(device=np.full(len(table), number, np.int32), **columns)


def _checksum(device: DeviceId, fixes: Columns) -> str:
    """Of who it was and of all that was said."""
    digest = sha256(str(device).encode())
    for name, dtype in _COLUMNS.items():
        digest.update(getattr(fixes, name).astype(dtype.newbyteorder("<"), copy=False).tobytes())
    return digest.hexdigest()
