"""The snow watch over a real database: from readings to figures, alerts, notices, proposals and the roads' snow."""

from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest
from psycopg import AsyncConnection

from snowtrack.model.calendar import DAY_US, HOUR_US
from snowtrack.model.columns import ABSENT_16, ABSENT_32
from snowtrack.model.errors import StoreError
from snowtrack.model.snow import DepthBatch, SensorId, SensorState
from snowtrack.network.arrays import Network
from snowtrack.services.snow import SnowTurn, SnowWatch
from snowtrack.snow.series import STEP_US
from snowtrack.store.database import connect
from snowtrack.store.instants import to_instant
from snowtrack.store.notices import next_notice, read_notices
from snowtrack.store.snow import keep_depths, read_figures, read_proposals, read_snow_hours
from tests.store.databases import rows

pytestmark = pytest.mark.anyio
# Ten in the morning in Japan, on a day of snow.
NOW = 1_768_352_400_000_000
S1, S2, S3 = (SensorId("kahoku", name) for name in ("s1", "s2", "s3"))
CRITERIA = {"kahoku": {"national": 100, "local": 200}}


class Snow:
    """The watch, and a way to say what is registered and what sensors read."""

    def __init__(self, connection: AsyncConnection, network: Network, url: str) -> None:
        self.connection, self.network, self.url = connection, network, url
        self.watch = SnowWatch(network, CRITERIA)

    async def register(self) -> None:
        """Two sensors in the town, and one an hour's drive away."""
        west, south, east, north = self.network.bbox_e7
        lat, lon = (south + north) // 2, (west + east) // 2
        await self.connection.execute(
            "insert into agency (agency, name, manages) values ('kahoku', 'かほく市', 'municipality')"
        )
        for name, place in (("s1", (lat, lon - 100_000)), ("s2", (lat, lon + 100_000)), ("s3", (lat + 9_000_000, lon))):
            values = (name, f"観測所{name}", *place)
            await self.connection.execute(
                "insert into sensor (agency, sensor, name, lat_e7, lon_e7) values ('kahoku', %s, %s, %s, %s)", values
            )

    async def rule(
        self, rule: str = "r", measure: str = "depth", sensor: str | None = None, quiet: bool = False
    ) -> None:
        await self.connection.execute(
            "insert into alert_rule (agency, rule, sensor, measure, threshold_mm, clear_mm, quiet_from, quiet_to, mail,"
            " webhook) values ('kahoku', %s, %s, %s, 300, 250, %s, %s, '{a@b.c,d@e.f}', 'https://g.h/')",
            (rule, sensor, measure, *(("09:00", "12:00") if quiet else (None, None))),
        )

    async def read(self, sensor: SensorId, depths: Sequence[int | None], last_us: int = NOW) -> None:
        """Every ten minutes, the last one now."""
        first_us = last_us - (len(depths) - 1) * STEP_US
        told = [
            (first_us + at * STEP_US, depth, ABSENT_16, ABSENT_32)
            for at, depth in enumerate(depths)
            if depth is not None
        ]
        await keep_depths(self.connection, sensor, DepthBatch.from_rows(told), last_us)

    async def turn(self, now_us: int = NOW) -> SnowTurn:
        return await self.watch.turn(self.connection, now_us)

    async def events(self) -> list[tuple[str, bool, int]]:
        return rows(self.url, "select sensor, raised, value_mm from alert_event order by alert_event")


@pytest.fixture
async def snow(clean_database: str, network: Network) -> AsyncIterator[Snow]:
    async with connect(clean_database, name="test") as connection:
        one = Snow(connection, network, clean_database)
        await one.register()
        yield one


