"""Fresh databases on a server, each dropped after its use."""

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from snowtrack.store.database import connect
from snowtrack.store.migrate import migrate

TABLES = """
select relname from pg_class
where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
  and relname <> 'schema_migration'
"""


@contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    """The address of an empty database."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        try:
            yield make_conninfo(server_url, dbname=name)
        finally:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


def prepare(url: str) -> None:
    """Bring the schema of a database up, from outside any event loop."""

    async def apply() -> None:
        async with connect(url, name="test") as connection:
            await migrate(connection)

    asyncio.run(apply())


def clear(url: str) -> None:
    """Back to an empty schema, much quicker than a fresh database."""
    with psycopg.connect(url, autocommit=True, options="-c lock_timeout=10s") as connection:
        tables = [sql.Identifier(name) for (name,) in connection.execute(TABLES).fetchall()]
        connection.execute(sql.SQL("truncate {} restart identity").format(sql.SQL(", ").join(tables)))


def rows(url: str, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:  # noqa: ANN401 - what SQL takes
    """What a statement finds just now, seen from outside."""
    with psycopg.connect(url, autocommit=True, options="-c timezone=UTC") as connection:
        return connection.execute(statement.encode(), parameters).fetchall()


def count(url: str, table: str) -> int:
    return int(rows(url, f"select count(*) from {table}")[0][0])
