"""The registry in the database: its rows as files have them, and the fleet that fixes and passes are judged by."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from functools import cache
from typing import LiteralString, TypeAlias

from psycopg import AsyncConnection
from psycopg.rows import dict_row

from snowtrack.model.fleet import FOREVER_US, Agency, Fleet, Manages, Mountings
from snowtrack.model.machines import MachineKind
from snowtrack.model.tracks import DirtyStretch
from snowtrack.store.events import EVENT_US_MAX
from snowtrack.store.fixes import read_oldest
from snowtrack.store.instants import to_instant, to_us
from snowtrack.store.passes import mark_dirty, touch
from snowtrack.store.queries import query

Value: TypeAlias = str | int | bool | datetime | date | time | tuple[str, ...] | None
Row: TypeAlias = dict[str, Value]
"""By the names of the database's columns."""
Tables: TypeAlias = dict[str, list[Row]]
"""The rows of each table, by the name of its file."""

# Any number that no other program is likely to take.
_LOCK = 7_304_866_222


@cache
def _statements() -> dict[str, tuple[LiteralString, LiteralString]]:
    """How each table is read and written."""
    return {
        "agencies": (query("agencies"), query("save_agency")),
        "contractors": (query("contractors"), query("save_contractor")),
        "machines": (query("machines"), query("save_machine")),
        "operators": (query("operators"), query("save_operator")),
        "devices": (query("mountings"), query("save_mounting")),
        "sensors": (query("sensors"), query("save_sensor")),
        "alerts": (query("alert_rules"), query("save_alert_rule")),
        "routes": (query("routes"), query("save_route")),
        "route_segments": (query("route_segments"), query("save_route_segment")),
        "orders": (query("work_orders"), query("save_work_order")),
    }


async def hold_fleet(connection: AsyncConnection) -> None:
    """Until the transaction ends nobody else changes the registry; reading goes on."""
    await connection.execute(query("hold_fleet"), {"lock": _LOCK})


async def read_tables(connection: AsyncConnection) -> Tables:
    """All that is registered."""
    tables: Tables = {}
    async with connection.cursor(row_factory=dict_row) as cursor:
        for name, (read, _) in _statements().items():
            rows = await (await cursor.execute(read)).fetchall()
            tables[name] = [{key: _value(value) for key, value in row.items()} for row in rows]
    return tables


async def save_rows(connection: AsyncConnection, name: str, rows: Sequence[Row]) -> None:
    """Add rows, or put them in place of those with their keys."""
    _, save = _statements()[name]
    async with connection.cursor() as cursor:
        await cursor.executemany(save, [{key: _stored(value) for key, value in row.items()} for row in rows])


async def remove_route_segments(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Take segments off their routes."""
    keys = ("agency", "route", "position")
    asked = {key: [row[key] for row in rows] for key in keys}
    await connection.execute(query("remove_route_segments"), asked)


async def fleet_version(connection: AsyncConnection) -> int:
    """The number of the registry's last change."""
    row = await (await connection.execute(query("fleet_version"))).fetchone()
    return int(row[0]) if row else 0


async def note_change(connection: AsyncConnection) -> int:
    """Count a change of the registry, and tell those who hold it in memory at the commit; its number."""
    row = await (await connection.execute(query("next_fleet_version"))).fetchone()
    if row is None:
        row = await (await connection.execute(query("first_fleet_version"))).fetchone()
    version = int(row[0]) if row else 0
    await connection.execute(query("tell_of_fleet"), {"version": str(version)})
    return version


async def read_fleet(connection: AsyncConnection) -> Fleet:
    """The registry as it is at one version, also when it changes while it is read."""
    while True:
        version = await fleet_version(connection)
        agencies = await read_agencies(connection)
        found = await (await connection.execute(query("mounted_devices"))).fetchall()
        if await fleet_version(connection) == version:
            break
    places = {agency.id: place for place, agency in enumerate(agencies)}
    rows = [
        (device, to_us(start), _end_us(end), MachineKind[kind.upper()], footways, places[agency])
        for device, start, end, kind, footways, agency in found
    ]
    return Fleet(version=version, agencies=agencies, mountings=Mountings.from_rows(rows))


async def read_agencies(connection: AsyncConnection) -> tuple[Agency, ...]:
    """The road managers, by id."""
    rows = await (await connection.execute(query("agencies"))).fetchall()
    agencies = [
        Agency(
            id=id_,
            name=name,
            manages=Manages(manages),
            districts=tuple(districts),
            shares_passes=shares_passes,
            shares_states=shares_states,
        )
        for id_, name, manages, districts, shares_passes, shares_states in rows
    ]
    return tuple(sorted(agencies, key=lambda agency: agency.id))


async def compute_again(connection: AsyncConnection, stretches: Iterable[DirtyStretch]) -> int:
    """Have the passes of stretches computed again, as far back as there are fixes; how many there are."""
    asked = list(stretches)
    oldest_us = await read_oldest(connection, sorted({one.device for one in asked}))
    known = [
        DirtyStretch(device=one.device, from_us=max(one.from_us, oldest_us[one.device]), to_us=one.to_us)
        for one in asked
        if one.device in oldest_us and oldest_us[one.device] <= one.to_us
    ]
    await mark_dirty(connection, known)
    return len(known)


async def credit_again(connection: AsyncConnection, stretches: Iterable[DirtyStretch]) -> int:
    """Have the fold look at the segments of passes that began in stretches; how many segments."""
    asked = list(stretches)
    ranges = {
        "devices": [one.device for one in asked],
        "from_times": [to_instant(one.from_us) for one in asked],
        "to_times": [to_instant(one.to_us) for one in asked],
    }
    rows = await (await connection.execute(query("segments_of_stretches"), ranges)).fetchall()
    await touch(connection, (segment for (segment,) in rows))
    return len(rows)


async def manage_again(connection: AsyncConnection, now_us: int) -> int:
    """Have the fold look at all segments that were worked in the event that it has facts of; how many."""
    asked = {"earliest": to_instant(now_us - EVENT_US_MAX)}
    rows = await (await connection.execute(query("segments_worked_in_event"), asked)).fetchall()
    await touch(connection, (segment for (segment,) in rows))
    return len(rows)


def _end_us(end: datetime | None) -> int:
    return FOREVER_US if end is None else min(to_us(end), FOREVER_US)


def _value(value: Value | list[str]) -> Value:
    return tuple(value) if isinstance(value, list) else value


def _stored(value: Value) -> Value | list[str]:
    return list(value) if isinstance(value, tuple) else value
