"""Depths in the database: the first reading of an instant stays; figures and proposals come back as they were."""

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import AsyncConnection

from snowtrack.model.calendar import DAY_US, SECOND_US
from snowtrack.model.columns import ABSENT_16, ABSENT_32
from snowtrack.model.snow import DepthBatch, DepthFault, Figure, Sensor, SensorId, SensorState
from snowtrack.snow.dispatch import Proposal
from snowtrack.store.database import connect
from snowtrack.store.queries import query
from snowtrack.store.snow import (
    MISDATED_KEPT,
    NOTHING_REFUSED,
    Kept,
    Refused,
    add_proposals,
    count_proposals,
    keep_all,
    keep_depths,
    read_answered,
    read_depths,
    read_figures,
    read_heard,
    read_proposals,
    read_sensors,
    read_series,
    save_figures,
    sensor_rows,
    take_depth_days,
)
from tests.store.databases import clear, count

pytestmark = pytest.mark.anyio
AT = 1_768_338_000 * SECOND_US
S1, S2 = SensorId("kahoku", "s1"), SensorId("kahoku", "s2")


def batch(*rows: tuple[int, int]) -> DepthBatch:
    """Seconds and depths."""
    return DepthBatch.from_rows([(AT + second * SECOND_US, depth, ABSENT_16, ABSENT_32) for second, depth in rows])


async def kept(connection: AsyncConnection, sensor: SensorId = S1) -> list[tuple[int, int]]:
    found = await read_depths(connection, sensor, 0, 2 * AT, 1_000)
    return [((time_us - AT) // SECOND_US, depth) for time_us, depth, _, _ in found.rows()]


async def register(connection: AsyncConnection) -> None:
    await connection.execute("insert into agency (agency, name, manages) values ('kahoku', 'かほく市', 'municipality')")
    await connection.execute(
        "insert into sensor (agency, sensor, name, lat_e7, lon_e7, elevation_m)"
        " values ('kahoku', 's1', '高松', 367600000, 1367100000, 12),"
        " ('kahoku', 'S0', '七塚', 367400000, 1366900000, null)"
    )


async def test_readings_come_back_as_they_were_in_order(connection: AsyncConnection) -> None:
    rows = [(AT + 5, 312, -15, 3610), (AT, -40, ABSENT_16, ABSENT_32), (0, 1_000_000, 0, 0)]
    await keep_depths(connection, S1, DepthBatch.from_rows(rows), AT)
    assert (await read_depths(connection, S1, 0, 2 * AT, 10)).rows() == sorted(rows)
    assert (await read_depths(connection, S1, AT, AT + 5, 10)).rows() == rows[1:2]
    assert len(await read_depths(connection, S1, 0, 2 * AT, 2)) == 2
    assert len(await read_depths(connection, S2, 0, 2 * AT, 10)) == 0


async def test_the_first_reading_of_an_instant_stays_and_others_are_counted(connection: AsyncConnection) -> None:
    assert await keep_depths(connection, S1, batch((0, 10), (60, 20)), AT) == Kept(new=2, conflicts=0)
    assert await keep_depths(connection, S1, batch((0, 10), (60, 21), (120, 30)), AT) == Kept(new=1, conflicts=1)
    assert await keep_depths(connection, S1, batch((180, 1), (180, 2), (180, 1)), AT) == Kept(new=1, conflicts=1)
    assert await kept(connection) == [(0, 10), (60, 20), (120, 30), (180, 1)]
    (heard,) = await read_heard(connection)
    assert (heard.sensor, heard.readings, heard.conflicts) == (S1, 4, 2)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3)), max_size=8), max_size=4))
def test_any_messages_leave_what_came_first_and_count_the_rest(
    database: str, messages: list[list[tuple[int, int]]]
) -> None:
    first: dict[int, int] = {}
    conflicts = 0
    for second, depth in (one for message in messages for one in message):
        conflicts += first.setdefault(second, depth) != depth

    async def keep() -> tuple[list[tuple[int, int]], int]:
        clear(database)
        async with connect(database, name="test") as connection:
            told = [await keep_depths(connection, S1, batch(*message), AT) for message in messages]
            return await kept(connection), sum(one.conflicts for one in told)

    assert asyncio.run(keep()) == (sorted(first.items()), conflicts)


async def test_a_long_import_in_any_order_is_as_many_short_ones(connection: AsyncConnection) -> None:
    """More than one statement takes, newest first, and each instant a second time with another depth."""
    seconds = range(12_000, 0, -1)
    said = batch(*((second, 1) for second in seconds), *((second, 2) for second in seconds))
    assert await keep_depths(connection, S1, said, AT) == Kept(new=12_000, conflicts=12_000)
    assert await keep_depths(connection, S1, said, AT) == Kept(new=0, conflicts=12_000)
    kept = await read_depths(connection, S1, 0, 2 * AT, 20_000)
    assert kept.depth_mm.tolist() == [1] * 12_000


