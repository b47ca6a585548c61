"""`storage`: what a fix takes in the database and in an archive, and how fast archives are written and read.

Input: 20 ploughs for 12 hours at 1 Hz, ten epochs a message, noise 3 m lasting 60 s, blades going up and down; each
message is received up to 0.1 s late, by another microsecond each time. The fixes are stored by COPY in batches as
ingest does it, and archived from there; what the archive gives is held against what was stored. Peers: the table
itself, the same columns by polars as it writes Parquet by default, and a compressed hypertable of TimescaleDB where
SNOWTRACK_TEST_TIMESCALE_URL names a server.
"""

import asyncio
import os
import uuid
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import polars as pl
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from benchmarks.database import running_database
from benchmarks.night import simulate
from benchmarks.report import Report, Result, best_rate
from snowtrack.model.calendar import SECOND_US
from snowtrack.model.columns import present
from snowtrack.model.fixes import FixBatch
from snowtrack.model.ids import DeviceId
from snowtrack.nmea.decode import decode
from snowtrack.services.archive import Span, write_archive
from snowtrack.settings import load_settings
from snowtrack.store.archive import in_order, open_archive, writing_archive
from snowtrack.store.database import connect
from snowtrack.store.devices import device_numbers
from snowtrack.store.fixes import FixWriter
from snowtrack.store.migrate import migrate
from snowtrack.tracks.clock import plausible

OURS = "snowtrack"
PLOUGHS, SECONDS, SIGMA_M = 20, 12 * 3600, 3.0
LATE_US_MAX = 100_000
BATCH_FIXES, BATCH_MESSAGES = 4_000, 5_000
TIMESCALE = os.environ.get("SNOWTRACK_TEST_TIMESCALE_URL", "")
TABLE_AND_INDEX = """
select sum(pg_relation_size(inhrelid))::bigint, sum(pg_indexes_size(inhrelid))::bigint
from pg_inherits where inhparent = 'fix'::regclass
"""
COMPRESS = """
alter table fix set (timescaledb.compress, timescaledb.compress_segmentby = 'device',
                     timescaledb.compress_orderby = 'device_time, boot, seq, digest');
select compress_chunk(chunk) from show_chunks('fix') as chunk;
"""


def run(progress: Callable[[str], None]) -> Report:
    """Stored, archived, and by the peers."""
    progress("simulating the night")
    heard = _heard()
    with TemporaryDirectory() as there, running_database(Path(there) / "database") as database:
        folder, url = Path(there), database.url
        progress("storing it")
        fixes = asyncio.run(_store(url, heard))
        table, index = (size / len(fixes) for size in _sizes(url))
        progress("archiving it")
        archive, took_s = _archived(url, folder, fixes)
        differing = _differing(archive, fixes)
        progress("writing and reading alone, also by polars")
        rates = _rates(archive, folder, fixes)
        plain = _plain(folder / "plain.parquet", fixes)
        kept = archive.stat().st_size / len(fixes)
    timescale = _timescale(heard) if TIMESCALE else None
    results = [
        Result(what="a fix in the table, rows", of="PostgreSQL", value=table, unit="bytes"),
        Result(what="a fix in the table, index", of="PostgreSQL", value=index, unit="bytes"),
        Result(what="a fix in an archive", of=OURS, value=kept, unit="bytes"),
        Result(what="a fix in an archive", of=f"polars {pl.__version__}", value=plain, unit="bytes"),
        Result(what="archived from the database", of=OURS, value=len(fixes) / took_s, unit="fixes/s"),
        *(Result(what=what, of=OURS, value=rate, unit="fixes/s") for what, rate in rates.items()),
    ]
    ratios = {
        "bytes_per_fix_raw": table + index,
        "bytes_per_fix_parquet": kept,
        "plain_vs_archive": plain / kept,
        "raw_vs_archive": (table + index) / kept,
        "fixes_differing": differing,
    }
    if timescale is not None:
        results.append(Result(what="a fix in the table, compressed", of="TimescaleDB", value=timescale, unit="bytes"))
        ratios["bytes_per_fix_timescale"] = timescale
    missing = () if TIMESCALE else ("TimescaleDB",)
    return Report(name="storage", results=tuple(results), ratios=ratios, missing=missing)


def _heard() -> FixBatch:
    """The fixes of the night in the order of arrival."""
    night = simulate(ploughs=PLOUGHS, seconds=SECONDS, sigma_m=SIGMA_M)
    late_us = np.random.default_rng(1).integers(0, LATE_US_MAX, len(night.messages)).tolist()
    messages = [
        one._replace(received_us=one.received_us + late) for one, late in zip(night.messages, late_us, strict=True)
    ]
    parts = (messages[at : at + BATCH_MESSAGES] for at in range(0, len(messages), BATCH_MESSAGES))
    return FixBatch.concat([decode(part).fixes for part in parts])


