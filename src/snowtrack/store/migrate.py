"""Numbered migrations: applied in order, once, checked by hash; a newer schema is refused. Then who may do what."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Any, LiteralString, cast

import psycopg
from psycopg import AsyncConnection

from snowtrack.model.errors import StoreError
from snowtrack.store.database import store_errors

_FILE = re.compile(r"(\d{4})_(\w+)(?:\.(plain|timescale))?\.sql")
# Any number that no other program is likely to take: two that start at once migrate one after the other.
_LOCK = 7_304_866_221
_TABLE = """
create table if not exists schema_migration (
    number      integer primary key,
    name        text not null,
    sha256      text not null,
    applied_at  timestamptz not null default now()
)
"""
# A table of ours that is not partitioned is a hypertable.
_IS_TIMESCALE = """
select case
    when to_regclass('fix') is null then exists (select from pg_available_extensions where name = 'timescaledb')
    else (select relkind <> 'p' from pg_class where oid = to_regclass('fix'))
end
"""


_APPLIED = """
insert into schema_migration (number, name, sha256) values (%s, %s, %s)
on conflict (number) do update set sha256 = excluded.sha256, applied_at = now()
"""
# In the place of a number: rights are given again whenever their text changes.
_RIGHTS = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One file. `kind` is set where a migration differs by kind of database."""

    number: int
    name: str
    kind: str | None
    text: LiteralString

    @property
    def sha256(self) -> str:
        return sha256(self.text.encode()).hexdigest()


def migrations(kind: str) -> list[Migration]:
    """The migrations for this kind of database (`plain` or `timescale`), in order."""
    found: list[Migration] = []
    for file in files("snowtrack.store").joinpath("sql/migrations").iterdir():
        parts = _FILE.fullmatch(file.name)
        if parts and parts[3] in (None, kind):
            text: LiteralString = cast(Any, file.read_text("utf-8"))  # part of the program
            found.append(Migration(number=int(parts[1]), name=parts[2], kind=parts[3], text=text))
    return sorted(found, key=lambda migration: migration.number)


async def migrate(connection: AsyncConnection, *, rights_anew: bool = False) -> list[Migration]:
    """Bring the schema and the rights up to this program's; what was applied now."""
    with store_errors("cannot prepare the schema"), _by_the_owner():
        if not (rights_anew or await missing_migrations(connection)) and await _rights_are_given(connection):
            return []
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(%s)", [_LOCK])
            await connection.execute(_TABLE)
            missing = await missing_migrations(connection)
            for migration in (*missing, _rights()):
                await connection.execute(migration.text)
                await connection.execute(_APPLIED, [migration.number, migration.name, migration.sha256])
    return missing


async def missing_migrations(connection: AsyncConnection) -> list[Migration]:
    """What this program would apply; refuses a schema that it does not know."""
    wanted = migrations(await database_kind(connection))
    cursor = await connection.execute("select to_regclass('schema_migration') is not null")
    row = await cursor.fetchone()
    if not (row and row[0]):
        return wanted
    rows = await (await connection.execute("select number, sha256 from schema_migration order by number")).fetchall()
    return _missing(wanted, dict(rows))


@contextmanager
def _by_the_owner() -> Iterator[None]:
    """A service's own role may not change the schema, nor read it where no rights were given."""
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        said = str(error).strip().splitlines()[0]
        raise StoreError(
            f"database: schema and rights are not those of this program, and this user may not change that ({said}); "
            "run 'snowtrack migrate' as the owner of the tables"
        ) from error


def _rights() -> Migration:
    text: LiteralString = cast(Any, files("snowtrack.store").joinpath("sql/rights.sql").read_text("utf-8"))
    return Migration(number=_RIGHTS, name="rights", kind=None, text=text)


async def _rights_are_given(connection: AsyncConnection) -> bool:
    given = await connection.execute("select sha256 from schema_migration where number = %s", [_RIGHTS])
    return await given.fetchone() == (_rights().sha256,)


async def database_kind(connection: AsyncConnection) -> str:
    """`timescale` where the server offers it, else `plain`; a database that has its tables stays what it is."""
    row = await (await connection.execute(_IS_TIMESCALE)).fetchone()
    return "timescale" if row and row[0] else "plain"


def _missing(wanted: list[Migration], applied: dict[int, str]) -> list[Migration]:
    newest = wanted[-1].number
    if applied and max(applied) > newest:
        raise StoreError(
            f"database: its schema is at migration {max(applied)}, this program knows {newest}; use a newer snowtrack"
        )
    for migration in wanted:
        if applied.get(migration.number, migration.sha256) != migration.sha256:
            raise StoreError(
                f"database: migration {migration.number} ({migration.name}) was applied with another text; "
                "this database was made by another build of snowtrack"
            )
    return [migration for migration in wanted if migration.number not in applied]
