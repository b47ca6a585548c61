"""What a daily report is made of, read in one look at the database."""

from datetime import date

from psycopg import AsyncConnection

from snowtrack.model.calendar import SECOND_US, day_range_us
from snowtrack.model.ids import DeviceId
from snowtrack.network.arrays import Network
from snowtrack.reports.daily import DailyReport, make_daily_report
from snowtrack.store.activities import read_activities
from snowtrack.store.carriers import read_registered
from snowtrack.store.devices import find_device
from snowtrack.store.passes import read_device_passes

# What crosses midnight is seen from both sides.
AROUND_US = 600 * SECOND_US
# Beyond these there are no fixes, and further on no instants.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)


async def read_daily_report(
    connection: AsyncConnection, network: Network, device: DeviceId, day: date
) -> DailyReport | None:
    """The report of one day; nothing for a device that was never heard."""
    start, end = day_range_us(day)
    async with connection.transaction():
        number = await find_device(connection, device)
        if number is None:
            return None
        activities = await read_activities(connection, number, start - AROUND_US, end + AROUND_US)
        passes = await read_device_passes(connection, number, start, end)
        registered = await read_registered(connection, device, day)
    return make_daily_report(device, day, activities=activities, passes=passes, network=network, registered=registered)
