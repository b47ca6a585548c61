"""Fixes come back as they were stored: every column, with what is absent."""

from collections.abc import Sequence

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection

from snowtrack.model.calendar import DAY_US, SECOND_US
from snowtrack.model.columns import ABSENT_64, present
from snowtrack.model.fixes import FixBatch
from snowtrack.model.ids import DeviceId
from snowtrack.store.database import connect
from snowtrack.store.devices import device_number
from snowtrack.store.fixes import FixWriter, known_fixes, read_fixes
from tests.store.databases import rows

pytestmark = pytest.mark.anyio
DAY = 20_000 * DAY_US
COLUMNS = list(FixBatch.dtypes())
# Columns that a tracker may leave out, with the smallest and largest value of each.
OPTIONAL = {
    "uptime_ms": (0, 2**53 - 1),
    "alt_mm": (-1_000_000, 100_000_000),
    "speed_mmps": (0, 2**31 - 1),
    "course_cdeg": (0, 35_999),
    "quality": (0, 9),
    "satellites": (0, 999),
    "hdop_centi": (0, 2**31 - 1),
    "blade": (0, 1),
    "blade_cdeg": (-9_000, 9_000),
    "spreading": (0, 1),
    "spread_mgpm2": (0, 1_000_000),
    "spread_width_mm": (0, 100_000),
    "pto": (0, 1),
    "inputs": (0, 0xFFFF),
    "battery_mv": (0, 100_000),
    "buffered": (0, 2**31 - 1),
    "sources": (0, 511),
    "remarks": (0, 3),
}


def batch(*fixes: dict[str, int], device: int = 1) -> FixBatch:
    """Fixes of which only the given columns are there."""
    absent = {name: int(np.iinfo(dtype).min) for name, dtype in FixBatch.dtypes().items()}
    base = absent | {"device": device, "digest": 0, "received_us": DAY, "sources": 0, "remarks": 0}
    return FixBatch.from_rows([[(base | fix)[name] for name in COLUMNS] for fix in fixes])


def fix(seq: int, time_us: int, **values: int) -> dict[str, int]:
    return {"boot": 1, "seq": seq, "digest": seq, "time_us": time_us, "day_us": time_us % DAY_US} | values


def everything(fixes: FixBatch) -> list[tuple[int, ...]]:
    return sorted(fixes.rows())


async def store(connection: AsyncConnection, fixes: FixBatch, dated: Sequence[bool] | None = None) -> None:
    mask = present(fixes.time_us) if dated is None else np.array(dated, np.bool_)
    async with connection.transaction():
        await FixWriter(connection).write(fixes, mask)


@pytest.fixture
async def device(connection: AsyncConnection) -> int:
    return await device_number(connection, DeviceId("kanazawa", "d1"))


@st.composite
def any_fixes(draw: st.DrawFn) -> list[dict[str, int]]:
    times = st.integers(DAY, DAY + 3 * DAY_US - 1)
    found = []
    # What has neither number nor another time is told apart by its bytes.
    digests = draw(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=5, unique=True))
    for seq, digest in enumerate(digests, start=1):
        values = {name: draw(st.integers(*bounds)) for name, bounds in OPTIONAL.items() if draw(st.booleans())}
        if draw(st.booleans()):
            values |= {"lat_e7": draw(st.integers(-(9 * 10**8), 9 * 10**8))}
            values |= {"lon_e7": draw(st.integers(-(18 * 10**8), 18 * 10**8))}
        received_us = draw(st.integers(DAY, DAY + 100 * DAY_US))
        one = fix(seq, draw(times), received_us=received_us, digest=digest, **values)
        if draw(st.booleans()):
            one |= {"boot": ABSENT_64, "seq": ABSENT_64}
        found.append(one)
    return found


@given(any_fixes())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_what_is_read_is_what_was_written(database: str, fixes: list[dict[str, int]]) -> None:
    async with connect(database, name="test") as connection:
        await connection.execute("truncate fix, fix_undated, device cascade")
        device = await device_number(connection, DeviceId("kanazawa", "d1"))
        written = batch(*fixes, device=device)
        await store(connection, written)
        found = await read_fixes(connection, device, DAY, DAY + 4 * DAY_US)
    assert everything(found) == everything(written)
    assert found.time_us.tolist() == sorted(found.time_us.tolist())


async def test_an_empty_batch_is_nothing(connection: AsyncConnection) -> None:
    await store(connection, FixBatch.empty())
    assert (await known_fixes(connection, FixBatch.empty())).tolist() == []


