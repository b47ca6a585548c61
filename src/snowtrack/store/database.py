"""Connections, and the database's errors in our own words."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests

from snowtrack.model.errors import RefusedError, StoreError
from snowtrack.store.queries import query

CONNECT_S_MAX = 10
# A connection on which nothing arrives any more ends within seconds, not after TCP's quarter of an hour.
ALIVE: dict[str, Any] = {
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


@contextmanager
def store_errors(doing: str) -> Iterator[None]:
    """Say what could not be done; the driver's own error stays as the cause."""
    try:
        yield
    except (psycopg.Error, PoolTimeout, TooManyRequests) as error:
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        refused = isinstance(error, (psycopg.DataError, psycopg.IntegrityError))
        raise (RefusedError if refused else StoreError)(f"database: {doing}: {first_line}") from error


@asynccontextmanager
async def connect(url: str, *, name: str) -> AsyncIterator[AsyncConnection]:
    """One connection in UTC, each statement its own transaction unless one is opened."""
    with store_errors(f"cannot connect to {describe(url)}"):
        connection = await AsyncConnection.connect(
            url,
            autocommit=True,
            application_name=f"snowtrack {name}",
            connect_timeout=CONNECT_S_MAX,
            options="-c timezone=UTC",
            **ALIVE,
        )
    async with connection:
        yield connection


class StorePool(AsyncConnectionPool[AsyncConnection]):
    """A pool that says in our own words when it has no connection to give."""

    @asynccontextmanager
    async def connection(
        self,
        timeout: float | None = None,  # noqa: ASYNC109 - as the pool has it
    ) -> AsyncIterator[AsyncConnection]:
        async with AsyncExitStack() as used:
            with store_errors("has no connection for us"):
                connection = await used.enter_async_context(super().connection(timeout))
            yield connection


@asynccontextmanager
async def connection_pool(url: str, *, name: str, size: int) -> AsyncIterator[StorePool]:
    """A bounded pool; who waits longer than the time-out is told so."""
    kwargs = {"autocommit": True, "application_name": f"snowtrack {name}", "options": "-c timezone=UTC", **ALIVE}
    pool = StorePool(
        url, min_size=1, max_size=size, timeout=CONNECT_S_MAX, max_waiting=size * 16, kwargs=kwargs, open=False
    )
    with store_errors(f"cannot connect to {describe(url)}"):
        await pool.open(wait=True, timeout=CONNECT_S_MAX)
    try:
        yield pool
    finally:
        await pool.close()


async def write_fault(url: str) -> str | None:
    """Why nothing can be written just now; nothing when it can."""
    try:
        async with asyncio.timeout(CONNECT_S_MAX), connect(url, name="probe") as connection:
            with store_errors("takes no writes"):
                await connection.execute(query("probe"))
    except StoreError as error:
        return str(error)
    except TimeoutError:
        return f"database: {describe(url)} does not answer"
    return None


def describe(url: str) -> str:
    """Where a database is, without any password."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error:
        raise StoreError(
            "database: the address is not a PostgreSQL URL; expected postgresql://user@host/name"
        ) from None
    return f"{parts.get('dbname', '')} on {parts.get('host', 'localhost')}"
