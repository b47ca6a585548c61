"""Partitions of the devices: held by one worker at a time, and what is committed is the holder's."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import AsyncConnection

from snowtrack.model.calendar import SECOND_US
from snowtrack.model.errors import StoreError
from snowtrack.model.fixes import FixBatch
from snowtrack.model.ids import DeviceId
from snowtrack.sources.partitions import PARTITIONS, partition_of
from snowtrack.store.database import connect
from snowtrack.store.devices import device_number, read_devices
from snowtrack.store.journal import add_journal, trim_journal
from snowtrack.store.shares import (
    Cursor,
    Shares,
    join_workers,
    leave_partitions,
    leave_workers,
    new_worker,
    read_cursors,
    read_shares,
    save_cursors,
    still_held,
    take_partitions,
    wait_for_own,
)
from snowtrack.tracks.identity import brought
from tests.store.databases import rows

pytestmark = pytest.mark.anyio
IDS = st.text("ABCxyz019_-", min_size=1, max_size=64)


async def worker(connection: AsyncConnection) -> int:
    """One that wants a share."""
    number = await new_worker(connection, PARTITIONS)
    await join_workers(connection, number, lasts_s=60)
    return number


async def take(connection: AsyncConnection, number: int, most: int = PARTITIONS) -> dict[int, int]:
    return await take_partitions(connection, number, most=most, lasts_s=60)


async def run_out(connection: AsyncConnection) -> None:
    """Nothing was heard of anybody for long."""
    await connection.execute("update ingest_partition set expires_at = now() - interval '1 second'")
    await connection.execute("update ingest_worker set expires_at = now() - interval '2 minutes'")


@given(st.lists(st.tuples(IDS, IDS), min_size=1, max_size=50))
def test_the_database_divides_devices_as_the_stream_does(schema_url: str, names: list[tuple[str, str]]) -> None:
    asked = (
        "select device_partition(a, d) from unnest(%s::text[], %s::text[]) with ordinality as t (a, d, n) order by n"
    )
    found = rows(schema_url, asked, [agency for agency, _ in names], [device for _, device in names])
    assert [number for (number,) in found] == [partition_of(DeviceId(*name)) for name in names]


async def test_devices_are_read_by_partition(connection: AsyncConnection) -> None:
    devices = [DeviceId("kanazawa", f"d{number}") for number in range(20)]
    for device in devices:
        await device_number(connection, device)
    chosen = {partition_of(device) for device in devices[:5]}
    found = {row.id for row in await read_devices(connection, chosen)}
    assert found == {device for device in devices if partition_of(device) in chosen}
    assert {row.id for row in await read_devices(connection)} == set(devices)
    assert await read_devices(connection, set()) == []


async def test_workers_share_and_each_partition_has_one_holder(connection: AsyncConnection) -> None:
    one, other = await worker(connection), await worker(connection)
    assert one != other
    assert await read_shares(connection) == Shares(workers=2, free=PARTITIONS)
    first, second = await take(connection, one, 40), await take(connection, other)
    assert (len(first), len(second)) == (40, 24)
    assert not first.keys() & second.keys()
    assert await read_shares(connection) == Shares(workers=2, free=0)
    assert await take(connection, one) == {}
    assert await join_workers(connection, one, lasts_s=60) == first


async def test_of_workers_that_ask_at_once_none_gets_what_another_has(database: str) -> None:
    async def ask() -> dict[int, int]:
        async with connect(database, name="worker") as connection:
            return await take(connection, await worker(connection), 10)

    found = await asyncio.gather(*(ask() for _ in range(8)))
    held = [partition for own in found for partition in own]
    assert len(held) == len(set(held))
    # Whoever finds one being taken passes it over; the next look gives it.
    assert len(held) <= PARTITIONS


async def test_what_is_left_is_free_at_once_and_changes_hands_with_a_higher_epoch(connection: AsyncConnection) -> None:
    one, other = await worker(connection), await worker(connection)
    held = await take(connection, one)
    await leave_partitions(connection, one, [3, 5])
    taken = await take(connection, other)
    assert taken == {3: held[3] + 1, 5: held[5] + 1}
    assert not await still_held(connection, held)
    assert await still_held(connection, {number: epoch for number, epoch in held.items() if number not in taken})
    await leave_partitions(connection, one, [3])
    assert await still_held(connection, taken), "only the holder leaves"


async def test_who_was_silent_too_long_loses_its_share_but_only_to_others(connection: AsyncConnection) -> None:
    one = await worker(connection)
    held = await take(connection, one)
    await run_out(connection)
    assert await read_shares(connection) == Shares(workers=0, free=PARTITIONS)
    assert await join_workers(connection, one, lasts_s=60) == held
    assert await read_shares(connection) == Shares(workers=1, free=0)
    await run_out(connection)
    other = await worker(connection)
    assert (await take(connection, other)).keys() == held.keys()
    assert await join_workers(connection, one, lasts_s=60) == {}
    assert not await still_held(connection, held)


async def test_workers_that_are_no_more_are_forgotten(connection: AsyncConnection) -> None:
    await worker(connection)
    await run_out(connection)
    one = await worker(connection)
    held = await take(connection, one)
    await leave_workers(connection, one, held)
    assert await read_shares(connection) == Shares(workers=0, free=PARTITIONS)
    cursor = await connection.execute("select count(*) from ingest_worker")
    assert await cursor.fetchone() == (0,)


async def test_what_is_being_committed_keeps_others_out_and_its_holder_may_renew(database: str) -> None:
    async with (
        connect(database, name="one") as one,
        connect(database, name="keeper") as keeper,
        connect(database, name="other") as other,
    ):
        first, second = await worker(one), await worker(other)
        held = await take(one, first)
        await run_out(other)
        async with one.transaction():
            assert await still_held(one, {7: held[7]})
            assert await take(other, second) == {n: e + 1 for n, e in held.items() if n != 7}
            assert await join_workers(keeper, first, lasts_s=60) == {7: held[7]}
        assert await take(other, second) == {}
        await run_out(keeper)
        assert (await take(other, second)).keys() >= {7}
        async with one.transaction():
            assert not await still_held(one, {7: held[7]})


async def test_cursors_are_those_saved_last(connection: AsyncConnection) -> None:
    await new_worker(connection, PARTITIONS)
    early, late, anew = (Cursor(made * SECOND_US, made, made * SECOND_US) for made in (1, 2, 3))
    await save_cursors(connection, {})
    await save_cursors(connection, {(1, "live"): early, (1, "backlog"): late, (2, "live"): early})
    await save_cursors(connection, {(1, "live"): anew})
    assert await read_cursors(connection, [1]) == {(1, "live"): anew, (1, "backlog"): late}
    assert await read_cursors(connection, []) == {}


async def test_a_worker_waits_for_the_end_of_what_it_was_committing_itself(database: str) -> None:
    async with connect(database, name="old") as old, connect(database, name="new") as new:
        number = await worker(old)
        held = await take(old, number)
        async with old.transaction():
            assert await still_held(old, held)
            with pytest.raises(StoreError, match="still commits"):
                async with new.transaction():
                    await wait_for_own(new, number, within_s=0.2)
        async with new.transaction():
            await wait_for_own(new, number, within_s=5)


async def test_a_journal_line_stays_until_all_its_devices_are_saved(connection: AsyncConnection) -> None:
    """Whoever has them now may not have read it yet."""
    mine, gone = await worker(connection), await new_worker(connection, PARTITIONS)
    devices = [await device_number(connection, DeviceId("kanazawa", f"d{number}")) for number in (1, 2)]
    for number in (mine, gone):
        for batch in (1, 2):
            brought_by = brought(batch, FixBatch.empty(), dict.fromkeys(devices, SECOND_US))
            await add_journal(connection, number, brought_by)
    for saved, left in (([0, 0], 4), ([2, 0], 4), ([2, 1], 2), ([2, 2], 0)):
        for device, up_to in zip(devices, saved, strict=True):
            await connection.execute("update device set saved_batch = %s where device = %s", [up_to, device])
        await trim_journal(connection, mine, 9)
        cursor = await connection.execute("select count(*) from journal")
        assert await cursor.fetchone() == (left,)
