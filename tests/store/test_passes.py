"""Passes, what they touch, and the queue of stretches to compute again."""

import pytest
from psycopg import AsyncConnection

from snowtrack.model.calendar import SECOND_US
from snowtrack.model.columns import ABSENT_32, present
from snowtrack.model.ids import DeviceId
from snowtrack.model.passes import PassBatch
from snowtrack.model.tracks import DirtyStretch
from snowtrack.services.recompute import widen_to_tracks
from snowtrack.sources.partitions import partition_of
from snowtrack.store.database import connect
from snowtrack.store.devices import device_number
from snowtrack.store.fixes import FixWriter
from snowtrack.store.passes import (
    DirtyWork,
    add_passes,
    clear_dirty,
    mark_dirty,
    next_dirty,
    read_device_passes,
    read_segment_passes,
    replace_passes,
    touch,
)
from snowtrack.store.states import take_touched
from tests.store.test_fixes import batch, fix

pytestmark = pytest.mark.anyio
AT = 1_800_000_000 * SECOND_US
CUT_US = 300 * SECOND_US
ALL = range(64)


@pytest.fixture
async def device(connection: AsyncConnection) -> int:
    return await device_number(connection, DeviceId("kanazawa", "d1"))


def a_pass(device: int, segment: int, started_s: float, ended_s: float) -> tuple[int, ...]:
    return (device, segment, -1, 5, 10, AT + int(started_s * SECOND_US), AT + int(ended_s * SECOND_US), 0, 1, 900, 40)


def stretch(device: int, from_s: float, to_s: float) -> DirtyStretch:
    return DirtyStretch(device=device, from_us=AT + int(from_s * SECOND_US), to_us=AT + int(to_s * SECOND_US))


async def all_of(connection: AsyncConnection, device: int) -> list[tuple[int, ...]]:
    return (await read_device_passes(connection, device, 0, 2 * AT)).rows()


async def test_passes_come_back_as_they_were_in_order(connection: AsyncConnection, device: int) -> None:
    passes = [
        (device, 2**53 - 1, -1, 0, 2**31 - 1, AT, AT, 0, 2, 1000, ABSENT_32),
        (device, 1, 1, 3, 4, AT + 1, AT + 7, 0, 0, 0, 0),
        (device, 2, 0, 3, 4, AT + 1, AT + 7, 1, 1, 1, 40_000),
    ]
    await add_passes(connection, PassBatch.from_rows(passes[::-1]))
    assert await all_of(connection, device) == passes
    await add_passes(connection, PassBatch.empty())
    assert await all_of(connection, device) == passes


async def test_a_range_has_the_passes_that_overlap_it(connection: AsyncConnection, device: int) -> None:
    passes = [a_pass(device, segment, segment * 10, segment * 10 + 10) for segment in range(5)]
    await add_passes(connection, PassBatch.from_rows(passes))
    found = await read_device_passes(connection, device, AT + 10 * SECOND_US, AT + 25 * SECOND_US)
    assert found.segment_id.tolist() == [1, 2]
    assert len(await read_device_passes(connection, device + 1, 0, 2 * AT)) == 0


async def test_the_fold_gets_a_segment_s_passes_of_all_devices_since_the_event(
    connection: AsyncConnection, device: int
) -> None:
    other = await device_number(connection, DeviceId("kanazawa", "d2"))
    passes = [a_pass(device, 7, 0, 9), a_pass(other, 7, 2, 11), a_pass(device, 8, 0, 12), a_pass(device, 9, 0, 12)]
    await add_passes(connection, PassBatch.from_rows(passes))
    found = await read_segment_passes(connection, [7, 8], AT + 10 * SECOND_US)
    assert found.rows() == [passes[1], passes[2]]
    until = await read_segment_passes(connection, [7, 8], AT + 9 * SECOND_US, AT + 11 * SECOND_US)
    assert until.rows() == [passes[0]]
    assert len(await read_segment_passes(connection, [], AT)) == 0


async def test_new_passes_touch_their_segments_once(connection: AsyncConnection, device: int) -> None:
    await add_passes(connection, PassBatch.from_rows([a_pass(device, segment, 0, 1) for segment in (7, 5, 7)]))
    assert await (await connection.execute("select count(*) from touched")).fetchone() == (2,)
    assert await take_touched(connection, 10) == [5, 7]
    assert await take_touched(connection, 10) == []


