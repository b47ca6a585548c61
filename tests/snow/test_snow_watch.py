"""The snow watch over a real database: from readings to figures, alerts, notices, proposals and the roads' snow."""

import numpy as np
import pytest

from snowtrack.model.calendar import DAY_US, HOUR_US
from snowtrack.model.columns import ABSENT_32
from snowtrack.model.errors import StoreError
from snowtrack.model.snow import SensorState
from snowtrack.services.snow import SnowTurn, SnowWatch
from snowtrack.snow.series import STEP_US
from snowtrack.store.notices import next_notice, read_notices
from snowtrack.store.snow import read_figures, read_proposals
from tests.snow.watches import NOW, S1, S2, S3, Snow

pytestmark = pytest.mark.anyio
REACH_M = 15_000


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
    assert set(snow.watch.segment_snow(REACH_M).nearest.sensor.tolist()) == {1}


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
    snow.watch = SnowWatch(snow.network)
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
    told = snow.watch.segment_snow(REACH_M)
    every = np.arange(len(snow.network))
    fallen = told.fallen_mm(every, np.full(len(every), NOW - 6 * HOUR_US), NOW)
    assert set(np.unique(told.nearest.sensor).tolist()) == {0, 1}
    assert np.all(fallen[told.nearest.sensor == 1] == 0)
    assert np.all(fallen[told.nearest.sensor == 0] >= 120)
    assert told.distance_m(every).max() < REACH_M
    await snow.turn(NOW + 3 * HOUR_US)
    late = snow.watch.segment_snow(REACH_M).fallen_mm(every, np.full(len(every), NOW), NOW + 3 * HOUR_US)
    assert set(late.tolist()) == {ABSENT_32}


async def test_without_sensors_there_is_no_snow_to_tell(snow: Snow) -> None:
    await snow.connection.execute("delete from sensor")
    await snow.read(S1, [300] * 10)
    assert await snow.turn() == SnowTurn(changed=0, events=0, proposals=0)
    every = np.arange(len(snow.network))
    assert set(snow.watch.segment_snow(REACH_M).fallen_mm(every, every * 0 + NOW, NOW).tolist()) == {ABSENT_32}
