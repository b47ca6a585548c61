"""Files into the database and out of it: nothing is lost on the way, whatever is registered."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from psycopg import AsyncConnection

from snowtrack.fleet.intake import Intake, take_in
from snowtrack.fleet.proposal import Registry, registry_of
from snowtrack.model.ids import DeviceId
from snowtrack.store.database import connect
from snowtrack.store.devices import read_devices
from snowtrack.store.fleet import read_tables
from snowtrack.store.instants import to_us
from tests.fleet.registries import NOW, registries, written
from tests.store.databases import clear

# Each example is a database emptied and filled.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def in_database(url: str, run: Callable[[AsyncConnection], Awaitable[None]]) -> None:
    """From outside any event loop: hypothesis calls no coroutines."""

    async def connected() -> None:
        async with connect(url, name="test") as connection:
            await run(connection)

    clear(url)
    asyncio.run(connected())


async def taken(connection: AsyncConnection, registry: Registry, *, dry_run: bool = False) -> Intake:
    return await take_in(connection, written(registry), now_us=to_us(NOW), dry_run=dry_run)


async def stored(connection: AsyncConnection) -> Registry:
    return registry_of(await read_tables(connection))


@given(registries())
def test_what_is_exported_from_the_database_changes_nothing_when_it_comes_back(
    schema_url: str, registry: Registry
) -> None:
    async def run(connection: AsyncConnection) -> None:
        assert (await taken(connection, registry, dry_run=True)).version is None
        assert not any((await stored(connection)).values())
        intake = await taken(connection, registry)
        assert (intake.problems, intake.version) == ([], 1)
        found = await stored(connection)
        assert found == registry
        again = await taken(connection, found)
        assert (again.problems, again.version) == ([], None)
        mounted = {DeviceId(str(row["agency"]), str(row["device"])) for row in registry["devices"].values()}
        assert {row.id for row in await read_devices(connection)} == mounted

    in_database(schema_url, run)


@given(registries(), registries())
def test_one_registry_after_the_other_is_as_it_was_proposed_or_refused_whole(
    schema_url: str, first: Registry, second: Registry
) -> None:
    async def run(connection: AsyncConnection) -> None:
        await taken(connection, first)
        intake = await taken(connection, second)
        found = await stored(connection)
        if intake.problems:
            assert (found, intake.version, intake.changes) == (first, None, [])
        else:
            assert all(rows.items() <= found[name].items() for name, rows in second.items())

    in_database(schema_url, run)
