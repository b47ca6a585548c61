"""Clocks of boots come back as they were saved."""

import pytest
from hypothesis import HealthCheck, given, settings
from psycopg import AsyncConnection

from snowtrack.model.fixes import FixBatch
from snowtrack.model.ids import DeviceId
from snowtrack.store.clocks import read_clocks, read_device_clocks, save_clocks
from snowtrack.store.database import connect
from snowtrack.store.devices import device_number
from snowtrack.tracks.identity import BootId
from snowtrack.tracks.learning import learn
from snowtrack.tracks.sessions import BootClock
from tests.oracles.batches import batch_of
from tests.tracks.boots import BATCHES
from tests.tracks.told import counted, good

pytestmark = pytest.mark.anyio


@pytest.fixture
async def devices(connection: AsyncConnection) -> list[int]:
    return [await device_number(connection, DeviceId("kanazawa", name)) for name in ("d1", "d2")]


async def save(connection: AsyncConnection, clocks: dict[BootId, BootClock]) -> None:
    for boot_id, clock in clocks.items():
        await save_clocks(connection, {boot_id: clock.snapshot()})


def learned(fixes: FixBatch) -> dict[BootId, BootClock]:
    clocks: dict[BootId, BootClock] = {}
    learn(clocks, fixes)
    return clocks


@given(BATCHES)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_clocks_come_back_as_saved(database: str, fixes: FixBatch) -> None:
    async with connect(database, name="test") as connection:
        await connection.execute("truncate device restart identity cascade")
        for name in ("d1", "d2"):
            await device_number(connection, DeviceId("kanazawa", name))
        clocks = learned(fixes)
        await save(connection, clocks)
        assert await read_clocks(connection, list(clocks)) == clocks
        one = {boot_id: clock for boot_id, clock in clocks.items() if boot_id.device == 1}
        assert await read_device_clocks(connection, 1) == one


async def test_only_the_clocks_asked_for_are_read(connection: AsyncConnection, devices: list[int]) -> None:
    boots = [BootId(device, boot) for device in devices for boot in (1, 2**32 - 1)]
    rows = [good(counted(second)) | {"device": b.device, "boot": b.boot} for second, b in enumerate(boots, start=1)]
    clocks = learned(batch_of(FixBatch, *rows))
    await save(connection, clocks)
    asked = [boots[0], boots[3], BootId(devices[0], 77)]
    assert await read_clocks(connection, asked) == {boot_id: clocks[boot_id] for boot_id in (boots[0], boots[3])}
    assert await read_clocks(connection, []) == {}
    assert (await read_device_clocks(connection, devices[1])).keys() == set(boots[2:])


async def test_what_is_learned_later_takes_the_place_of_what_was_saved(
    connection: AsyncConnection, devices: list[int]
) -> None:
    clocks = learned(batch_of(FixBatch, counted(1) | {"device": devices[0]}))
    await save(connection, clocks)
    learn(clocks, batch_of(FixBatch, good(counted(2)) | {"device": devices[0]}))
    await save(connection, clocks)
    assert await read_device_clocks(connection, devices[0]) == clocks
