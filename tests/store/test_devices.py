"""Devices: numbers, latest instants, committed ranges, and what the stages keep."""

import asyncio

import pytest
from psycopg import AsyncConnection

from snowtrack.model.calendar import SECOND_US
from snowtrack.model.ids import DeviceId
from snowtrack.store.database import connect
from snowtrack.store.devices import (
    Note,
    device_number,
    device_numbers,
    devices_silent_since,
    free_boots,
    note_devices,
    read_committed,
    read_devices,
    read_kept,
    save_committed,
    save_kept,
)
from snowtrack.store.instants import to_instant
from snowtrack.tracks.identity import BootId, Committed

pytestmark = pytest.mark.anyio
AT = 1_800_000_000 * SECOND_US
ONE = DeviceId("kanazawa", "d1")


async def test_a_device_keeps_its_number_and_the_same_name_elsewhere_is_another(connection: AsyncConnection) -> None:
    number = await device_number(connection, ONE)
    assert await device_number(connection, ONE) == number
    assert await device_number(connection, DeviceId("hakusan", "d1")) != number
    assert [row.id for row in await read_devices(connection)] == [DeviceId("hakusan", "d1"), ONE]


async def test_two_that_meet_a_device_at_once_give_it_one_number(database: str) -> None:
    async with connect(database, name="a") as one, connect(database, name="b") as other:
        for name in ("d1", "d2", "d3", "d4", "d5"):
            device = DeviceId("kanazawa", name)
            numbers = await asyncio.gather(device_number(one, device), device_number(other, device))
            assert numbers[0] == numbers[1]


async def test_many_get_their_numbers_together_in_the_order_of_their_names(connection: AsyncConnection) -> None:
    known = await device_number(connection, DeviceId("kanazawa", "d110"))
    named = {DeviceId("kanazawa", f"d{at}") for at in range(100, 120)}
    numbers = await device_numbers(connection, named)
    assert numbers.pop(DeviceId("kanazawa", "d110")) == known
    assert [numbers[device] for device in sorted(numbers)] == list(range(known + 1, known + 20))
    assert await device_numbers(connection, set()) == {}


async def test_a_number_is_found_that_another_is_just_about_to_commit(database: str) -> None:
    async with connect(database, name="a") as one, connect(database, name="b") as other:
        async with one.transaction():
            number = await device_number(one, ONE)
            asked = asyncio.create_task(device_number(other, ONE))
            waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
            async with connect(database, name="c") as watcher, asyncio.timeout(20):
                while await (await watcher.execute(waiting)).fetchone() == (0,):
                    pass
        assert await asked == number


async def test_latest_instants_never_go_back_and_fixes_add_up(connection: AsyncConnection) -> None:
    number = await device_number(connection, ONE)
    for latest_us, heard_us in ((AT, AT + 1), (AT - 9, AT - 5), (None, AT - 7)):
        await note_devices(connection, {number: Note(2, latest_us, heard_us)}, 1)
    (row,) = await read_devices(connection)
    assert (row.fixes, row.latest_at, row.heard_at) == (6, to_instant(AT), to_instant(AT + 1))


async def test_a_device_heard_of_without_a_fix_has_no_latest_instant(connection: AsyncConnection) -> None:
    number = await device_number(connection, ONE)
    await note_devices(connection, {number: Note(0, None, AT)}, 1)
    assert (await read_devices(connection))[0].latest_at is None


async def test_silent_are_those_heard_before_and_not_those_never_heard(connection: AsyncConnection) -> None:
    heard, _ = await device_number(connection, ONE), await device_number(connection, DeviceId("kanazawa", "d2"))
    await note_devices(connection, {heard: Note(0, None, AT)}, 1)
    assert await devices_silent_since(connection, AT + 1) == {heard}
    assert await devices_silent_since(connection, AT) == set()


async def test_committed_ranges_come_back_as_they_were(connection: AsyncConnection) -> None:
    number = await device_number(connection, ONE)
    cases = {
        1: Committed(),
        2: Committed(ranges=((1, 2),), floor=7),
        2**32 - 1: Committed(ranges=((1, 5), (7, 2**53)), floor=2**53 - 1),
    }
    for boot, committed in cases.items():
        await save_committed(connection, {BootId(number, boot): committed})
    expected = {BootId(number, boot): committed for boot, committed in cases.items()}
    assert await read_committed(connection, [number]) == expected


async def test_committed_ranges_are_replaced_and_freed_boot_by_boot(connection: AsyncConnection) -> None:
    one, other = await device_number(connection, ONE), await device_number(connection, DeviceId("kanazawa", "d2"))
    for device in (one, other):
        for boot in (1, 2, 3):
            await save_committed(connection, {BootId(device, boot): Committed(ranges=((1, 2),))})
    await save_committed(connection, {BootId(one, 3): Committed(ranges=((1, 9),))})
    await free_boots(connection, {one: 3})
    assert await read_committed(connection, [one]) == {BootId(one, 3): Committed(ranges=((1, 9),))}
    assert len(await read_committed(connection, [other])) == 3
    assert {row.number: row.held_boot for row in await read_devices(connection)} == {one: 3, other: 0}


async def test_what_the_stages_keep_belongs_to_one_network(connection: AsyncConnection) -> None:
    number = await device_number(connection, ONE)
    kept = {"matcher": {"pending": [[AT, 2**53, -1]]}, "passes": {"open": None}}
    assert await read_kept(connection, [number], "net-a") == {}
    await save_kept(connection, "net-a", {number: {"old": 1}})
    await save_kept(connection, "net-a", {number: kept})
    assert await read_kept(connection, [number], "net-a") == {number: kept}
    assert await read_kept(connection, [number], "net-b") == {}
    await save_kept(connection, "net-b", {number: {}})
    assert await read_kept(connection, [number], "net-a") == {}
