"""The pool of connections: who gets none is told so in our own words."""

import asyncio

import pytest

from snowtrack.background import running
from snowtrack.model.errors import StoreError
from snowtrack.store import database as connections
from snowtrack.store.database import connection_pool, store_errors

pytestmark = pytest.mark.anyio


async def test_who_waits_too_long_for_a_connection_is_told_so(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "CONNECT_S_MAX", 1)
    async with connection_pool(database_url, name="test", size=1) as pool:
        async with pool.connection():
            with pytest.raises(StoreError, match="database: has no connection for us: couldn't get a connection"):
                async with pool.connection(timeout=0.05):
                    pass
            with pytest.raises(StoreError, match="couldn't get a connection"):
                async with pool.connection():
                    pass
        async with pool.connection() as connection:
            await connection.execute("select 1")


async def test_so_is_who_waits_behind_too_many(database_url: str) -> None:
    async with connection_pool(database_url, name="test", size=1) as pool, pool.connection():

        async def wait() -> None:
            async with pool.connection():
                raise AssertionError

        async with running(*(wait() for _ in range(16))):
            await asyncio.sleep(0)
            with pytest.raises(StoreError, match="has no connection for us"):
                async with pool.connection():
                    pass


async def test_what_goes_wrong_with_a_connection_is_for_its_user_to_say(database_url: str) -> None:
    async with connection_pool(database_url, name="test", size=1) as pool:
        with (
            pytest.raises(StoreError, match="database: cannot divide: division by zero"),
            store_errors("cannot divide"),
        ):
            async with pool.connection() as connection:
                await connection.execute("select 1 / 0")
        with pytest.raises(ZeroDivisionError):
            async with pool.connection():
                raise ZeroDivisionError
        async with pool.connection() as connection:
            await connection.execute("select 1")
