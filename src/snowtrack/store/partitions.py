"""Daily partitions of the fixes in plain PostgreSQL; TimescaleDB makes its own.

A partition is made as a table and then attached, which stops neither readers nor writers of the others.
"""

from collections.abc import Iterable
from datetime import timedelta

from psycopg import AsyncConnection, sql

from snowtrack.model.calendar import DAY_US
from snowtrack.store.instants import to_instant
from snowtrack.store.queries import query

DAY = timedelta(microseconds=DAY_US)
DAYS_AHEAD = 2


class Partitions:
    """Those that one connection knows to be there. Somebody else may make some, and drop old ones."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.known: set[int] = set()
        self.partitioned: bool | None = None

    async def make(self, days: Iterable[int]) -> None:
        """Have those of these days, which count from 1970."""
        wanted = sorted(set(days) - self.known)
        if not wanted or not await self._partitioned():
            return
        if await self._missing(wanted):
            async with self.connection.transaction():
                await self.connection.execute(query("hold_partitions"))
                for day in await self._missing(wanted):
                    await self._make(day)
        self.known.update(wanted)

    async def make_ahead(self, now_us: int) -> None:
        """Of today and the next days, so that no batch has to."""
        today = now_us // DAY_US
        await self.make(range(today, today + DAYS_AHEAD + 1))

    async def _missing(self, days: list[int]) -> list[int]:
        asked = {"names": list(map(name_of, days))}
        there = {
            name for (name,) in await (await self.connection.execute(query("partitions_at_hand"), asked)).fetchall()
        }
        return [day for day in days if name_of(day) not in there]

    async def _make(self, day: int) -> None:
        start = to_instant(0) + day * DAY
        table, begin, end = sql.Identifier(name_of(day)), sql.Literal(start), sql.Literal(start + DAY)
        await self.connection.execute(sql.SQL("create table {} (like fix including all)").format(table))
        await self.connection.execute(
            sql.SQL("alter table fix attach partition {} for values from ({}) to ({})").format(table, begin, end)
        )

    async def _partitioned(self) -> bool:
        if self.partitioned is None:
            row = await (await self.connection.execute(query("is_partitioned"))).fetchone()
            self.partitioned = bool(row and row[0])
        return self.partitioned


def name_of(day: int) -> str:
    """Of the partition of a day."""
    return f"fix_{to_instant(0) + day * DAY:%Y%m%d}"