async def test_a_range_is_read_with_both_its_ends(connection: AsyncConnection, device: int) -> None:
    await store(connection, batch(*(fix(seq, DAY + seq) for seq in range(1, 6)), device=device))
    assert (await read_fixes(connection, device, DAY + 2, DAY + 4)).seq.tolist() == [2, 3, 4]
    assert len(await read_fixes(connection, device + 1, DAY, DAY + 9)) == 0


async def test_each_day_of_the_device_s_time_gets_its_partition_once(new_plain_database: str) -> None:
    async with connect(new_plain_database, name="test") as connection:
        device = await device_number(connection, DeviceId("kanazawa", "d1"))
        for first in (1, 11):
            times = [DAY - 1, DAY, DAY + DAY_US - 1, DAY + DAY_US]
            fixes = [fix(first + at, time_us) for at, time_us in enumerate(times)]
            await store(connection, batch(*fixes, device=device))
    of_fix = "select inhrelid::regclass::text from pg_inherits where inhparent = 'fix'::regclass order by 1"
    partitions = rows(new_plain_database, of_fix)
    assert partitions == [("fix_20241003",), ("fix_20241004",), ("fix_20241005",)]
    assert rows(new_plain_database, "select count(*) from fix_20241004") == [(4,)]


async def test_a_partition_of_a_batch_that_failed_is_made_again(new_plain_database: str) -> None:
    async with connect(new_plain_database, name="test") as connection:
        device = await device_number(connection, DeviceId("kanazawa", "d1"))
        one = batch(fix(1, DAY), device=device)
        with pytest.raises(RuntimeError):
            async with connection.transaction():
                await FixWriter(connection).write(one, present(one.time_us))
                raise RuntimeError
        await store(connection, one)
        assert len(await read_fixes(connection, device, DAY, DAY)) == 1


async def test_two_writers_may_begin_a_day(database: str) -> None:
    async with connect(database, name="a") as one, connect(database, name="b") as other:
        device = await device_number(one, DeviceId("kanazawa", "d1"))
        await store(one, batch(fix(1, DAY), device=device))
        await store(other, batch(fix(2, DAY), device=device))
        assert len(await read_fixes(one, device, DAY, DAY)) == 2


async def test_fixes_that_are_not_believed_stand_apart_with_the_time_that_was_sent(
    connection: AsyncConnection, device: int
) -> None:
    fixes = batch(fix(1, DAY), fix(2, 100 * SECOND_US), {"boot": 1, "seq": 3, "digest": 3}, device=device)
    await store(connection, fixes, dated=[True, False, False])
    assert (await read_fixes(connection, device, 0, 2 * DAY)).seq.tolist() == [1]
    cursor = await connection.execute(
        "select seq, extract(epoch from device_time)::int, day_us from fix_undated order by 1"
    )
    assert await cursor.fetchall() == [(2, 100, 100 * SECOND_US), (3, None, None)]


async def test_undated_fixes_of_the_same_bytes_are_one_in_a_minute_and_two_in_two(
    connection: AsyncConnection, device: int
) -> None:
    unnumbered = {"digest": 5}
    minutes = (DAY, DAY + 59 * SECOND_US, DAY + 60 * SECOND_US)
    await store(connection, batch(*(unnumbered | {"received_us": at} for at in minutes), device=device))
    await store(connection, batch(unnumbered, device=device))
    assert await (await connection.execute("select count(*) from fix_undated")).fetchone() == (2,)


async def test_what_is_stored_already_is_known_by_its_whole_key(connection: AsyncConnection, device: int) -> None:
    undated = {"boot": 2, "seq": 1, "digest": 9}
    plain = {"digest": 7, "time_us": DAY}
    await store(connection, batch(fix(1, DAY), plain, undated, device=device))
    asked = [
        (fix(1, DAY), True),
        (plain, True),
        (undated | {"received_us": DAY + 3600 * SECOND_US}, True),
        (fix(1, DAY) | {"boot": 2}, False),
        (fix(2, DAY) | {"digest": 1}, False),
        (fix(1, DAY + 1), False),
        (plain | {"digest": 8}, False),
        ({"digest": 7}, False),
    ]
    known = await known_fixes(connection, batch(*(one for one, _ in asked), device=device))
    assert known.tolist() == [expected for _, expected in asked]
    other = await known_fixes(connection, batch(*(one for one, _ in asked), device=device + 1))
    assert not other.any()


async def test_the_same_dated_fix_cannot_stand_twice(connection: AsyncConnection, device: int) -> None:
    await store(connection, batch(fix(1, DAY), device=device))
    with pytest.raises(psycopg.errors.UniqueViolation):
        await store(connection, batch(fix(1, DAY), device=device))
