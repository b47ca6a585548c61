"""Routes as they are registered, and what their progress is made of, in one look at the database."""

import asyncio
from dataclasses import dataclass

import numpy as np
from psycopg import AsyncConnection

from snowtrack.clearance.ledger import Ledger, Surroundings
from snowtrack.clearance.routes import Route, Routes, with_derived
from snowtrack.clearance.segments import PolicyTable, Segments
from snowtrack.indicators.progress import SEEN_US, Progress, Roads, Work, progress
from snowtrack.model.calendar import MINUTE_US
from snowtrack.model.columns import Int64s
from snowtrack.model.passes import PassBatch
from snowtrack.model.states import StateBatch
from snowtrack.store.columns import read_columns
from snowtrack.store.instants import to_instant, to_us
from snowtrack.store.outlook import Outlook
from snowtrack.store.queries import query
from snowtrack.store.states import read_progress, read_states


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Night:
    """What was read at one instant."""

    facts: StateBatch
    facts_table: PolicyTable
    table: PolicyTable
    around: Surroundings
    work: Work


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Board:
    """All routes at one instant. The ledger is there for who wants to know of each segment."""

    roads: Roads
    ledger: Ledger
    around: Surroundings
    table: PolicyTable
    progress: Progress


class RouteBook:
    """The routes of one network: read again when the registry changes, laid on the roads again when the policy does."""

    def __init__(self, outlook: Outlook) -> None:
        self.outlook = outlook
        self.version = -1
        self.routes = Routes.of([])
        self.roads: dict[int, Roads] = {}

    async def refresh(self, connection: AsyncConnection) -> None:
        await self.outlook.refresh(connection)
        if self.outlook.fleet.version == self.version:
            return
        outlook, version = self.outlook, self.outlook.fleet.version
        agencies = [agency.id for agency in outlook.fleet.agencies]
        registered = await read_routes(connection)
        self.routes = await asyncio.to_thread(with_derived, registered, outlook.network, agencies, outlook.managers)
        self.version = version
        self.roads.clear()

    def roads_under(self, table: PolicyTable) -> Roads:
        """The routes where this policy makes the facts."""
        version = table.policy.version
        if version not in self.roads:
            self.roads[version] = Roads.of(self.routes, self.outlook.network, table)
        return self.roads[version]


async def read_routes(connection: AsyncConnection) -> Routes:
    """All that are registered."""
    rows = await (await connection.execute(query("routes"))).fetchall()
    cursor = await connection.cursor(binary=True).execute(query("route_lines"))
    lines = {(agency, route): (segments, ways) for agency, route, segments, ways in await cursor.fetchall()}
    routes = [
        Route(
            agency=agency,
            id=route,
            name=name,
            district=district,
            priority=priority,
            contractor=contractor,
            machine=machine,
            due_us=None if due_min is None else due_min * MINUTE_US,
        )
        for agency, route, name, district, priority, contractor, machine, due_min in rows
    ]
    nothing = (b"", b"")
    lined = [(route, *lines.get(route.key, nothing)) for route in routes]
    return Routes.of(
        [
            (route, np.frombuffer(segments, ">i8").astype(np.int64), np.frombuffer(ways, ">i2").astype(np.int8))
            for route, segments, ways in lined
        ]
    )


async def read_night(connection: AsyncConnection, book: RouteBook, now_us: int) -> Night:
    """What the progress of all routes is made of."""
    outlook = book.outlook
    async with connection.transaction():
        await book.refresh(connection)
        folded = await read_progress(connection, outlook.network.network_id)
        event_us = now_us if folded is None else folded.event_us
        facts = await read_states(connection)
        around = await outlook.look(connection, now_us=now_us, event_us=event_us)
        asked_us = await _asked(connection, book.routes, event_us, now_us)
        seen = {"since": to_instant(max(event_us, now_us - SEEN_US)), "now": to_instant(now_us)}
        passes = await read_columns(connection, query("ploughed_since"), seen, PassBatch)
    facts_table = outlook.table(event_us)
    rows = Segments.of(outlook.network, facts_table).rows(passes.segment_id)
    counts = (rows >= 0) & outlook.credited(passes, rows)
    return Night(
        facts=facts,
        facts_table=facts_table,
        table=outlook.table(now_us),
        around=around,
        work=Work(passes=passes.take(counts), row=rows[counts], asked_us=asked_us),
    )


def make_board(book: RouteBook, night: Night) -> Board:
    """All routes, without looking at the database again."""
    roads = book.roads_under(night.facts_table)
    ledger = Ledger(night.facts_table.both_ways)
    segments = Segments.of(book.outlook.network, night.facts_table)
    ledger.replace(np.empty(0, np.int64), night.facts, segments.rows(night.facts.segment_id))
    return Board(
        roads=roads,
        ledger=ledger,
        around=night.around,
        table=night.table,
        progress=progress(roads, ledger, night.around, night.table, night.work),
    )


async def _asked(connection: AsyncConnection, routes: Routes, event_us: int, now_us: int) -> Int64s:
    """From when on each route has to be cleared: its first order in the event, or the beginning of the event."""
    span = {"since": to_instant(event_us), "now": to_instant(now_us)}
    rows = await (await connection.execute(query("routes_asked_for"), span)).fetchall()
    asked = {(agency, route): to_us(at) for agency, route, at in rows}
    return np.array([asked.get(route.key, event_us) for route in routes.routes], np.int64)
