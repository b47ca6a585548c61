"""How machines spend their time comes back as it was stored."""

import psycopg
import pytest
from psycopg import AsyncConnection

from snowtrack.model.calendar import SECOND_US
from snowtrack.model.ids import DeviceId
from snowtrack.model.tracks import DirtyStretch
from snowtrack.model.work import Activity, ActivityBatch, Evidence
from snowtrack.store.activities import add_activities, read_activities, replace_activities
from snowtrack.store.database import connect
from snowtrack.store.devices import device_number

pytestmark = pytest.mark.anyio
AT = 1_800_000_000 * SECOND_US


@pytest.fixture
async def device(connection: AsyncConnection) -> int:
    return await device_number(connection, DeviceId("kanazawa", "d1"))


def span(device: int, started_s: float, ended_s: float, activity: Activity = Activity.WORKING) -> tuple[int, ...]:
    return (device, AT + int(started_s * SECOND_US), AT + int(ended_s * SECOND_US), activity, Evidence.BLADE, 0, 1, 5)


def stretch(device: int, from_s: float, to_s: float) -> DirtyStretch:
    return DirtyStretch(device=device, from_us=AT + int(from_s * SECOND_US), to_us=AT + int(to_s * SECOND_US))


async def all_of(connection: AsyncConnection, device: int) -> list[tuple[int, ...]]:
    return (await read_activities(connection, device, 0, 2 * AT)).rows()


async def test_spans_come_back_as_they_were_in_order(connection: AsyncConnection, device: int) -> None:
    spans = [
        (device, AT, AT + 1, Activity.PARKED, Evidence.BLADE, 0, 0, 0),
        (device, AT + 1, AT + 600 * SECOND_US, Activity.STANDBY, Evidence.INFERRED, 1, 0, 2**40),
        (device, AT + 600 * SECOND_US, AT + 601 * SECOND_US, Activity.TRAVELLING, Evidence.BLADE, 1, 0, 1),
        (device, AT + 700 * SECOND_US, AT + 701 * SECOND_US, Activity.WORKING, Evidence.INFERRED, 0, 1, 3),
    ]
    await add_activities(connection, ActivityBatch.from_rows(spans[::-1]))
    assert await all_of(connection, device) == spans
    await add_activities(connection, ActivityBatch.empty())
    assert await all_of(connection, device) == spans


async def test_a_range_has_the_spans_that_overlap_it(connection: AsyncConnection, device: int) -> None:
    spans = [span(device, at * 10, at * 10 + 10, Activity(at % 4)) for at in range(5)]
    await add_activities(connection, ActivityBatch.from_rows(spans))
    found = await read_activities(connection, device, AT + 10 * SECOND_US, AT + 30 * SECOND_US)
    assert found.rows() == spans[1:3]
    assert (await read_activities(connection, device, AT + 9 * SECOND_US, AT + 31 * SECOND_US)).rows() == spans[:4]


async def test_each_device_has_its_own(connection: AsyncConnection, device: int) -> None:
    other = await device_number(connection, DeviceId("kanazawa", "d2"))
    await add_activities(connection, ActivityBatch.from_rows([span(device, 0, 9), span(other, 0, 8)]))
    assert await all_of(connection, device) == [span(device, 0, 9)]
    assert await all_of(connection, other) == [span(other, 0, 8)]
    assert await all_of(connection, other + 1) == []


async def test_replacing_takes_away_what_began_in_the_stretch_alone(connection: AsyncConnection, device: int) -> None:
    other = await device_number(connection, DeviceId("kanazawa", "d2"))
    kept = [span(device, 0, 10), span(device, 31, 35), span(other, 15, 16)]
    replaced = [span(device, 10, 12), span(device, 20, 22), span(device, 30, 31)]
    await add_activities(connection, ActivityBatch.from_rows([*kept, *replaced]))
    new = [span(device, 10, 20, Activity.TRAVELLING), span(device, 20, 30)]
    await replace_activities(connection, stretch(device, 10, 30), ActivityBatch.from_rows(new))
    assert await all_of(connection, device) == [kept[0], *new, kept[1]]
    assert await all_of(connection, other) == [kept[2]]
    await replace_activities(connection, stretch(device, 0, 100), ActivityBatch.empty())
    assert await all_of(connection, device) == []


async def test_replacing_is_seen_at_once_or_not_at_all(database: str) -> None:
    async with connect(database, name="a") as writer, connect(database, name="b") as reader:
        device = await device_number(writer, DeviceId("kanazawa", "d1"))
        old, new = span(device, 10, 20), span(device, 10, 15)
        await add_activities(writer, ActivityBatch.from_rows([old]))
        async with writer.transaction():
            await replace_activities(writer, stretch(device, 10, 30), ActivityBatch.from_rows([new]))
            assert await all_of(reader, device) == [old]
        assert await all_of(reader, device) == [new]


async def test_a_machine_does_one_thing_at_a_time_and_for_some_time(connection: AsyncConnection, device: int) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        await add_activities(connection, ActivityBatch.from_rows([span(device, 5, 5)]))
    await add_activities(connection, ActivityBatch.from_rows([span(device, 5, 6)]))
    with pytest.raises(psycopg.errors.UniqueViolation):
        await add_activities(connection, ActivityBatch.from_rows([span(device, 5, 7, Activity.PARKED)]))
    assert await all_of(connection, device) == [span(device, 5, 6)]