async def test_touched_segments_are_taken_up_to_a_limit_oldest_first(connection: AsyncConnection) -> None:
    await touch(connection, [9])
    await touch(connection, [3, 4])
    assert await take_touched(connection, 1) == [9]
    assert await take_touched(connection, 5) == [3, 4]


async def test_who_listens_is_woken_at_the_commit_and_only_if_something_was_touched(database: str) -> None:
    async with connect(database, name="a") as writer, connect(database, name="b") as reader:
        await reader.execute("listen snowtrack_touched")
        await touch(writer, [])
        async with writer.transaction():
            await touch(writer, [1])
            assert [one async for one in reader.notifies(timeout=0.1)] == []
        assert [one.channel async for one in reader.notifies(timeout=20, stop_after=1)] == ["snowtrack_touched"]
        assert [one async for one in reader.notifies(timeout=0)] == []


async def test_replacing_takes_away_what_began_in_the_stretch_and_touches_old_and_new(
    connection: AsyncConnection, device: int
) -> None:
    other = await device_number(connection, DeviceId("kanazawa", "d2"))
    kept = [a_pass(device, 1, 0, 9), a_pass(device, 2, 31, 35), a_pass(other, 3, 15, 16)]
    replaced = [a_pass(device, 4, 10, 12), a_pass(device, 5, 20, 22), a_pass(device, 6, 30, 33)]
    await add_passes(connection, PassBatch.from_rows([*kept, *replaced]))
    await take_touched(connection, 100)
    new = a_pass(device, 7, 11, 12)
    await replace_passes(connection, stretch(device, 10, 30), PassBatch.from_rows([new]))
    assert await all_of(connection, device) == [kept[0], new, kept[1]]
    assert await all_of(connection, other) == [kept[2]]
    assert await take_touched(connection, 100) == [4, 5, 6, 7]


async def test_replacing_is_seen_at_once_or_not_at_all(database: str) -> None:
    async with connect(database, name="a") as writer, connect(database, name="b") as reader:
        device = await device_number(writer, DeviceId("kanazawa", "d1"))
        old, new = a_pass(device, 4, 10, 12), a_pass(device, 7, 11, 12)
        await add_passes(writer, PassBatch.from_rows([old]))
        async with writer.transaction():
            await replace_passes(writer, stretch(device, 10, 30), PassBatch.from_rows([new]))
            assert await all_of(reader, device) == [old]
        assert await all_of(reader, device) == [new]


async def test_stretches_of_a_device_are_one_row_a_batch_and_one_piece_of_work(
    connection: AsyncConnection, device: int
) -> None:
    await mark_dirty(connection, [stretch(device, 10, 20), stretch(device, 5, 7), stretch(device, 40, 41)])
    await mark_dirty(connection, [stretch(device, 50, 60)])
    await mark_dirty(connection, [])
    work = await next_dirty(connection, ALL, (), quiet_s=0, patience_s=60)
    assert work is not None
    assert (work.stretch, len(work.ids)) == (stretch(device, 5, 60), 2)
    await clear_dirty(connection, work)
    assert await next_dirty(connection, ALL, (), quiet_s=0, patience_s=60) is None


async def test_what_is_marked_while_work_goes_on_stays_to_be_done(connection: AsyncConnection, device: int) -> None:
    await mark_dirty(connection, [stretch(device, 1, 2)])
    work = await next_dirty(connection, ALL, (), quiet_s=0, patience_s=60)
    assert work is not None
    await mark_dirty(connection, [stretch(device, 8, 9)])
    await clear_dirty(connection, work)
    left = await next_dirty(connection, ALL, (), quiet_s=0, patience_s=60)
    assert left is not None
    assert left.stretch == stretch(device, 8, 9)


async def aged(connection: AsyncConnection, device: int, *ages_s: float) -> None:
    """Marks that are so old."""
    for age_s in ages_s:
        await connection.execute(
            "insert into dirty (device, from_time, to_time, marked_at)"
            " values (%s, now(), now(), now() - %s * interval '1 second')",
            [device, age_s],
        )


