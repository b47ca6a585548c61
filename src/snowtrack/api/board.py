"""The progress of all routes, made at most every few seconds, once for all who ask."""

import asyncio
import time
from dataclasses import dataclass, field

from snowtrack import wall_clock
from snowtrack.api.state import LiveState
from snowtrack.store.routes import Board, RouteBook, make_board, read_night

FRESH_S = 5.0


@dataclass(slots=True)
class LatestBoard:
    """Who asks while it is being made waits for it; the event loop does not."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    book: RouteBook | None = None
    board: Board | None = None
    made_s: float = float("-inf")
    made_for_us: int | None = None

    async def of(self, live: LiveState, cut_us: int | None = None) -> Board:
        """Of this moment; or, once for each public cut, of when it was first asked for with that one."""
        async with self.lock:
            old = time.monotonic() - self.made_s > FRESH_S if cut_us is None else self.made_for_us != cut_us
            if self.board is None or old:
                self.book = self.book or RouteBook(live.outlook)
                async with live.pool.connection() as connection:
                    night = await read_night(connection, self.book, wall_clock.now_us())
                self.board = await asyncio.to_thread(make_board, self.book, night)
                self.made_s, self.made_for_us = time.monotonic(), cut_us
            return self.board
