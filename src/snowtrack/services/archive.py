"""`snowtrack archive`: the stored fixes of some time as one Parquet file."""

from dataclasses import dataclass
from pathlib import Path

from psycopg import AsyncConnection, IsolationLevel

from snowtrack.model.calendar import DAY_US, SECOND_US
from snowtrack.model.errors import ConfigError
from snowtrack.services.instance import database_url
from snowtrack.settings import Settings
from snowtrack.store.archive import ArchiveWriter, writing_archive
from snowtrack.store.database import connect, store_errors
from snowtrack.store.fixes import read_fixes, read_oldest, read_undated
from snowtrack.store.replays import Replayed, read_archived_devices
from snowtrack.wall_clock import now_us, read_time

FIRST_US = 946_684_800 * SECOND_US


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A time range, without its end: each fix is in one of two that follow on each other."""

    from_us: int
    to_us: int


def read_span(start: str, to: str) -> Span:
    """What people in Japan write as two times. No fix is from later than now."""
    from_us, to_us = read_time(start), min(read_time(to), now_us() + DAY_US)
    if not FIRST_US <= from_us < to_us:
        raise ConfigError(f"--from {start} --to {to}: expected two times from 2000 until now, the later one last")
    return Span(from_us=from_us, to_us=to_us)


async def write_archive(settings: Settings, span: Span, out: Path) -> None:
    """A file, whole or not at all, of all fixes as they are at one moment."""
    if out.suffix != ".parquet":
        raise ConfigError(f"--out {out}: expected a name ending in .parquet")
    with store_errors("cannot read the fixes"):
        async with connect(database_url(settings), name="archive") as connection:
            await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
            await connection.set_read_only(True)
            async with connection.transaction():
                devices = await read_archived_devices(connection, span.from_us, span.to_us)
                oldest_us = await read_oldest(connection, [device.number for device in devices])
                with writing_archive(out) as writer:
                    fixes = [await _add(connection, writer, one, span, oldest_us[one.number]) for one in devices]
    print(f"{out}: {sum(fixes):,} fixes of {len(devices):,} devices, read back and compared")


async def _add(connection: AsyncConnection, writer: ArchiveWriter, device: Replayed, span: Span, oldest_us: int) -> int:
    """The fixes of a device, a day at a time, then those that say no time that can be right; how many."""
    count = 0
    for from_us in range(max(span.from_us, oldest_us), span.to_us, DAY_US):
        dated = await read_fixes(connection, device.number, from_us, min(from_us + DAY_US, span.to_us) - 1)
        writer.add(device.id, dated)
        count += len(dated)
    undated = await read_undated(connection, device.number, span.from_us, span.to_us)
    writer.add(device.id, undated)
    return count + len(undated)