async def chosen(connection: AsyncConnection) -> int | None:
    work: DirtyWork | None = await next_dirty(connection, ALL, (), quiet_s=10, patience_s=60)
    return None if work is None else work.stretch.device


async def test_a_device_waits_until_it_is_quiet(connection: AsyncConnection, device: int) -> None:
    await aged(connection, device, 30, 5)
    assert await chosen(connection) is None
    await connection.execute("update dirty set marked_at = marked_at - interval '6 seconds'")
    assert await chosen(connection) == device


async def test_patience_ends_the_waiting_for_a_device_that_is_never_quiet(
    connection: AsyncConnection, device: int
) -> None:
    await aged(connection, device, 61, 1)
    assert await chosen(connection) == device


async def test_the_device_that_has_waited_longest_comes_first(connection: AsyncConnection, device: int) -> None:
    other = await device_number(connection, DeviceId("kanazawa", "d2"))
    await aged(connection, device, 20, 15)
    await aged(connection, other, 40, 11)
    assert await chosen(connection) == other


async def write(connection: AsyncConnection, device: int, seconds: list[float], **values: int) -> None:
    """Fixes at these seconds."""
    position = {"lat_e7": 1, "lon_e7": 1, "received_us": AT + 86_400 * SECOND_US} | values
    fixes = batch(*(fix(int(s * 10) + 1, AT + int(s * SECOND_US), **position) for s in seconds), device=device)
    async with connection.transaction():
        await FixWriter(connection).write(fixes, present(fixes.time_us))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ((5, 5), (0, 300)),
        ((300, 300), (0, 300)),
        ((601, 601), (601, 700)),
        ((5, 650), (0, 700)),
        ((1500, 1500), (1500, 1500)),
    ],
)
async def test_a_stretch_is_widened_to_whole_tracks(
    connection: AsyncConnection, device: int, asked: tuple[float, float], found: tuple[float, float]
) -> None:
    """Exactly the time that cuts does not cut; a moment more does."""
    await write(connection, device, [0, 5, 300, 601, 650, 700, 1500])
    assert await widen_to_tracks(connection, {}, stretch(device, *asked), CUT_US) == stretch(device, *found)


async def test_fixes_without_a_position_hold_no_track_together(connection: AsyncConnection, device: int) -> None:
    await write(connection, device, [0, 400])
    await write(connection, device, [200], lat_e7=ABSENT_32, lon_e7=ABSENT_32)
    assert await widen_to_tracks(connection, {}, stretch(device, 0, 0), CUT_US) == stretch(device, 0, 0)


async def test_other_devices_hold_no_track_together(connection: AsyncConnection, device: int) -> None:
    other = await device_number(connection, DeviceId("kanazawa", "d2"))
    await write(connection, device, [0, 400])
    await write(connection, other, [200])
    assert await widen_to_tracks(connection, {}, stretch(device, 400, 400), CUT_US) == stretch(device, 400, 400)


async def test_a_stretch_without_fixes_stays_as_it_is(connection: AsyncConnection, device: int) -> None:
    assert await widen_to_tracks(connection, {}, stretch(device, 1, 2), CUT_US) == stretch(device, 1, 2)


async def test_a_long_stretch_has_patience_for_a_twentieth_of_its_length(
    connection: AsyncConnection, device: int
) -> None:
    await mark_dirty(connection, [stretch(device, 0, 3_600)])
    await connection.execute("update dirty set marked_at = now() - interval '170 seconds'")
    await mark_dirty(connection, [stretch(device, 3_600, 3_600)])
    assert await chosen(connection) is None
    await connection.execute("update dirty set marked_at = now() - interval '190 seconds' where from_time < to_time")
    assert await chosen(connection) == device


async def test_only_devices_of_ones_own_partitions_are_taken_and_none_twice(
    connection: AsyncConnection, device: int
) -> None:
    own = partition_of(DeviceId("kanazawa", "d1"))
    await aged(connection, device, 61)
    assert await next_dirty(connection, set(ALL) - {own}, (), quiet_s=10, patience_s=60) is None
    assert await next_dirty(connection, [own], [device], quiet_s=10, patience_s=60) is None
    assert await next_dirty(connection, [own], [device + 1], quiet_s=10, patience_s=60) is not None