async def test_a_turn_writes_down_how_each_sensor_stands(snow: Snow) -> None:
    await snow.read(S1, [300] * 150)
    await snow.read(S2, [398] * 100, NOW - 4 * HOUR_US)
    assert await snow.turn() == SnowTurn(changed=2, events=0, proposals=0)
    figures = await read_figures(snow.connection)
    assert (figures[S1].state, figures[S1].at_us, figures[S1].depth_mm) == (SensorState.OK, NOW, 300)
    assert (figures[S1].new_1h_mm, figures[S1].new_24h_mm) == (0, 0)
    assert (figures[S2].state, figures[S2].depth_mm, figures[S2].new_1h_mm) == (SensorState.GAP, 398, ABSENT_32)
    assert (figures[S3].state, figures[S3].depth_mm) == (SensorState.SILENT, ABSENT_32)


async def test_a_sensor_whose_newest_readings_cannot_be_is_implausible(snow: Snow) -> None:
    await snow.read(S1, [300] * 100 + [20_000] * 20)
    await snow.turn()
    assert (await read_figures(snow.connection))[S1].state is SensorState.IMPLAUSIBLE


async def test_a_sensor_that_is_stuck_is_said_so_and_not_used(snow: Snow) -> None:
    await snow.read(S1, [300] * 100)
    await snow.read(S2, [300 + 3 * step for step in range(100)])
    await snow.turn()
    figures = await read_figures(snow.connection)
    assert (figures[S1].state, figures[S2].state) == (SensorState.STUCK, SensorState.OK)
    # 18 mm an hour, of which the mean around now has not seen its later half yet: a step and a half of 3 mm.
    assert (figures[S1].new_1h_mm, figures[S2].new_1h_mm) == (ABSENT_32, 14)
    assert set(snow.watch.segment_snow().nearest.sensor.tolist()) == {1}


async def test_only_what_is_new_is_read_again(snow: Snow) -> None:
    await snow.read(S1, [300] * 30)
    assert (await snow.turn()).changed == 1
    assert (await snow.turn()).changed == 0
    await snow.read(S1, [310], NOW + STEP_US)
    assert (await snow.turn(NOW + STEP_US)).changed == 1
    assert (await read_figures(snow.connection))[S1].depth_mm == 310
    assert (await snow.turn(NOW + DAY_US)).changed == 1  # a new day has a new grid


async def test_an_alert_is_raised_and_cleared_with_a_notice_for_each_target(snow: Snow) -> None:
    await snow.rule()
    await snow.read(S1, [290, 295, 305, 310])
    await snow.read(S2, [320] * 4)
    assert (await snow.turn()).events == 2
    assert await snow.events() == [("s1", True, 305), ("s2", True, 320)]
    notices = await read_notices(snow.connection, 10)
    assert sorted((one.way, one.target) for one in notices) == [
        ("mail", "a@b.c"), ("mail", "d@e.f"), ("webhook", "https://g.h/")
    ]  # fmt: skip
    first = await next_notice(snow.connection, NOW)
    assert first is not None
    assert [(one["name"], one["raised"], one["value_mm"]) for one in first.content["events"]] == [
        ("観測所s1", True, 305), ("観測所s2", True, 320)
    ]  # fmt: skip
    await snow.read(S1, [260, 249], NOW + 2 * STEP_US)
    assert (await snow.turn(NOW + 2 * STEP_US)).events == 1
    assert (await snow.events())[2:] == [("s1", False, 249)]


async def test_a_watch_that_starts_anew_says_nothing_twice_and_misses_nothing(snow: Snow) -> None:
    await snow.rule()
    await snow.read(S1, [290, 305])
    await snow.turn()
    snow.watch = SnowWatch(snow.network, CRITERIA)
    assert (await snow.turn()).events == 0
    await snow.read(S1, [240], NOW + STEP_US)
    assert (await snow.turn(NOW + STEP_US)).events == 1
    assert await snow.events() == [("s1", True, 305), ("s1", False, 240)]


async def test_what_cannot_be_committed_is_said_the_next_time(snow: Snow) -> None:
    await snow.rule()
    await snow.read(S1, [290, 305])
    await snow.connection.execute("alter table proposal rename to elsewhere")
    with pytest.raises(StoreError, match="snow watch"):
        await snow.turn()
    assert await snow.events() == []
    assert await read_notices(snow.connection, 10) == []
    await snow.connection.execute("alter table elsewhere rename to proposal")
    assert (await snow.turn()).events == 1
    assert (await read_figures(snow.connection))[S1].depth_mm == 305


