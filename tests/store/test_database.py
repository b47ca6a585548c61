"""The pool of connections: what goes wrong is said in our own words, wherever it goes wrong."""

import asyncio

import pytest

from snowtrack.background import running
from snowtrack.model.errors import StoreError
from snowtrack.store import database as connections
from snowtrack.store.database import connection_pool

pytestmark = pytest.mark.anyio


async def test_who_waits_too_long_for_a_connection_is_told_so(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "CONNECT_S_MAX", 1)
    async with connection_pool(database_url, name="test", size=1) as pool:
        async with pool.connection():
            with pytest.raises(StoreError, match="database: cannot be asked: couldn't get a connection"):
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
            with pytest.raises(StoreError, match="cannot be asked"):
                async with pool.connection():
                    pass


async def test_what_the_database_refuses_is_said_and_other_errors_stay_what_they_are(database_url: str) -> None:
    async with connection_pool(database_url, name="test", size=1) as pool:
        with pytest.raises(StoreError, match="database: cannot be asked: division by zero"):
            async with pool.connection() as connection:
                await connection.execute("select 1 / 0")
        with pytest.raises(ZeroDivisionError):
            async with pool.connection():
                raise ZeroDivisionError
        async with pool.connection() as connection:
            await connection.execute("select 1")