@pytest.mark.parametrize("name", ["add_depths", "kept_depths"])
async def test_a_statement_for_many_readings_joins_nothing(connection: AsyncConnection, name: str) -> None:
    """Of a table that was never analysed the database knows nothing: a join became loops over loops."""
    asked = {"agency": "a", "sensor": "s", "received_at": "2026-01-14", "time": ["2026-01-14"] * 10_000}
    columns = {"depth_mm": [1] * 10_000, "temperature_ddeg": [None] * 10_000, "battery_mv": [None] * 10_000}
    plan = await (await connection.execute(f"explain {query(name)}".encode(), asked | columns)).fetchall()
    assert not [line for (line,) in plan if "Join" in line or "Nested Loop" in line]


async def test_what_is_no_reading_is_counted_and_what_cannot_be_is_kept_aside(connection: AsyncConnection) -> None:
    refused = Refused(misdated=batch((9, 1)), rejected=3, last_fault=DepthFault.BAD_DEPTH)
    await keep_depths(connection, S1, batch(), AT + 1, refused)
    await keep_depths(connection, S1, batch((0, 1)), AT, NOTHING_REFUSED)
    (heard,) = await read_heard(connection)
    assert (heard.readings, heard.misdated, heard.rejected) == (1, 1, 3)
    assert (heard.last_fault, heard.heard_us) == (DepthFault.BAD_DEPTH, AT + 1)
    assert await kept(connection) == [(0, 1)]


