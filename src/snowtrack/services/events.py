"""Snow events: what the fold goes by, and what people decide of them and see."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg import AsyncConnection

from snowtrack import wall_clock
from snowtrack.clearance.events import Event, EventEntry, events, refusal
from snowtrack.model.access import EVERY
from snowtrack.model.calendar import tokyo_minute
from snowtrack.model.errors import ConfigError
from snowtrack.services.console import note_at_console
from snowtrack.services.instance import database_url
from snowtrack.services.policies import load_policies
from snowtrack.settings import Settings
from snowtrack.store.database import connect, store_errors
from snowtrack.store.events import EVENT_US_MAX, enter_event, read_entries, read_hours
from snowtrack.store.outlook import Outlook


async def read_events(connection: AsyncConnection, outlook: Outlook, now_us: int) -> list[Event]:
    """The events of this season, by rule and by hand."""
    hours = await read_hours(connection, now_us - EVENT_US_MAX)
    return events(hours, await read_entries(connection), now_us=now_us, quiet_us=outlook.policies.quiet_us)


async def newest_event(connection: AsyncConnection, outlook: Outlook, now_us: int) -> Event | None:
    found = await read_events(connection, outlook, now_us)
    return found[-1] if found else None


async def show_events(settings: Settings) -> None:
    """One line for each, the newest first, and what people decided."""
    now_us = wall_clock.now_us()
    async with deciding(settings) as connection:
        hours, entries = await read_hours(connection, now_us - EVENT_US_MAX), await read_entries(connection)
    found = events(hours, entries, now_us=now_us, quiet_us=load_policies(settings).quiet_us)
    for event in reversed(found):
        until = "open" if event.end_us is None else tokyo_minute(event.end_us)
        by_hand = [f", {done} by entry {one.number}" for done, one in _by_hand(event) if one is not None]
        print(f"{tokyo_minute(event.start_us)} – {until}{''.join(by_hand)}")
    if not found:
        print("no snow event this season")
    taken_back = {one.voids: one.number for one in entries if one.voids}
    for entry in entries:
        what = f"takes back entry {entry.voids}" if entry.voids else f"{entry.kind} {tokyo_minute(entry.at_us)}"
        mark = f"; taken back by entry {taken_back[entry.number]}" if entry.number in taken_back else ""
        print(f"entry {entry.number}: {what}: {entry.reason} ({entry.by}){mark}")


async def decide_event(settings: Settings, entry: EventEntry) -> None:
    """Open or close an event by hand, or take back what was decided."""
    now_us = wall_clock.now_us()
    async with deciding(settings) as connection:
        hours, entries = await read_hours(connection, now_us - EVENT_US_MAX), await read_entries(connection)
        fault = refusal(entry, entries, hours, now_us=now_us, quiet_us=load_policies(settings).quiet_us)
        if fault is not None:
            raise ConfigError(fault)
        async with connection.transaction():
            number = await enter_event(connection, entry)
            await note_at_console(connection, "tell", (EVERY,), f"event entry {number}")
    print(f"entry {number}: noted; the fold goes by it within a minute")


@asynccontextmanager
async def deciding(settings: Settings) -> AsyncIterator[AsyncConnection]:
    """A connection for what people decide and see."""
    async with connect(database_url(settings), name="decisions") as connection:
        with store_errors("cannot read or note it"):
            yield connection


def _by_hand(event: Event) -> tuple[tuple[str, EventEntry | None], ...]:
    return ("opened", event.opened), ("closed", event.closed)
