"""Daily partitions of the fixes in plain PostgreSQL; TimescaleDB makes its own."""

from collections.abc import Iterable
from datetime import date, timedelta

from psycopg import AsyncConnection

from snowtrack.model.calendar import DAY_US
from snowtrack.store.instants import to_instant
from snowtrack.store.queries import query

DAY = timedelta(microseconds=DAY_US)
DAYS_AHEAD = 2
FIRST = to_instant(0).date()


class Partitions:
    """Those that one connection knows to be there: of these days only, since old ones leave the database."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.known: set[int] = set()

    async def make(self, days: Iterable[int]) -> None:
        """Have those of these days, which count from 1970; in a transaction they stay at least until it ends."""
        wanted = sorted(set(days) - self.known)
        if wanted:
            await self.connection.execute(query("make_days"), {"days": [day_date(day) for day in wanted]})

    async def make_ahead(self, now_us: int) -> None:
        """Of today and the next days, so that no batch has to."""
        today = now_us // DAY_US
        ahead = range(today, today + DAYS_AHEAD + 1)
        await self.make(ahead)
        self.known = set(ahead)


def day_date(day: int) -> date:
    """A day that counts from 1970."""
    return FIRST + day * DAY


def day_number(day: date) -> int:
    """The other way round."""
    return (day - FIRST) // DAY
