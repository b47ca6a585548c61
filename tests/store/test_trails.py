"""Where devices were in each step of time: found by the index, and by who may see nothing else of a fix."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import AsyncConnection, errors

from snowtrack.model.calendar import DAY_US, MINUTE_US, SECOND_US
from snowtrack.model.columns import ABSENT_8
from snowtrack.model.ids import DeviceId
from snowtrack.store.database import connect
from snowtrack.store.devices import device_number
from snowtrack.store.rights import Role, as_role
from snowtrack.store.trails import AHEAD_US, read_sightings
from tests.store.test_fixes import batch, fix, store

pytestmark = pytest.mark.anyio
# Some midnight in UTC, so that times before and after it lie in different partitions.
MIDNIGHT_US = 20_000 * DAY_US
HERE = {"lat_e7": 365_600_000, "lon_e7": 1_366_500_000}


@pytest.fixture
async def devices(connection: AsyncConnection) -> list[int]:
    return [await device_number(connection, DeviceId("kanazawa", name)) for name in ("d1", "d2")]


def at(second: int, **said: int) -> dict[str, int]:
    """A fix so many seconds after midnight."""
    return fix(second + 1_000, MIDNIGHT_US + second * SECOND_US, **(HERE | said))


async def seconds(
    connection: AsyncConnection, latest_s: dict[int, int], reach_s: int, step_s: int
) -> dict[int, list[int]]:
    latest_us = {device: MIDNIGHT_US + second * SECOND_US for device, second in latest_s.items()}
    seen = await read_sightings(connection, latest_us, reach_s * SECOND_US, step_s)
    found: dict[int, list[int]] = {device: [] for device in latest_s}
    for device, time_us in zip(seen.device.tolist(), seen.time_us.tolist(), strict=True):
        found[device].append((time_us - MIDNIGHT_US) // SECOND_US)
    return found


async def test_of_each_step_there_is_the_last_fix_whichever_came_first(
    connection: AsyncConnection, devices: list[int]
) -> None:
    """Over midnight, from one partition to the next."""
    for told in ([9, 10, 14, 21], [-20, -11, 0, 3]):
        await store(connection, batch(*map(at, told)))
    assert await seconds(connection, {1: 21}, 40, 10) == {1: [-11, 9, 14, 21]}
    assert await seconds(connection, {1: 21}, 18, 10) == {1: [9, 14, 21]}
    assert await seconds(connection, {1: 21}, 40, 5) == {1: [-20, -11, 3, 9, 14, 21]}


async def test_each_device_is_told_back_from_its_own_newest(connection: AsyncConnection, devices: list[int]) -> None:
    await store(connection, batch(*map(at, range(-600, 0, 5))))
    await store(connection, batch(*map(at, range(-600, 0, 5)), device=2))
    assert await seconds(connection, {1: -500, 2: -5}, 10, 5) == {
        1: list(range(-510, -500 + AHEAD_US // SECOND_US + 5, 5)),
        2: [-15, -10, -5],
    }
    assert await seconds(connection, {}, 10, 5) == {}


async def test_without_a_position_nothing_is_seen_and_inputs_that_said_nothing_are_absent(
    connection: AsyncConnection, devices: list[int]
) -> None:
    void = fix(1, MIDNIGHT_US + 4 * SECOND_US)
    await store(connection, batch(at(2, blade=1, speed_mmps=4_000), void))
    seen = await read_sightings(connection, {1: MIDNIGHT_US + 4 * SECOND_US}, MINUTE_US, 5)
    assert seen.rows() == [(1, MIDNIGHT_US + 2 * SECOND_US, *HERE.values(), 4_000, 1, ABSENT_8, ABSENT_8)]


@pytest.fixture
def filled(database: str) -> Iterator[str]:
    """Three days of a hundred devices, as a planner knows them that has looked."""
    with psycopg.connect(database, autocommit=True) as connection:
        for day in range(3):
            connection.execute("select make_day(to_timestamp(%s)::date)", [(MIDNIGHT_US + day * DAY_US) / SECOND_US])
        connection.execute(
            "insert into fix (device, device_time, boot, seq, digest, received_at, lat_e7, lon_e7)"
            " select device, told, 1, 1, 1, told, 0, 0 from generate_series(1, 100) as device,"
            " generate_series(to_timestamp(%s), to_timestamp(%s), interval '5 minutes') as told",
            [MIDNIGHT_US / SECOND_US, (MIDNIGHT_US + 3 * DAY_US - 1) / SECOND_US],
        )
        connection.execute("analyze fix")
    yield database


async def test_it_looks_into_the_index_of_the_days_that_are_asked_for(
    filled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    explained: list[dict[str, Any]] = []
    async with connect(filled, name="test") as connection:

        async def explain(asking: AsyncConnection, statement: str, asked: dict[str, Any], _batch: object) -> None:
            row = await (await asking.execute(f"explain (analyze, format json) {statement}".encode(), asked)).fetchone()
            assert row is not None
            explained.append(row[0][0]["Plan"])

        monkeypatch.setattr("snowtrack.store.trails.read_columns", explain)
        await read_sightings(connection, {1: MIDNIGHT_US + DAY_US + 3_600 * SECOND_US}, 30 * MINUTE_US, 5)
    scans = list(scans_of(explained[0]))
    assert scans
    assert {scan["Node Type"] for scan in scans} == {"Index Scan"}, json.dumps(scans, indent=1)
    assert len({scan["Relation Name"] for scan in scans if scan["Actual Loops"]}) == 1


def scans_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Of stored tables."""
    if "Relation Name" in plan:
        yield plan
    for part in plan.get("Plans", []):
        yield from scans_of(part)


async def test_the_api_may_read_this_of_fixes_and_nothing_else(database: str) -> None:
    async with connect(as_role(database, Role.API), name="test") as connection:
        assert len(await read_sightings(connection, {1: MIDNIGHT_US}, MINUTE_US, 5)) == 0
        for column in ("digest", "battery_mv", "received_at"):
            with pytest.raises(errors.InsufficientPrivilege):
                await connection.execute(f"select {column} from fix".encode())