async def test_what_is_kept_aside_has_a_bound(connection: AsyncConnection, database: str) -> None:
    for first in (0, MISDATED_KEPT):
        refused = Refused(misdated=batch(*((second, 1) for second in range(first, first + MISDATED_KEPT // 2 + 1))))
        await keep_depths(connection, S1, batch(), AT, refused)
    assert count(database, "depth_misdated") == MISDATED_KEPT


async def test_a_transaction_that_fails_leaves_nothing(connection: AsyncConnection) -> None:
    with pytest.raises(ZeroDivisionError):
        async with connection.transaction():
            await keep_depths(connection, S1, batch((0, 1)), AT)
            raise ZeroDivisionError
    assert await kept(connection) == []
    assert await read_heard(connection) == []


async def test_two_that_bring_the_same_at_once_are_counted_as_one_after_the_other(
    connection: AsyncConnection, database: str
) -> None:
    async with connect(database, name="other") as other:
        async with connection.transaction():
            await keep_depths(connection, S1, batch((0, 1), (60, 1)), AT)
            later = asyncio.create_task(keep_all(other, {S1: batch((0, 1), (60, 2), (120, 3))}, AT))
            done, _ = await asyncio.wait([later], timeout=0.2)
            assert not done
        assert await later == Kept(new=1, conflicts=1)
    assert (await read_heard(connection))[0].readings == 3


async def test_series_of_many_come_as_columns(connection: AsyncConnection) -> None:
    await keep_all(connection, {S2: batch((5, 7), (0, -1)), S1: batch((0, 3)), SensorId("a", "s1"): batch((0, 9))}, AT)
    found = await read_series(connection, [S1, S2, SensorId("kahoku", "never")], AT, AT + DAY_US)
    assert {sensor: (times.tolist(), depths.tolist()) for sensor, (times, depths) in found.items()} == {
        S1: ([AT], [3]),
        S2: ([AT, AT + 5 * SECOND_US], [-1, 7]),
    }
    assert await read_series(connection, [S1], AT + 1, AT + DAY_US) == {}
    assert await read_series(connection, [], AT, AT + DAY_US) == {}


async def test_sensors_are_those_of_the_registry_by_id(connection: AsyncConnection) -> None:
    await register(connection)
    assert await read_sensors(connection) == [
        Sensor(id=SensorId("kahoku", "S0"), name="七塚", lat_e7=367_400_000, lon_e7=1_366_900_000),
        Sensor(id=S1, name="高松", lat_e7=367_600_000, lon_e7=1_367_100_000, elevation_m=12),
    ]


async def test_figures_come_back_and_the_newest_stays(connection: AsyncConnection) -> None:
    old = Figure(sensor=S1, at_us=AT, state=SensorState.OK, depth_mm=300, new_1h_mm=0, new_24h_mm=ABSENT_32)
    new = Figure(sensor=S1, at_us=AT + 1, state=SensorState.STUCK)
    await save_figures(connection, [old])
    assert await read_figures(connection) == {S1: old}
    await save_figures(connection, [new])
    assert await read_figures(connection) == {S1: new}


async def test_a_row_for_each_sensor_says_what_is_known(connection: AsyncConnection) -> None:
    await register(connection)
    await keep_depths(connection, S1, batch((0, 300)), AT)
    await keep_depths(connection, S2, batch((0, 300)), AT)
    await save_figures(connection, [Figure(sensor=S1, at_us=AT, state=SensorState.OK, depth_mm=300, new_1h_mm=20)])
    silent, known, stranger = await sensor_rows(connection, AT + 90 * SECOND_US)
    assert (silent["sensor"], silent["registered"], "state" in silent, "readings" in silent) == (
        "S0",
        True,
        False,
        False,
    )
    assert (known["name"], known["state"], known["depth_mm"], known["new_24h_mm"]) == ("高松", "ok", 300, None)
    assert (known["age_s"], known["readings"]) == (90, 1)
    assert (stranger["sensor"], stranger["registered"], "depth_mm" in stranger) == ("s2", False, False)


def proposal(at_us: int, *classes: str, agency: str = "kahoku") -> Proposal:
    return Proposal(
        sensor=SensorId(agency, "s1"),
        road_classes=classes,
        criterion_mm=100,
        new_mm=104,
        since_us=at_us - DAY_US,
        at_us=at_us,
    )


async def test_proposals_come_back_newest_first_and_are_counted(connection: AsyncConnection) -> None:
    made = [proposal(AT, "main", "national"), proposal(AT + 1, "local"), proposal(AT + 2, "main", agency="ishikawa")]
    await add_proposals(connection, made)
    assert await read_proposals(connection, 0, 2 * AT, 10) == made[::-1]
    assert await read_proposals(connection, AT, AT + 2, 1) == [made[1]]
    assert await count_proposals(connection, AT, AT + 3) == {"kahoku": 2, "ishikawa": 1}
    assert await count_proposals(connection, AT + 3, 2 * AT) == {}


async def test_what_the_snow_was_answered_with_is_the_latest_of_each(connection: AsyncConnection) -> None:
    await register(connection)
    await connection.execute("insert into machine (agency, machine, kind) values ('kahoku', 'm1', 'grader')")
    await connection.execute(
        "insert into work_order (agency, number, machine, issued_at) values ('kahoku', '1', 'm1', to_timestamp(100)),"
        " ('kahoku', '2', 'm1', to_timestamp(300)), ('kahoku', '3', 'm1', to_timestamp(900))"
    )
    await add_proposals(connection, [proposal(AT, "main", "local"), proposal(AT + 5, "main")])
    answered = await read_answered(connection, 0, 800 * SECOND_US)
    assert answered.dispatched_us == {"kahoku": 300 * SECOND_US}
    assert answered.proposed_us == {(S1, "main"): AT + 5, (S1, "local"): AT}
    assert (await read_answered(connection, AT + 6, AT)).proposed_us == {}


def on_day(*days: int) -> DepthBatch:
    """A reading an hour into each day of 1970, counted from nought."""
    return DepthBatch.from_rows([(day * DAY_US + DAY_US // 24, 10, ABSENT_16, ABSENT_32) for day in days])


async def days_taken(
    connection: AsyncConnection, *sensors: SensorId, before: int = 100, length: int = 100
) -> list[int]:
    found = await take_depth_days(connection, sensors, before_us=before * DAY_US, length_us=length * DAY_US)
    return [day_us // DAY_US for day_us in found]


async def test_days_with_new_readings_are_taken_once_until_there_are_others(connection: AsyncConnection) -> None:
    await keep_depths(connection, S1, on_day(3, 7), AT)
    await keep_depths(connection, S2, on_day(5, 7), AT)
    assert await days_taken(connection, S1, S2) == [3, 5, 7]
    assert await days_taken(connection, S1, S2) == []
    await keep_depths(connection, S1, on_day(3), AT)
    assert await days_taken(connection, S1, S2) == []
    await keep_depths(connection, S1, on_day(3, 4), AT)
    assert 4 in await days_taken(connection, S1, S2)


async def test_the_newest_days_before_an_instant_are_taken_first(connection: AsyncConnection) -> None:
    await keep_depths(connection, S1, on_day(1, 3, 4, 5, 8), AT)
    assert await days_taken(connection, S1, before=8, length=2) == [4, 5]
    assert await days_taken(connection, S1, before=8, length=2) == [3]
    assert await days_taken(connection, S1, before=8, length=2) == [1]
    assert await days_taken(connection, S1, before=9, length=2) == [8]


async def test_days_of_sensors_that_are_not_asked_for_wait(connection: AsyncConnection) -> None:
    await keep_depths(connection, S2, on_day(3), AT)
    assert await days_taken(connection) == await days_taken(connection, S1) == []
    assert await days_taken(connection, S2) == [3]


async def test_a_day_of_which_readings_are_just_kept_is_taken_when_they_are_there(
    connection: AsyncConnection, database: str
) -> None:
    await keep_depths(connection, S1, on_day(3, 4), AT)
    async with connect(database, name="other") as other:
        async with other.transaction():
            more = DepthBatch.from_rows([(3 * DAY_US, 20, ABSENT_16, ABSENT_32)])
            await keep_depths(other, S1, more, AT)
            assert await days_taken(connection, S1) == [4]
        assert await days_taken(connection, S1) == [3]
