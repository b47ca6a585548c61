"""Fixes: stored once, as sent."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from psycopg import AsyncConnection, sql

from snowtrack.model.calendar import DAY_US, MINUTE_US
from snowtrack.model.columns import ABSENT_64, Bools, Int64s, or_none, present
from snowtrack.model.fixes import FixBatch
from snowtrack.store.arrays import numbers, times
from snowtrack.store.columns import read_columns
from snowtrack.store.copying import Column, Instants, Keys, copy_in
from snowtrack.store.instants import to_instant, to_instant_or_none, to_us
from snowtrack.store.partitions import Partitions
from snowtrack.store.queries import query

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
        shared = {name: getattr(fixes, name) for name in _SHARED}
        columns = {
            "device": fixes.device.tolist(),
            "received_at": [to_instant(time) for time in fixes.received_us.tolist()],
            "received_minute": [to_instant(time - time % MINUTE_US) for time in fixes.received_us.tolist()],
            "device_time": [to_instant_or_none(time) for time in fixes.time_us.tolist()],
            "day_us": or_none(fixes.day_us, present(fixes.day_us)),
            **{name: values.tolist() for name, values in _keys(fixes).items()},
            **{name: or_none(values, present(values)) for name, values in shared.items()},
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
    keys = {f"{name}s": numbers(values) for name, values in _keys(fixes).items()}
    asked = {"devices": numbers(fixes.device), "times": times(fixes.time_us), **keys}
    rows = await (await connection.execute(query("known_fixes"), asked)).fetchall()
    known = np.zeros(len(fixes), np.bool_)
    known[[place - 1 for (place,) in rows]] = True
    return known


async def read_fixes(connection: AsyncConnection, device: int, from_us: int, to_us_: int) -> FixBatch:
    """A device's dated fixes of a time range, in observed order."""
    times = {"from_time": to_instant(from_us), "to_time": to_instant(to_us_)}
    return await _read_fixes(connection, {"device": device, "since": None, "until": None, **times})


async def read_undated(
    connection: AsyncConnection, device: int, since_us: int, until_us: int | None = None
) -> FixBatch:
    """A device's fixes without a time of their own that can be right, received since an instant, and before another."""
    received = {"since": to_instant(since_us), "until": to_instant_or_none(until_us)}
    return await _read_fixes(connection, {"device": device, "from_time": None, "to_time": None, **received})


async def _read_fixes(connection: AsyncConnection, asked: Mapping[str, Any]) -> FixBatch:
    """As they were sent: a time that was stated has its time of day in it."""
    fixes = await read_columns(connection, query("fixes_of_device"), asked, FixBatch)
    return replace(
        fixes,
        boot=np.where(fixes.boot == 0, ABSENT_64, fixes.boot),
        seq=np.where(fixes.seq == 0, ABSENT_64, fixes.seq),
        day_us=np.where(present(fixes.time_us), fixes.time_us % DAY_US, fixes.day_us),
    )


async def read_oldest(connection: AsyncConnection, devices: Sequence[int]) -> dict[int, int]:
    """When the oldest stored fix of each device is from, by its own time or, without one, by its receipt."""
    rows = await (await connection.execute(query("oldest_fixes"), {"devices": list(devices)})).fetchall()
    return {device: to_us(oldest) for device, oldest in rows}


def _keys(fixes: FixBatch) -> dict[str, Int64s]:
    """Keys cannot be null: 0 stands for no boot and no sequence number, which begin at 1."""
    return {
        "boot": np.where(present(fixes.boot), fixes.boot, 0),
        "seq": np.where(present(fixes.seq), fixes.seq, 0),
        "digest": fixes.digest,
    }