async def test_quiet_hours_hold_an_alert_until_they_end(snow: Snow) -> None:
    await snow.rule(quiet=True)
    await snow.read(S1, [290, 305])
    assert (await snow.turn()).events == 0
    assert (await snow.turn(NOW + 2 * HOUR_US - 1)).events == 0
    assert (await snow.turn(NOW + 2 * HOUR_US)).events == 1


async def test_a_rule_can_be_of_one_sensor_and_of_what_fell(snow: Snow) -> None:
    await snow.rule("day", "new_24h", "s2")
    for sensor in (S1, S2):
        await snow.read(sensor, [200] * 150 + [200 + 4 * step for step in range(90)])
    assert (await snow.turn()).events == 1
    ((sensor_id, raised, value),) = await snow.events()
    assert (sensor_id, raised) == ("s2", True)
    assert 300 <= value <= 330


async def test_the_past_raises_no_alert(snow: Snow) -> None:
    await snow.rule()
    await snow.read(S1, [400] * 10 + [200] * 60)
    assert (await snow.turn()).events == 0


async def test_reaching_the_criterion_proposes_once(snow: Snow) -> None:
    await snow.read(S1, [200] * 40 + [200 + 5 * step for step in range(30)])
    assert (await snow.turn()).proposals == 1
    assert (await snow.turn()).proposals == 0
    (said,) = await read_proposals(snow.connection, 0, 2 * NOW, 10)
    assert (said.sensor, said.road_classes, said.at_us) == (S1, ("national",), NOW)
    assert 100 <= said.new_mm <= 150


async def test_roads_have_the_snow_of_the_nearest_sensor_that_tells(snow: Snow) -> None:
    await snow.read(S1, [200] * 40 + [200 + 5 * step for step in range(31)])
    await snow.read(S2, [200 - step // 10 for step in range(71)])
    await snow.turn()
    told = snow.watch.segment_snow()
    every = np.arange(len(snow.network))
    fallen = told.fallen_mm(every, np.full(len(every), NOW - 6 * HOUR_US), NOW)
    assert set(np.unique(told.nearest.sensor).tolist()) == {0, 1}
    assert np.all(fallen[told.nearest.sensor == 1] == 0)
    assert np.all(fallen[told.nearest.sensor == 0] >= 120)
    assert told.distance_m(every).max() < 15_000
    await snow.turn(NOW + 3 * HOUR_US)
    late = snow.watch.segment_snow().fallen_mm(every, np.full(len(every), NOW), NOW + 3 * HOUR_US)
    assert set(late.tolist()) == {ABSENT_32}


async def test_without_sensors_there_is_no_snow_to_tell(snow: Snow) -> None:
    await snow.connection.execute("delete from sensor")
    await snow.read(S1, [300] * 10)
    assert await snow.turn() == SnowTurn(changed=0, events=0, proposals=0)
    every = np.arange(len(snow.network))
    assert set(snow.watch.segment_snow().fallen_mm(every, every * 0 + NOW, NOW).tolist()) == {ABSENT_32}


async def test_hours_of_snow_are_kept_and_put_right_when_later_readings_say_otherwise(snow: Snow) -> None:
    await snow.read(S1, [300] * 30 + [300 + 20 * step for step in range(6)] + [420] * 30)
    await snow.turn()
    snowed = await read_snow_hours(snow.connection, 0)
    assert snowed
    first_us, last_us = NOW - 37 * STEP_US - HOUR_US, NOW - 30 * STEP_US + HOUR_US
    assert all(hour % HOUR_US == 0 and first_us <= hour <= last_us for hour in snowed)
    # An hour in which nobody saw any.
    await snow.connection.execute("insert into snow_hour values (%s)", [to_instant(NOW - DAY_US)])
    await snow.turn(NOW + STEP_US)
    assert await read_snow_hours(snow.connection, 0) == snowed
