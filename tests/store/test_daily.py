"""The daily report is made of what the store has of one device and day, read together."""

from datetime import UTC, date, datetime

import pytest
from psycopg import AsyncConnection

from snowtrack.model.calendar import SECOND_US
from snowtrack.model.columns import ABSENT_32
from snowtrack.model.ids import DeviceId
from snowtrack.model.passes import PassBatch
from snowtrack.model.work import Activity, ActivityBatch, Evidence, Work
from snowtrack.network.arrays import Network
from snowtrack.store.activities import add_activities
from snowtrack.store.daily import FIRST_DAY, LAST_DAY, read_daily_report
from snowtrack.store.devices import device_number
from snowtrack.store.passes import add_passes

pytestmark = pytest.mark.anyio
DAY = date(2026, 1, 15)
MIDNIGHT_US = int(datetime(2026, 1, 14, 15, tzinfo=UTC).timestamp()) * SECOND_US
ONE = DeviceId("kanazawa", "d1")


async def test_a_device_that_was_never_heard_has_no_report(connection: AsyncConnection, network: Network) -> None:
    assert await read_daily_report(connection, network, ONE, DAY) is None


def span(device: int, from_s: int, to_s: int, activity: Activity = Activity.WORKING) -> tuple[int, ...]:
    """Around midnight, at five metres a second."""
    times = MIDNIGHT_US + from_s * SECOND_US, MIDNIGHT_US + to_s * SECOND_US
    return (device, *times, activity, Evidence.BLADE, 0, 0, 5_000 * (to_s - from_s))


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
    await add_activities(connection, ActivityBatch.from_rows([span(device, -60, 0), span(device, 0, 60)]))
    segment, length = int(network.segment_id[0]), int(network.length_mm[0])
    times = MIDNIGHT_US - 60 * SECOND_US, MIDNIGHT_US + 60 * SECOND_US
    over = (device, segment, 1, 0, length, *times, Work.SPREADING, Evidence.BLADE, 900, 4_001)
    await add_passes(connection, PassBatch.from_rows([over]))
    before = await read_daily_report(connection, network, ONE, date(2026, 1, 14))
    after = await read_daily_report(connection, network, ONE, DAY)
    assert before is not None
    assert after is not None
    assert before.km(Work.SPREADING) + after.km(Work.SPREADING) == pytest.approx(length / 1e6)
    assert [line.material_g for line in (*before.lines, *after.lines)] == [2_000, 2_001]
    assert before.worked_km == after.worked_km == pytest.approx(0.3)
    assert before.timeline is not None
    assert after.timeline is not None
    assert sum(before.timeline.seconds.values()) == sum(after.timeline.seconds.values()) == 60
    assert before.timeline.to_us == after.timeline.from_us == MIDNIGHT_US


async def test_what_was_not_seen_for_a_moment_over_midnight_belongs_to_both_days(
    connection: AsyncConnection, network: Network
) -> None:
    device = await device_number(connection, ONE)
    await add_activities(connection, ActivityBatch.from_rows([span(device, -60, -20), span(device, 20, 60)]))
    before = await read_daily_report(connection, network, ONE, date(2026, 1, 14))
    after = await read_daily_report(connection, network, ONE, DAY)
    assert before is not None
    assert after is not None
    assert before.timeline is not None
    assert after.timeline is not None
    assert before.timeline.to_us == after.timeline.from_us == MIDNIGHT_US
    assert (before.driven_km, after.driven_km) == pytest.approx((0.2, 0.2))


async def test_a_report_is_of_one_device_and_one_day(connection: AsyncConnection, network: Network) -> None:
    device = await device_number(connection, ONE)
    other = await device_number(connection, DeviceId("kanazawa", "d2"))
    spans = [span(device, -86_400, -86_340), span(device, 86_400, 86_460), span(other, 0, 60)]
    await add_activities(connection, ActivityBatch.from_rows(spans))
    passes = [
        (number, 1, 1, 0, 5_000, *span(number, at, at + 60)[1:3], 0, 0, 900, ABSENT_32)
        for number, at in ((device, -120), (device, 86_400), (other, 0))
    ]
    await add_passes(connection, PassBatch.from_rows(passes))
    report = await read_daily_report(connection, network, ONE, DAY)
    assert report is not None
    assert (report.timeline, report.lines) == (None, ())
