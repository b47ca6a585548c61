"""What people decided, kept for good; and the hours in which machines worked."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection
from psycopg.errors import CheckViolation, ForeignKeyViolation

from snowtrack.clearance.events import EntryKind, EventEntry
from snowtrack.model.calendar import DAY_US, HOUR_US, SECOND_US
from snowtrack.model.ids import DeviceId
from snowtrack.store.database import connect
from snowtrack.store.devices import device_number
from snowtrack.store.events import (
    Closure,
    close_segments,
    closed_at,
    end_closure,
    enter_event,
    read_closures,
    read_entries,
    read_hours_at_work,
)
from snowtrack.store.instants import to_instant
from tests.services.registry import register
from tests.store.databases import clear

pytestmark = pytest.mark.anyio
AT = 500_000 * HOUR_US
PLOUGH, STRANGER = DeviceId("kanazawa", "d1"), DeviceId("kanazawa", "d2")
SPAN = "insert into activity values (%s, %s, %s, 3, 0, false, 0, %s) on conflict do nothing"


def entry(kind: EntryKind, at_us: int = AT, voids: int | None = None) -> EventEntry:
    return EventEntry(number=0, kind=kind, at_us=at_us, reason="storm", by="Sato", voids=voids)


async def spend(connection: AsyncConnection, device: DeviceId, start_us: int, *, ploughed: bool = True) -> None:
    number = await device_number(connection, device)
    span = to_instant(start_us), to_instant(start_us) + timedelta(seconds=1)
    await connection.execute(SPAN, [number, *span, ploughed])


async def test_entries_come_back_with_their_numbers(connection: AsyncConnection) -> None:
    first = await enter_event(connection, entry(EntryKind.OPEN))
    await enter_event(connection, entry(EntryKind.CLOSE, AT + 1))
    await enter_event(connection, entry(EntryKind.VOID, AT + 2, voids=first))
    found = await read_entries(connection)
    assert [(one.number - first, one.kind, one.at_us - AT, one.voids) for one in found] == [
        (0, EntryKind.OPEN, 0, None),
        (1, EntryKind.CLOSE, 1, None),
        (2, EntryKind.VOID, 2, first),
    ]
    assert {(one.reason, one.by) for one in found} == {("storm", "Sato")}


async def test_only_what_was_decided_can_be_taken_back(connection: AsyncConnection) -> None:
    with pytest.raises(ForeignKeyViolation):
        await enter_event(connection, entry(EntryKind.VOID, voids=77))
    with pytest.raises(CheckViolation):
        await enter_event(connection, entry(EntryKind.VOID))


@given(
    st.lists(st.tuples(st.integers(0, 40 * 60), st.booleans(), st.booleans()), max_size=30),
    st.integers(0, 40 * 60),
)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_hours_at_work_are_those_in_which_a_registered_machine_ploughed(
    database: str, spans: list[tuple[int, bool, bool]], since_min: int
) -> None:
    clear(database)
    register(database, PLOUGH)
    async with connect(database, name="test") as connection:
        seen: dict[tuple[int, bool], bool] = {}
        for minute, registered, ploughed in spans:
            seen.setdefault((minute, registered), ploughed)
            start_us = AT + minute * 60 * SECOND_US
            await spend(connection, PLOUGH if registered else STRANGER, start_us, ploughed=ploughed)
        hours = {minute // 60 for (minute, registered), ploughed in seen.items() if registered and ploughed}
        found = await read_hours_at_work(connection, AT + since_min * 60 * SECOND_US)
    assert [(hour - AT) // HOUR_US for hour in found] == sorted(hour for hour in hours if hour >= since_min // 60)


async def test_a_device_counts_only_while_it_is_mounted(database: str, connection: AsyncConnection) -> None:
    register(database, PLOUGH)
    ends = to_instant(AT + HOUR_US)
    await connection.execute("update mounting set valid_from = %s, valid_to = %s", [to_instant(AT), ends])
    for hour in (-1, 0, 1):
        await spend(connection, PLOUGH, AT + hour * HOUR_US)
    assert await read_hours_at_work(connection, AT - DAY_US) == [AT]


def closure(*segments: int, until_us: int | None = None) -> Closure:
    return Closure(number=0, segments=segments, from_us=AT, until_us=until_us, reason="ice", by="Sato")


@pytest.mark.parametrize(
    ("at_us", "closed"), [(AT - 1, []), (AT, [3, 5, 8]), (AT + HOUR_US - 1, [3, 5, 8]), (AT + HOUR_US, [5, 8])]
)
async def test_closed_segments_are_those_of_all_closures_that_hold(
    connection: AsyncConnection, at_us: int, closed: list[int]
) -> None:
    await close_segments(connection, closure(5, 3, until_us=AT + HOUR_US))
    await close_segments(connection, closure(8, 5))
    assert closed_at(await read_closures(connection), at_us) == closed


async def test_of_the_ends_of_a_closure_the_one_said_last_counts(connection: AsyncConnection) -> None:
    number = await close_segments(connection, closure(5, until_us=AT + HOUR_US))
    other = await close_segments(connection, closure(6))
    for hours in (2, 4, 3):
        await end_closure(connection, number, AT + hours * HOUR_US, reason="thaw", by="Ito")
    found = await read_closures(connection)
    assert [(one.number, one.segments, one.until_us) for one in found] == [
        (number, (5,), AT + 3 * HOUR_US),
        (other, (6,), None),
    ]
    assert {(one.reason, one.by) for one in found} == {("ice", "Sato")}
