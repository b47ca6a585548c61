"""What the indicators of a period are made of, read in portions in one look at the database."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from psycopg import AsyncConnection, IsolationLevel

from snowtrack.clearance.events import events
from snowtrack.indicators.figures import Figure
from snowtrack.indicators.period import Mounted, Period, Scene
from snowtrack.indicators.season import Call, Season
from snowtrack.model.calendar import DAY_US
from snowtrack.model.columns import Columns, Int32s, Int64s
from snowtrack.model.fleet import FOREVER_US
from snowtrack.model.passes import PassBatch
from snowtrack.model.work import ActivityBatch
from snowtrack.store.columns import read_columns
from snowtrack.store.events import EVENT_US_MAX, read_entries, read_hours
from snowtrack.store.instants import to_instant, to_us
from snowtrack.store.queries import query
from snowtrack.store.routes import RouteBook

DAYS_MAX = 200
# Rows in memory at once; the passes of one segment are never cut.
PASSES_AT_ONCE = 200_000
DEVICES_AT_ONCE = 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Heard(Columns):
    """When trackers have tracks."""

    device: Int32s
    started_us: Int64s
    ended_us: Int64s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counts(Columns):
    """How many passes there are of each segment, in order."""

    segment_id: Int64s
    passes: Int64s


async def read_indicators(connection: AsyncConnection, book: RouteBook, period: Period) -> list[Figure]:
    """All figures of a period. The work is done beside the event loop, the reading as it asks for it."""
    before = connection.isolation_level
    await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
    try:
        async with connection.transaction():
            season = await _season(connection, book, period)
            await _add_passes(connection, season)
            await _add_activities(connection, season)
    finally:
        if not connection.broken:
            await connection.set_isolation_level(before)
    return await asyncio.to_thread(season.figures)


async def _season(connection: AsyncConnection, book: RouteBook, period: Period) -> Season:
    await book.refresh(connection)
    outlook = book.outlook
    hours = await read_hours(connection, period.from_us - EVENT_US_MAX)
    known_us = min(period.to_us, period.now_us)
    entries = await read_entries(connection)
    found = events(hours, entries, now_us=known_us, quiet_us=outlook.policies.quiet_us)
    mounted = await read_mounted(connection)
    orders, proposals = await _calls(connection, period)
    scene = Scene(
        period=period,
        roads=book.roads_under(outlook.table(known_us)),
        rows_by_id=outlook.network.rows_by_id.astype(np.int64),
        fleet=outlook.fleet,
        managers=outlook.managers,
        mounted=mounted,
        event_starts_us=np.array([event.start_us for event in found], np.int64),
    )
    return Season(scene, orders, proposals)


async def read_mounted(connection: AsyncConnection) -> tuple[Mounted, ...]:
    """All mountings that are registered."""
    rows = await (await connection.execute(query("carried"))).fetchall()
    return tuple(
        Mounted(
            agency=agency,
            device=device,
            machine=machine,
            number=number,
            from_us=to_us(start),
            to_us=FOREVER_US if end is None else min(to_us(end), FOREVER_US),
        )
        for agency, device, machine, number, start, end in rows
    )


async def _calls(connection: AsyncConnection, period: Period) -> tuple[list[Call], list[Call]]:
    asked = _asked(period.from_us, period.to_us)
    orders = await (await connection.execute(query("orders_in"), asked)).fetchall()
    proposals = await (await connection.execute(query("proposals_in"), asked)).fetchall()
    return (
        [Call(agency=agency, machine=machine, at_us=to_us(at)) for agency, machine, at in orders],
        [Call(agency=agency, machine=None, at_us=to_us(at)) for agency, at in proposals],
    )


async def _add_passes(connection: AsyncConnection, season: Season) -> None:
    asked = _asked(*season.pass_span_us)
    counts = await read_columns(connection, query("pass_counts"), asked, Counts)
    for first, last in await asyncio.to_thread(lambda: list(portions(counts.rows(), PASSES_AT_ONCE))):
        span = asked | {"first": first, "last": last}
        passes = await read_columns(connection, query("passes_of_range"), span, PassBatch)
        await asyncio.to_thread(season.add_passes, passes)


def portions(counts: Iterable[tuple[int, ...]], most: int) -> Iterator[tuple[int, int]]:
    """Ranges of segments, given in order with how many passes each has, of no more passes than this where that can be
    without cutting a segment."""
    first, last, together = 0, 0, 0
    for segment, passes in counts:
        if together and together + passes > most:
            yield first, last
            together = 0
        first = first if together else segment
        last, together = segment, together + passes
    if together:
        yield first, last


async def _add_activities(connection: AsyncConnection, season: Season) -> None:
    period = season.scene.period
    # No span crosses midnight, so one that reaches into the period began within a day of it.
    asked = _asked(period.from_us, period.to_us) | {"since": to_instant(period.from_us - DAY_US)}
    heard = await read_columns(connection, query("tracks_in"), _asked(period.from_us, period.to_us), Heard)
    await asyncio.to_thread(season.add_tracks, heard.device, heard.started_us, heard.ended_us)
    devices = sorted({one.number for one in season.scene.mounted if one.number is not None})
    for at in range(0, len(devices), DEVICES_AT_ONCE):
        some = asked | {"devices": devices[at : at + DEVICES_AT_ONCE]}
        activities = await read_columns(connection, query("activities_of_devices"), some, ActivityBatch)
        await asyncio.to_thread(season.add_activities, activities)


def _asked(from_us: int, until_us: int) -> dict[str, object]:
    return {"from_time": to_instant(from_us), "to_time": to_instant(until_us)}
