"""Fixes: stored once, as sent."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from psycopg import AsyncConnection, sql

from snowtrack.model.calendar import DAY_US
from snowtrack.model.columns import ABSENT_64, Bools, Int64s, present
from snowtrack.model.fixes import FixBatch
from snowtrack.store.copying import Column, Instants, Keys, copy_in
from snowtrack.store.instants import to_instant, to_instant_or_none, to_us
from snowtrack.store.partitions import Partitions
from snowtrack.store.queries import query

MINUTE_US = 60_000_000
_SHARED = (
    "uptime_ms",
    "lat_e7",
    "lon_e7",
    "alt_mm",
    "speed_mmps",
    "course_cdeg",
    "quality",
    "satellites",
    "hdop_centi",
    "blade",
    "blade_cdeg",
    "spreading",
    "spread_mgpm2",
    "spread_width_mm",
    "pto",
    "inputs",
    "battery_mv",
    "buffered",
    "sources",
    "remarks",
)


class FixWriter:
    """Writes fixes over one connection, and makes the day's partition before its first fix where it is not there."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.partitions = Partitions(connection)

    async def write(self, fixes: FixBatch, dated: Bools) -> None:
        """Store new fixes: dated ones by their own time, the others by when they were received."""
        await self._write_dated(fixes.take(dated))
        await self._write_undated(fixes.take(~dated))

    async def _write_dated(self, fixes: FixBatch) -> None:
        if not len(fixes):
            return
        await self.partitions.make(np.unique(fixes.time_us // DAY_US).tolist())
        await copy_in(self.connection, "fix", dated_columns(fixes))

    async def _write_undated(self, fixes: FixBatch) -> None:
        """Few: one by one, since two with the same bytes in the same minute are one."""
        if not len(fixes):
            return
        columns = {
            "device": fixes.device.tolist(),
            "received_at": [to_instant(time) for time in fixes.received_us.tolist()],
            "received_minute": [to_instant(time - time % MINUTE_US) for time in fixes.received_us.tolist()],
            "device_time": [to_instant_or_none(time) for time in fixes.time_us.tolist()],
            "day_us": _or_none(fixes.day_us),
            **{name: values.tolist() for name, values in _keys(fixes).items()},
            **{name: _or_none(getattr(fixes, name)) for name in _SHARED},
        }
        statement = sql.SQL("insert into fix_undated ({}) values ({}) on conflict do nothing").format(
            sql.SQL(", ").join(map(sql.Identifier, columns)), sql.SQL(", ").join([sql.Placeholder()] * len(columns))
        )
        async with self.connection.cursor() as cursor:
            await cursor.executemany(statement, list(zip(*columns.values(), strict=True)))


def dated_columns(fixes: FixBatch) -> dict[str, Column]:
    """Fixes as their table has them."""
    return {
        "device": fixes.device,
        "device_time": Instants(fixes.time_us),
        **{name: Keys(values) for name, values in _keys(fixes).items()},
        "received_at": Instants(fixes.received_us),
        **{name: getattr(fixes, name) for name in _SHARED},
    }


async def known_fixes(connection: AsyncConnection, fixes: FixBatch) -> Bools:
    """Which fixes are stored already. One with neither number nor date is never known: its minute tells it apart."""
    boots, seqs, digests = (values.tolist() for values in _keys(fixes).values())
    asked = {
        "devices": fixes.device.tolist(),
        "times": [to_instant_or_none(time) for time in fixes.time_us.tolist()],
        "boots": boots,
        "seqs": seqs,
        "digests": digests,
    }
    rows = await (await connection.execute(query("known_fixes"), asked)).fetchall()
    known = np.zeros(len(fixes), np.bool_)
    known[[place - 1 for (place,) in rows]] = True
    return known


async def read_fixes(connection: AsyncConnection, device: int, from_us: int, to_us_: int) -> FixBatch:
    """A device's dated fixes of a time range, in observed order."""
    asked = {"device": device, "from_time": to_instant(from_us), "to_time": to_instant(to_us_)}
    rows = await (await connection.execute(query("fixes_of_device"), asked)).fetchall()
    return FixBatch.from_rows([_fix_row(row) for row in rows])


async def read_oldest(connection: AsyncConnection, devices: Sequence[int]) -> dict[int, int]:
    """When the oldest stored fix of each device is from, by its own time or, without one, by its receipt."""
    rows = await (await connection.execute(query("oldest_fixes"), {"devices": list(devices)})).fetchall()
    return {device: to_us(oldest) for device, oldest in rows}


async def read_undated(connection: AsyncConnection, device: int, since_us: int) -> FixBatch:
    """A device's fixes without a time of their own that can be right, received since an instant."""
    asked = {"device": device, "since": to_instant(since_us)}
    rows = await (await connection.execute(query("undated_of_device"), asked)).fetchall()
    return FixBatch.from_rows([_fix_row(row) for row in rows])


def _fix_row(row: tuple[Any, ...]) -> tuple[int, ...]:
    """As it was sent; a time that was stated has its time of day in it."""
    device, boot, seq, digest, uptime_ms, device_time, day_us, received_at, *shared = row
    names = _SHARED[1:]
    dtypes = FixBatch.dtypes()
    filled = [
        int(np.iinfo(dtypes[name]).min) if value is None else value for name, value in zip(names, shared, strict=True)
    ]
    uptime = ABSENT_64 if uptime_ms is None else uptime_ms
    time_us = ABSENT_64 if device_time is None else to_us(device_time)
    if device_time is not None:
        day_us = time_us % DAY_US
    times = (time_us, ABSENT_64 if day_us is None else day_us, to_us(received_at))
    return (device, boot or ABSENT_64, seq or ABSENT_64, digest, uptime, *times, *filled)


def _keys(fixes: FixBatch) -> dict[str, Int64s]:
    """Keys cannot be null: 0 stands for no boot and no sequence number, which begin at 1."""
    return {
        "boot": np.where(present(fixes.boot), fixes.boot, 0),
        "seq": np.where(present(fixes.seq), fixes.seq, 0),
        "digest": fixes.digest,
    }


def _or_none(column: np.ndarray[Any, np.dtype[Any]]) -> list[int | None]:
    return [value if there else None for value, there in zip(column.tolist(), present(column).tolist(), strict=True)]
