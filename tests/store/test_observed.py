"""Stored fixes are found by the instant at which they were observed, wherever their stated times put them."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection

from snowtrack.model.calendar import DAY_US, HOUR_US, SECOND_US
from snowtrack.model.fixes import FixBatch
from snowtrack.model.ids import DeviceId
from snowtrack.model.tracks import DirtyStretch
from snowtrack.store.database import connect
from snowtrack.store.devices import device_number
from snowtrack.store.fixes import FixWriter, read_fixes
from snowtrack.store.observed import oldest_observed, read_observed
from snowtrack.tracks.clock import Clocks, observe, plausible
from snowtrack.tracks.identity import BootId
from snowtrack.tracks.learning import learn
from snowtrack.tracks.sessions import BootClock
from tests.oracles.batches import batch_of
from tests.tracks.boots import BATCHES, START_US
from tests.tracks.told import POWER_UP_US, Row, clocked, counted, good, late, stating, unnumbered

pytestmark = pytest.mark.anyio
ANNIVERSARY_US = 946_684_800 * SECOND_US


async def store(connection: AsyncConnection, fixes: FixBatch) -> dict[BootId, BootClock]:
    """As ingest does; the clocks that this makes."""
    clocks: dict[BootId, BootClock] = {}
    learn(clocks, fixes)
    async with connection.transaction():
        await FixWriter(connection).write(fixes, plausible(fixes))
    return clocks


@pytest.fixture
async def device(connection: AsyncConnection) -> int:
    assert await device_number(connection, DeviceId("kanazawa", "d1")) == 1
    return 1


def seconds(first: int, last: int) -> DirtyStretch:
    return DirtyStretch(device=1, from_us=POWER_UP_US + first * SECOND_US, to_us=POWER_UP_US + last * SECOND_US)


async def numbers_in(connection: AsyncConnection, clocks: Clocks, stretch: DirtyStretch) -> list[int]:
    """The numbers of what was observed in a stretch, sorted."""
    return sorted((await read_observed(connection, clocks, stretch)).seq.tolist())


ROWS: list[Row] = [
    good(counted(1)),
    stating(counted(2), ANNIVERSARY_US),
    clocked(counted(3), POWER_UP_US + 3 * SECOND_US),
    counted(4),
    stating(counted(5), POWER_UP_US + 5 * SECOND_US - 9 * DAY_US),
    stating(counted(6), POWER_UP_US + 6 * SECOND_US - 9 * DAY_US),
    stating(counted(7), POWER_UP_US + 7 * SECOND_US + 400 * DAY_US),
    stating(counted(8), POWER_UP_US + 8 * SECOND_US - 1_024 * 7 * DAY_US),
    good(counted(9)),
]


async def test_corrected_fixes_are_found_where_they_were_observed(connection: AsyncConnection, device: int) -> None:
    """Stored under a wrong time, under none, and among those that cannot be right; however late they came."""
    for by_us in (0, 70 * HOUR_US):
        await connection.execute("truncate fix, fix_undated")
        clocks = await store(connection, batch_of(FixBatch, *(late(row, by_us) for row in ROWS)))
        assert await numbers_in(connection, clocks, seconds(1, 9)) == list(range(1, 10))
        assert await numbers_in(connection, clocks, seconds(4, 7)) == [4, 5, 6, 7]
        assert await numbers_in(connection, clocks, seconds(10, 100)) == []


async def test_they_are_not_found_where_they_say_they_are(connection: AsyncConnection, device: int) -> None:
    clocks = await store(connection, batch_of(FixBatch, *ROWS))
    stated = DirtyStretch(device=1, from_us=POWER_UP_US - 10 * DAY_US, to_us=POWER_UP_US - 8 * DAY_US)
    assert await numbers_in(connection, clocks, stated) == []
    assert (await read_fixes(connection, 1, stated.from_us, stated.to_us)).seq.tolist() == [5, 6]


async def test_what_stands_among_misplaced_fixes_is_not_found_for_another_stretch(
    connection: AsyncConnection, device: int
) -> None:
    """Those of another boot, which really were there."""
    other = [good(late(row, -9 * DAY_US)) | {"boot": 2} for row in (counted(5, seq=50), counted(6, seq=60))]
    clocks = await store(connection, batch_of(FixBatch, *ROWS, *other))
    assert await numbers_in(connection, clocks, seconds(1, 9)) == list(range(1, 10))
    there = DirtyStretch(device=1, from_us=POWER_UP_US - 10 * DAY_US, to_us=POWER_UP_US - 8 * DAY_US)
    assert await numbers_in(connection, clocks, there) == [50, 60]


async def test_other_devices_are_not_read(connection: AsyncConnection, device: int) -> None:
    other = await device_number(connection, DeviceId("kanazawa", "d2"))
    both = [*ROWS, *(row | {"device": other, "seq": row["seq"] + 20} for row in ROWS)]
    clocks = await store(connection, batch_of(FixBatch, *both))
    assert await numbers_in(connection, clocks, seconds(1, 9)) == list(range(1, 10))


async def test_both_ends_of_a_stretch_belong_to_it_and_each_fix_comes_once(
    connection: AsyncConnection, device: int
) -> None:
    clocks = await store(connection, batch_of(FixBatch, *ROWS))
    assert await numbers_in(connection, clocks, seconds(5, 5)) == [5]
    wide = DirtyStretch(device=1, from_us=POWER_UP_US - 20 * DAY_US, to_us=POWER_UP_US + DAY_US)
    assert await numbers_in(connection, clocks, wide) == list(range(1, 10))


async def test_the_oldest_is_found_whatever_it_says(connection: AsyncConnection, device: int) -> None:
    """One that said a day in the past was observed later; one that said a day to come, earlier than all others."""
    assert await oldest_observed(connection, {}, device) is None
    await store(connection, batch_of(FixBatch, good(counted(20))))
    assert await oldest_observed(connection, {}, device) == POWER_UP_US + 20 * SECOND_US
    clocks = await store(connection, batch_of(FixBatch, *ROWS))
    oldest_us = await oldest_observed(connection, clocks, device)
    assert oldest_us is not None
    assert POWER_UP_US - 9 * DAY_US <= oldest_us <= POWER_UP_US + SECOND_US


async def test_what_has_no_instant_is_found_nowhere(connection: AsyncConnection, device: int) -> None:
    rows = [unnumbered(stating(counted(1), ANNIVERSARY_US)), unnumbered(counted(2))]
    clocks = await store(connection, batch_of(FixBatch, *rows))
    always = DirtyStretch(device=1, from_us=0, to_us=POWER_UP_US + 9 * DAY_US)
    assert not len(await read_observed(connection, clocks, always))


@given(BATCHES, st.integers(-30, 120), st.sampled_from([0, 1, 20, 100]))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_stretch_holds_just_what_was_observed_in_it(
    database: str, fixes: FixBatch, from_hour: int, hours: int
) -> None:
    """Against all fixes of the device, placed in memory."""
    fixes = fixes.take(fixes.device == 1)
    stretch = DirtyStretch(
        device=1, from_us=START_US + from_hour * HOUR_US, to_us=START_US + (from_hour + hours) * HOUR_US
    )
    async with connect(database, name="test") as connection:
        await connection.execute("truncate fix, fix_undated, device restart identity cascade")
        await device_number(connection, DeviceId("kanazawa", "d1"))
        clocks = await store(connection, fixes)
        observed = await read_observed(connection, clocks, stretch)
        oldest_us = await oldest_observed(connection, clocks, 1)
    every = observe(fixes, clocks)
    assert not len(every) or (oldest_us is not None and oldest_us <= every.observed_us.min())
    inside = (every.observed_us >= stretch.from_us) & (every.observed_us <= stretch.to_us)
    assert sorted(observed.rows()) == sorted(every.take(inside).rows())
