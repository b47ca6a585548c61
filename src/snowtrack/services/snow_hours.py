"""The hours of snow in the store: of yesterday and today each time, of days before when readings of them came in.

Days are those of UTC. What came in late is found by the days that the readings left on a list, in the transaction that
kept them; so nothing is missed while nobody looks, and a sensor's past counts from when it is registered.
"""

import asyncio
from collections.abc import Sequence

from psycopg import AsyncConnection

from snowtrack.model.calendar import DAY_US
from snowtrack.model.snow import Sensor
from snowtrack.snow.hours import AFTER_US, BEFORE_US, day_of, snow_hours
from snowtrack.snow.series import STEP_US, Grid
from snowtrack.snow.watching import Watched
from snowtrack.store.snow import read_series, replace_snow_hours, take_depth_days

AT_ONCE_US = 8 * DAY_US
"""So much of the past in one turn."""
EDGE_US = DAY_US
"""Whether a reading is a spike is judged by those beside it."""


async def count_snow_hours(connection: AsyncConnection, watched: Watched, now_us: int) -> None:
    """Put right what may be otherwise now, in the transaction of a turn."""
    today_us = day_of(now_us)
    yesterday_us = today_us - DAY_US
    await _count(connection, watched, range(yesterday_us, today_us + DAY_US, DAY_US), now_us)
    sensors = [sensor.id for sensor in watched.sensors]
    late = await take_depth_days(connection, sensors, before_us=today_us, length_us=AT_ONCE_US)
    if late:
        first_us = late[0] - AFTER_US - EDGE_US
        end_us = min(late[-1] + DAY_US + BEFORE_US + EDGE_US, yesterday_us)
        past = await _read(connection, watched.sensors, first_us, end_us)
        await _count(connection, past, range(first_us, end_us, DAY_US), now_us)


async def _read(connection: AsyncConnection, sensors: Sequence[Sensor], first_us: int, end_us: int) -> Watched:
    """All that the hours from the first day to before the last one's end are counted by."""
    from_us, to_us = first_us - BEFORE_US - EDGE_US, end_us + AFTER_US + EDGE_US
    past = Watched.on(Grid(start_us=from_us, steps=(to_us - from_us) // STEP_US + 1), sensors)
    ids = [sensor.id for sensor in sensors]
    for sensor, series in (await read_series(connection, ids, from_us, to_us)).items():
        past.take(sensor, *series)
    return past


async def _count(connection: AsyncConnection, watched: Watched, days: Sequence[int], now_us: int) -> None:
    hours = await asyncio.to_thread(lambda: [hour for day in days for hour in snow_hours(watched, day, now_us)])
    await replace_snow_hours(connection, days[0], days[-1] + DAY_US, hours)
