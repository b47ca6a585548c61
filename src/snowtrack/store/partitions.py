"""Daily partitions of the fixes in plain PostgreSQL; TimescaleDB makes its own."""

from collections.abc import Iterable
from datetime import timedelta

from psycopg import AsyncConnection

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

    async def make(self, days: Iterable[int]) -> None:
        """Have those of these days, which count from 1970."""
        wanted = sorted(set(days) - self.known)
        if wanted:
            dates = [(to_instant(0) + day * DAY).date() for day in wanted]
            await self.connection.execute(query("make_days"), {"days": dates})
            self.known.update(wanted)

    async def make_ahead(self, now_us: int) -> None:
        """Of today and the next days, so that no batch has to."""
        today = now_us // DAY_US
        await self.make(range(today, today + DAYS_AHEAD + 1))
