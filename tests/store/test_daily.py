"""The daily report is made of what the store has of one device and day, read together."""

from datetime import UTC, date, datetime

import pytest
from psycopg import AsyncConnection

from snowtrack.model.calendar import SECOND_US
from snowtrack.model.columns import present
from snowtrack.model.ids import DeviceId
from snowtrack.model.passes import PassBatch
from snowtrack.network.arrays import Network
from snowtrack.store.daily import FIRST_DAY, LAST_DAY, read_daily_report
from snowtrack.store.devices import device_number
from snowtrack.store.fixes import FixWriter
from snowtrack.store.passes import add_passes
from tests.store.test_fixes import batch, fix

pytestmark = pytest.mark.anyio
DAY = date(2026, 1, 15)
MIDNIGHT_US = int(datetime(2026, 1, 14, 15, tzinfo=UTC).timestamp()) * SECOND_US
ONE = DeviceId("kanazawa", "d1")


async def test_a_device_that_was_never_heard_has_no_report(connection: AsyncConnection, network: Network) -> None:
    assert await read_daily_report(connection, network, ONE, DAY) is None


@pytest.mark.parametrize("day", [FIRST_DAY, DAY, LAST_DAY])
async def test_a_day_without_fixes_is_an_empty_report(connection: AsyncConnection, network: Network, day: date) -> None:
    await device_number(connection, ONE)
    report = await read_daily_report(connection, network, ONE, day)
    assert report is not None
    assert report.timeline is None
    assert report.lines == ()


async def test_a_run_over_midnight_in_japan_is_split_between_the_days(
    connection: AsyncConnection, network: Network
) -> None:
    device = await device_number(connection, ONE)
    times = [MIDNIGHT_US + at * SECOND_US for at in range(-60, 61)]
    position = {"lat_e7": int(network.shape_lat_e7[0]), "lon_e7": int(network.shape_lon_e7[0])}
    moving = position | {"speed_mmps": 5_000, "blade": 1, "received_us": MIDNIGHT_US + 3_600 * SECOND_US}
    fixes = batch(*(fix(seq, time, **moving) for seq, time in enumerate(times, 1)), device=device)
    async with connection.transaction():
        await FixWriter(connection).write(fixes, present(fixes.time_us))
    segment, length = int(network.segment_id[0]), int(network.length_mm[0])
    over = (device, segment, 1, 0, length, MIDNIGHT_US - 60 * SECOND_US, MIDNIGHT_US + 60 * SECOND_US, 0, 0)
    await add_passes(connection, PassBatch.from_rows([over]))
    before = await read_daily_report(connection, network, ONE, date(2026, 1, 14))
    after = await read_daily_report(connection, network, ONE, DAY)
    assert before is not None
    assert after is not None
    assert before.worked_km + after.worked_km == pytest.approx(length / 1e6)
    assert before.timeline is not None
    assert after.timeline is not None
    assert sum(before.timeline.seconds.values()) == sum(after.timeline.seconds.values()) == 60
    assert before.timeline.to_us == after.timeline.from_us == MIDNIGHT_US
