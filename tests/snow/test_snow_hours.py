"""Hours of snow in the store: the same whatever became known when, and whoever looked when."""

import numpy as np
import pytest

from snowtrack.model.calendar import DAY_US, HOUR_US
from snowtrack.model.errors import StoreError
from snowtrack.model.snow import SensorId
from snowtrack.services.snow import SnowWatch
from snowtrack.snow.series import STEP_US
from snowtrack.store.instants import to_instant
from tests.snow.watches import NOW, S1, S2, Snow

pytestmark = pytest.mark.anyio
# Nine in the morning in Japan, 2026-01-10: a day of UTC begins, over which it snows from six to ten.
NINE = 1_768_003_200_000_000
MORNING = [300] * 60 + [300 + 5 * step for step in range(24)] + [420] * 60
MORNING_ENDS = NINE - 3 * HOUR_US + 83 * STEP_US
SNOWED = [NINE - 3 * HOUR_US, NINE - 2 * HOUR_US, NINE - HOUR_US, NINE]


async def test_hours_of_snow_are_kept_and_put_right_when_later_readings_say_otherwise(snow: Snow) -> None:
    await snow.read(S1, [300] * 30 + [300 + 20 * step for step in range(6)] + [420] * 30)
    await snow.turn()
    snowed = await snow.hours()
    assert snowed
    first_us, last_us = NOW - 37 * STEP_US - HOUR_US, NOW - 30 * STEP_US + HOUR_US
    assert all(hour % HOUR_US == 0 and first_us <= hour <= last_us for hour in snowed)
    # An hour in which nobody saw any.
    await snow.connection.execute("insert into snow_hour values (%s)", [to_instant(NOW - DAY_US)])
    await snow.turn(NOW + STEP_US)
    assert await snow.hours() == snowed


async def test_hours_of_snow_stay_when_the_days_that_are_looked_at_move_on(snow: Snow) -> None:
    await snow.read(S1, MORNING, MORNING_ENDS)
    for day in range(10):
        for now_us in (NINE + day * DAY_US + 2 * HOUR_US, NINE + (day + 1) * DAY_US - HOUR_US):
            await snow.turn(now_us)
            seen = [hour for hour in SNOWED if hour + HOUR_US <= now_us]
            assert await snow.hours() == seen


async def test_readings_of_long_ago_make_hours_of_snow(snow: Snow) -> None:
    await snow.turn(NINE + 100 * DAY_US)
    await snow.read(S1, MORNING, MORNING_ENDS)
    await snow.turn(NINE + 100 * DAY_US)
    assert await snow.hours() == SNOWED


async def test_hours_in_which_nobody_looked_are_counted_afterwards(snow: Snow) -> None:
    await snow.read(S1, MORNING[:70], MORNING_ENDS - 74 * STEP_US)
    await snow.turn(MORNING_ENDS - 74 * STEP_US)
    assert await snow.hours() == [SNOWED[0]]
    await snow.read(S1, MORNING[70:], MORNING_ENDS)
    snow.watch = SnowWatch(snow.network)
    await snow.turn(NINE + 11 * DAY_US)
    assert await snow.hours() == SNOWED


async def test_the_past_of_a_sensor_counts_from_when_it_is_registered(snow: Snow) -> None:
    await snow.connection.execute("update sensor set sensor = 's4' where sensor = 's1'")
    await snow.read(S1, MORNING, MORNING_ENDS)
    await snow.turn(NINE + 30 * DAY_US)
    assert await snow.hours() == []
    await snow.connection.execute("update sensor set sensor = 's1' where sensor = 's4'")
    await snow.turn(NINE + 30 * DAY_US)
    assert await snow.hours() == SNOWED


async def test_a_long_past_is_counted_in_parts_the_newest_first(snow: Snow) -> None:
    for days_ago in (0, 20, 40):
        await snow.read(S1, MORNING, MORNING_ENDS - days_ago * DAY_US)
    found = []
    for _ in range(4):
        await snow.turn(NINE + 30 * DAY_US)
        found.append(await snow.hours())
    whole = sorted(hour - days_ago * DAY_US for days_ago in (0, 20, 40) for hour in SNOWED)
    assert found == [whole[8:], whole[4:], whole, whole]


async def test_late_readings_take_hours_away_that_others_made(snow: Snow) -> None:
    """Between two depths it fell evenly, as long as nobody knew better."""
    await snow.read(S1, [300] * 60 + [None] * 14 + [400] * 60, MORNING_ENDS)
    await snow.turn(NINE + 2 * DAY_US)
    before = await snow.hours()
    gap_us = MORNING_ENDS - 60 * STEP_US
    await snow.read(S1, [300] * 6 + [400] * 8, gap_us)
    await snow.turn(NINE + 20 * DAY_US)
    assert set(await snow.hours()) < set(before)


