"""Where indicators are made: one period at a time, so that they leave room for everything else."""

import asyncio
from dataclasses import dataclass, field
from datetime import date

from snowtrack import wall_clock
from snowtrack.api.state import LiveState
from snowtrack.indicators.figures import Figure
from snowtrack.indicators.period import Period
from snowtrack.model.calendar import day_range_us
from snowtrack.store.indicators import read_indicators
from snowtrack.store.outlook import Outlook
from snowtrack.store.routes import RouteBook

WAITING_MAX = 4


@dataclass(slots=True)
class SeasonDesk:
    """One per application, with an outlook of its own: it looks at the database as it was at one moment."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
    book: RouteBook | None = None

    async def figures(self, live: LiveState, first: date, last: date) -> list[Figure] | None:
        """Of a period from day to day; nothing while too many wait for theirs."""
        if self.waiting >= WAITING_MAX:
            return None
        self.waiting += 1
        try:
            async with self.lock:
                self.book = self.book or RouteBook(Outlook(live.network, live.outlook.policies, live.silence_us))
                period = Period(from_us=day_range_us(first)[0], to_us=day_range_us(last)[1], now_us=wall_clock.now_us())
                async with live.pool.connection() as connection:
                    return await read_indicators(connection, self.book, period)
        finally:
            self.waiting -= 1
