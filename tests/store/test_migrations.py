"""The schema: applied once, in order, and refused where it is not ours."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from shutil import rmtree

import psycopg
import pytest
from psycopg import AsyncConnection

from snowtrack.model.errors import StoreError
from snowtrack.store.database import connect, connection_pool, describe
from snowtrack.store.migrate import database_kind, migrate, migrations, missing_migrations

pytestmark = pytest.mark.anyio
SECRET = "s3cr3t"


@pytest.mark.parametrize("kind", ["plain", "timescale"])
def test_migrations_are_numbered_from_one_without_a_hole(kind: str) -> None:
    found = migrations(kind)
    assert [one.number for one in found] == list(range(1, len(found) + 1))
    assert {one.kind for one in found} == {None, kind}


def test_both_kinds_of_database_get_the_same_fix_table() -> None:
    def columns(kind: str) -> str:
        text = next(one.text for one in migrations(kind) if one.number == 2)
        return text[text.index("create table fix") : text.index("primary key")]

    assert columns("plain") == columns("timescale")


async def test_a_fresh_database_gets_all_of_them_and_the_second_time_nothing(empty_database: str) -> None:
    async with connect(empty_database, name="test") as connection:
        wanted = migrations(await database_kind(connection))
        assert await missing_migrations(connection) == wanted
        assert await migrate(connection) == wanted
        assert await migrate(connection) == []
        assert await missing_migrations(connection) == []


async def test_two_that_start_at_once_apply_each_only_once(empty_database: str) -> None:
    async with connect(empty_database, name="one") as one, connect(empty_database, name="other") as other:
        applied = await asyncio.gather(migrate(one), migrate(other))
    assert sorted(map(len, applied)) == [0, len(migrations("plain"))]


async def test_a_migration_that_fails_leaves_nothing_behind(empty_database: str) -> None:
    async with connect(empty_database, name="test") as connection:
        await connection.execute("create table pass (something_else integer)")
        with pytest.raises(StoreError, match=r"cannot prepare the schema: .*already exists") as caught:
            await migrate(connection)
        assert "\n" not in str(caught.value)
        rows = await (
            await connection.execute("select tablename from pg_tables where schemaname = 'public'")
        ).fetchall()
        assert rows == [("pass",)]


@pytest.fixture
async def connection(empty_database: str) -> AsyncIterator[AsyncConnection]:
    """To a database that may be spoilt."""
    async with connect(empty_database, name="test") as connection:
        await migrate(connection)
        yield connection


async def test_a_newer_schema_is_refused(connection: AsyncConnection) -> None:
    await connection.execute("insert into schema_migration (number, name, sha256) values (99, 'future', '')")
    for look in (migrate, missing_migrations):
        with pytest.raises(StoreError, match=r"at migration 99, this program knows .*; use a newer snowtrack"):
            await look(connection)


async def test_a_migration_with_another_text_is_refused(connection: AsyncConnection) -> None:
    await connection.execute("update schema_migration set sha256 = 'x' where number = 1")
    with pytest.raises(StoreError, match=r"migration 1 \(tables\) was applied with another text"):
        await migrate(connection)


@pytest.fixture
def extension_folder() -> Iterator[Path]:
    """Where the server's user finds an extension that is called like TimescaleDB."""
    folder = Path(tempfile.mkdtemp(prefix="snowtrack-test-", dir="/var/tmp"))
    (folder / "extension").mkdir()
    (folder / "extension" / "timescaledb.control").write_text("default_version = '1.0'\n")
    (folder / "extension" / "timescaledb--1.0.sql").write_text("select 1;\n")
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)
    yield folder
    rmtree(folder)


async def test_a_plain_database_stays_one_when_its_server_gets_timescale(
    database_url: str, extension_folder: Path
) -> None:
    async with connect(database_url, name="test") as connection:
        await migrate(connection)
        await connection.execute(f"set extension_control_path = '$system:{extension_folder}'".encode())
        available = await connection.execute("select name from pg_available_extensions where name = 'timescaledb'")
        assert await available.fetchall() == [("timescaledb",)]
        assert await database_kind(connection) == "plain"
        assert await migrate(connection) == []


async def test_a_fresh_database_on_a_server_with_timescale_becomes_one(
    database_url: str, extension_folder: Path
) -> None:
    async with connect(database_url, name="test") as connection:
        await connection.execute(f"set extension_control_path = '$system:{extension_folder}'".encode())
        assert await database_kind(connection) == "timescale"
        kinds = [one.kind for one in await missing_migrations(connection)]
        assert (kinds[1], set(kinds)) == ("timescale", {None, "timescale"})


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://user:{SECRET}@127.0.0.1:1/roads",
        f"postgresql://user:{SECRET}@[broken/roads",
        f"user:{SECRET}@host",
        f"postgresql://user:{SECRET}@127.0.0.1:many/roads",
        "postgresql:///roads?host=/nowhere/at/all",
    ],
)
async def test_a_database_that_cannot_be_reached_is_one_line_without_the_password(url: str) -> None:
    with pytest.raises(StoreError, match=r"^database: ") as caught:
        async with connect(url, name="test"):
            pass
    assert "\n" not in str(caught.value)
    assert SECRET not in str(caught.value)


async def test_a_pool_of_an_unreachable_database_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("snowtrack.store.database.CONNECT_S_MAX", 0.2)
    with pytest.raises(StoreError, match=r"^database: cannot connect to roads on 127.0.0.1"):
        async with connection_pool(f"postgresql://user:{SECRET}@127.0.0.1:1/roads", name="test", size=2):
            pass


def test_a_database_is_described_without_its_password() -> None:
    assert describe(f"postgresql://user:{SECRET}@db.example/roads") == "roads on db.example"


async def test_times_are_read_in_utc_whatever_the_server_says(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute(
            "do $$ begin execute format('alter database %I set timezone = ''Japan''', current_database()); end $$"
        )
    async with (
        connect(database_url, name="test") as connection,
        connection_pool(database_url, name="t", size=1) as pool,
        pool.connection() as pooled,
    ):
        for one in (connection, pooled):
            assert await (await one.execute("show timezone")).fetchone() == ("UTC",)