async def test_late_readings_make_hours_of_the_days_around_theirs(snow: Snow) -> None:
    """A rise that goes on over midnight, where what is known of either day is too little to be one."""
    evening, morning = [300] * 60 + [300 + 4 * step for step in range(6)], [324 + 4 * step for step in range(6)]
    await snow.read(S1, morning + [344] * 30, NINE + 35 * STEP_US)
    await snow.turn(NINE + 20 * DAY_US)
    assert await snow.hours() == []
    await snow.read(S1, evening, NINE - STEP_US)
    await snow.turn(NINE + 20 * DAY_US)
    assert await snow.hours() == [NINE - HOUR_US, NINE]


async def test_late_readings_of_yesterday_make_hours_of_the_day_before(snow: Snow) -> None:
    now_us = NINE + DAY_US + 2 * HOUR_US
    await snow.read(S1, [300] * 60 + [300 + 4 * step for step in range(6)], NINE - STEP_US)
    await snow.turn(now_us)
    assert await snow.hours() == []
    await snow.read(S1, [324 + 4 * step for step in range(6)] + [344] * 30, NINE + 35 * STEP_US)
    await snow.turn(now_us)
    assert await snow.hours() == [NINE - HOUR_US, NINE]


async def test_a_day_that_is_counted_again_knows_what_was_no_depth_at_its_edge(snow: Snow) -> None:
    """Two low readings where what the day is counted by begins: as depths, its snow would be a rise that goes on."""
    whole = [300] * 144 + [100] * 2 + [300] * 286 + [300 + 3 * step for step in range(8)] + [321] * 100
    await snow.read(S1, whole, NINE + 107 * STEP_US)
    await snow.turn(NINE + 2 * DAY_US)
    assert await snow.hours() == []
    await snow.read(S1, [321] * 6, NINE + 2 * DAY_US + 12 * HOUR_US)
    await snow.turn(NINE + 3 * DAY_US + HOUR_US)
    assert await snow.hours() == []


async def test_what_a_turn_could_not_commit_is_counted_by_the_next(snow: Snow) -> None:
    await snow.read(S1, MORNING, MORNING_ENDS)
    await snow.connection.execute("alter table snow_hour rename to elsewhere")
    with pytest.raises(StoreError, match="snow watch"):
        await snow.turn(NINE + 30 * DAY_US)
    await snow.connection.execute("alter table elsewhere rename to snow_hour")
    await snow.turn(NINE + 30 * DAY_US)
    assert await snow.hours() == SNOWED


Block = tuple[int, SensorId, int, list[int]]
"""When it is told, of whom, the last reading's time, and an hour's depths."""


def told_late(seed: int) -> list[Block]:
    """Snow on most of six days at two sensors: most of it told at once, some after hours, some after days."""
    made = np.random.default_rng(seed)
    blocks: list[Block] = []
    for sensor in (S1, S2):
        rates = made.choice([0, 0, 0, 4, -2], 6 * 24).repeat(6)
        depths = np.cumsum(rates) + 300 + made.integers(-3, 4, len(rates))
        for hour, late_h in enumerate(made.choice([0, 0, 0, 0, 5, 30, 100], 6 * 24).tolist()):
            last_us = NINE + hour * HOUR_US + 5 * STEP_US
            read = depths[6 * hour : 6 * hour + 6].tolist()
            blocks.append((last_us + late_h * HOUR_US, sensor, last_us, read))
    return sorted(blocks)


@pytest.mark.parametrize("seed", range(3))
async def test_it_does_not_matter_when_what_became_known(snow: Snow, seed: int) -> None:
    blocks = told_late(seed)
    waiting = blocks[::-1]
    end_us = blocks[-1][0]
    for now_us in range(NINE, end_us + 2 * DAY_US, 13 * HOUR_US):
        while waiting and waiting[-1][0] <= now_us:
            _, sensor, last_us, depths = waiting.pop()
            await snow.read(sensor, depths, last_us)
        await snow.turn(now_us)
    one_by_one = await snow.hours()
    await snow.connection.execute("truncate depth_reading, depth_sensor, depth_day, snow_hour")
    for _, sensor, last_us, depths in blocks:
        await snow.read(sensor, depths, last_us)
    snow.watch = SnowWatch(snow.network)
    for _ in range(3):
        await snow.turn(end_us + 2 * DAY_US)
    assert len(one_by_one) > 20
    assert await snow.hours() == one_by_one