def _named(unit: int) -> DeviceId:
    """In the order of their numbers, by their names too."""
    return DeviceId("ishikawa", f"plough-{unit:04}")


async def _store(url: str, heard: FixBatch) -> FixBatch:
    """Batch by batch; the fixes under the numbers that their devices have there."""
    async with connect(url, name="benchmark") as connection:
        await migrate(connection)
        units = np.unique(heard.device)
        names = [_named(unit) for unit in units.tolist()]
        known = await device_numbers(connection, set(names))
        numbers = np.array([known[name] for name in names], np.int32)
        fixes = replace(heard, device=numbers[np.searchsorted(units, heard.device)])
        writer = FixWriter(connection)
        for at in range(0, len(fixes), BATCH_FIXES):
            part = fixes.take(slice(at, at + BATCH_FIXES))
            async with connection.transaction():
                await writer.write(part, plausible(part))
        return fixes


def _sizes(url: str) -> tuple[int, int]:
    """Bytes of all rows and of all indexes."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("vacuum analyze fix")
        table, index = connection.execute(TABLE_AND_INDEX).fetchone() or (0, 0)
        return table, index


def _archived(url: str, folder: Path, fixes: FixBatch) -> tuple[Path, float]:
    """As `snowtrack archive` does it, and how long that took."""
    settings = load_settings(None, {"SNOWTRACK_CONFIG": ""}, (f"database.url={url}", f"data.folder={folder}"))
    span = Span(from_us=int(fixes.time_us.min()), to_us=int(fixes.time_us.max()) + SECOND_US)
    path = folder / "night.parquet"
    began = perf_counter()
    with redirect_stdout(StringIO()):
        asyncio.run(write_archive(settings, span, path))
    return path, perf_counter() - began


def _by_device(fixes: FixBatch) -> dict[DeviceId, FixBatch]:
    return {_named(number): fixes.take(fixes.device == number) for number in np.unique(fixes.device).tolist()}


def _differing(path: Path, fixes: FixBatch) -> int:
    """How many fixes do not come out of the archive as they were, but for digests that it leaves out."""
    archive = open_archive(path)
    differing = abs(archive.fixes - len(fixes))
    for device, number in zip(archive.devices, np.unique(fixes.device).tolist(), strict=True):
        found, stored = archive.read(device, number), in_order(fixes.take(fixes.device == number))
        differs = np.zeros(len(stored), np.bool_)
        for name in FixBatch.dtypes():
            own, other = getattr(found, name), getattr(stored, name)
            differs |= (own != other) & ((name != "digest") | (own != 0))
        differing += int(differs.sum())
    return differing


def _rates(path: Path, folder: Path, fixes: FixBatch) -> dict[str, float]:
    """Fixes a second into an archive and out of one."""
    parts = _by_device(fixes)

    def write() -> None:
        with writing_archive(folder / "again.parquet") as writer:
            for device, own in parts.items():
                writer.add(device, own)

    def read() -> None:
        archive = open_archive(path)
        for number, device in enumerate(archive.devices):
            archive.read(device, number)

    return {
        "written and read back": best_rate(write, len(fixes), repeats=3),
        "opened and read": best_rate(read, len(fixes)),
    }


def _plain(path: Path, fixes: FixBatch) -> float:
    """Bytes a fix of the same columns, in the same order of device and time, without any of this."""
    ordered = fixes.take(np.lexsort((fixes.time_us, fixes.device)))
    columns = {}
    for name in FixBatch.dtypes():
        values = getattr(ordered, name)
        columns[name] = pl.Series(values).set(pl.Series(~present(values)), None)
    pl.DataFrame(columns).write_parquet(path)
    return path.stat().st_size / len(fixes)


def _timescale(heard: FixBatch) -> float:
    """Bytes a fix in a hypertable of which every chunk is compressed, with all that belongs to it."""
    name = sql.Identifier(f"benchmark_{uuid.uuid4().hex}")
    with psycopg.connect(TIMESCALE, autocommit=True) as server:
        server.execute(sql.SQL("create database {}").format(name))
        try:
            url = make_conninfo(TIMESCALE, dbname=name.as_string().strip('"'))
            asyncio.run(_store(url, heard))
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(COMPRESS)
                (size,) = connection.execute("select hypertable_size('fix')").fetchone() or (0,)
        finally:
            server.execute(sql.SQL("drop database {} with (force)").format(name))
    return float(size) / len(heard)
