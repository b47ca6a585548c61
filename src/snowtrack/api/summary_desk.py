"""Where segments are put into groups: once for each version of the registry, beside the event loop."""

import asyncio
from dataclasses import dataclass, field

from snowtrack.api.state import LiveState
from snowtrack.clearance.groups import By, Groups, by_agency, by_area, by_cell, by_class, by_district, by_route
from snowtrack.clearance.segments import Segments
from snowtrack.store.routes import RouteBook


@dataclass(slots=True)
class SummaryDesk:
    """One per application. Groups are kept until the registry changes."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    book: RouteBook | None = None
    version: int = -1
    kept: dict[tuple[By, int], Groups] = field(default_factory=dict)

    async def groups(self, live: LiveState, by: By, resolution: int) -> Groups:
        """Of the network's segments; `resolution` is that of cells."""
        async with self.lock:
            self.book = self.book or RouteBook(live.outlook)
            async with live.pool.connection() as connection:
                await self.book.refresh(connection)
            if self.book.version != self.version:
                self.kept.clear()
                self.version = self.book.version
            key = by, resolution if by is By.CELL else 0
            if key not in self.kept:
                self.kept[key] = await asyncio.to_thread(_grouped, live, self.book, by, resolution)
            return self.kept[key]


def _grouped(live: LiveState, book: RouteBook, by: By, resolution: int) -> Groups:
    network, outlook = live.network, live.outlook
    match by:
        case By.AGENCY:
            return by_agency(outlook.fleet.agencies, outlook.managers)
        case By.DISTRICT:
            return by_district(network)
        case By.CLASS:
            return by_class(network)
        case By.CELL:
            return by_cell(network, resolution)
        case By.ROUTE | By.AREA:
            segments = Segments.of(network, outlook.table(live.event_us))
            return (by_route if by is By.ROUTE else by_area)(book.routes, segments)
