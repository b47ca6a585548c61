"""Each service may do what it needs and nothing else; a reader sees the rows of its own agencies."""

import re
from collections.abc import Iterator
from importlib.resources import files

import psycopg
import pytest
from psycopg import errors, sql
from psycopg.conninfo import make_conninfo

from snowtrack.model.errors import StoreError
from snowtrack.store.database import connect
from snowtrack.store.migrate import migrate
from snowtrack.store.rights import Role, as_role
from tests.store.databases import TABLES, fresh_database, prepare, rows

RIGHTS = files("snowtrack.store").joinpath("sql/rights.sql").read_text("utf-8")
# What only commands of the owner write and read.
OWNERS = {"reader"}
REFUSED = [
    (Role.INGEST, "delete from fix"),
    (Role.INGEST, "update fix set lat_e7 = 0"),
    (Role.INGEST, "insert into agency (agency, name, manages) values ('x', 'x', 'nothing')"),
    (Role.INGEST, "insert into segment_state default values"),
    (Role.INGEST, "select * from operator"),
    (Role.INGEST, "create table own (column_ integer)"),
    (Role.INGEST, "drop table fix"),
    (Role.FOLD, "select * from fix"),
    (Role.FOLD, "delete from pass"),
    (Role.FOLD, "select * from quarantine"),
    (Role.FOLD, "select make_day('2026-01-01')"),
    (Role.API, "select * from fix"),
    (Role.API, "insert into pass default values"),
    (Role.API, "update device set name = ''"),
    (Role.API, "select payload from quarantine"),
    (Role.API, "delete from segment_state"),
    (Role.REPORT, "select * from fix"),
    (Role.REPORT, "select * from agency"),
    (Role.REPORT, "select * from reader"),
    (Role.REPORT, "delete from visible.pass"),
    (Role.REPORT, "insert into visible.agency (agency, name, manages) values ('x', 'x', 'nothing')"),
]
OF_TWO_AGENCIES = """
insert into agency (agency, name, manages) values ('ken', '県', 'prefecture'), ('shi', '市', 'municipality');
insert into device (agency, name) values ('ken', 'd1'), ('shi', 'd1'), ('shi', 'd2');
insert into machine (agency, machine, kind) values ('ken', 'm', 'truck'), ('shi', 'm', 'truck');
insert into operator (agency, operator, name, valid_from) values ('ken', 'o', '山', '2026-01-01'), ('shi', 'o', '川', '2026-01-01');
insert into pass (device, segment_id, direction, from_mm, to_mm, started_at, ended_at, work, evidence, confidence)
select device, 1, 0, 0, 1, now(), now(), 1, 0, 900 from device;
select make_day(current_date);
insert into fix (device, device_time, boot, seq, digest, received_at) select device, now(), 1, 1, 1, now() from device;
"""  # noqa: E501 - a row a line


@pytest.fixture(scope="module")
def filled(postgres_url: str) -> Iterator[str]:
    with fresh_database(postgres_url) as url:
        prepare(url)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(OF_TWO_AGENCIES.encode())
        yield url


@pytest.fixture
def reader(filled: str) -> Iterator[str]:
    """A login of the city's own; roles are of a whole server, so its name is of this database alone."""
    name = f"reader_{psycopg.conninfo.conninfo_to_dict(filled)['dbname']}"
    login = sql.Identifier(name)
    with psycopg.connect(filled, autocommit=True) as connection:
        connection.execute(sql.SQL("create role {} login in role snowtrack_report").format(login))
        connection.execute("insert into reader values (%s, 'shi')", [name])
        yield make_conninfo(filled, user=name)
        connection.execute("delete from reader")
        connection.execute(sql.SQL("drop role {}").format(login))


@pytest.mark.parametrize(("role", "statement"), REFUSED)
def test_what_a_role_does_not_need_is_refused(filled: str, role: Role, statement: str) -> None:
    with psycopg.connect(as_role(filled, role), autocommit=True) as connection:
        assert connection.execute("select current_user").fetchone() == (role,)
        # A view of more than one table cannot be written to, whoever tries.
        with pytest.raises((errors.InsufficientPrivilege, errors.ObjectNotInPrerequisiteState)):
            connection.execute(statement.encode())


def test_it_is_decided_of_each_table_who_may_use_it(filled: str) -> None:
    named = set(re.findall(r"\w+", RIGHTS))
    assert {table for (table,) in rows(filled, TABLES)} - named == OWNERS - named


@pytest.mark.parametrize("table", ["device", "machine", "operator", "agency"])
def test_a_reader_sees_the_rows_of_its_agency(filled: str, reader: str, table: str) -> None:
    own = rows(reader, f"select * from visible.{table}")
    assert own == rows(filled, f"select * from {table} where agency = 'shi'")
    assert own


@pytest.mark.parametrize("table", ["fix", "pass"])
def test_a_reader_sees_what_its_agencys_devices_sent_and_led_to(filled: str, reader: str, table: str) -> None:
    own = rows(reader, f"select * from visible.{table}")
    assert own == rows(
        filled, f"select * from {table} where device in (select device from device where agency = 'shi')"
    )
    assert len(own) == 2


def test_a_login_without_an_agency_sees_no_rows(filled: str) -> None:
    for table in ("agency", "device", "fix", "pass"):
        assert rows(as_role(filled, Role.REPORT), f"select * from visible.{table}") == []


@pytest.mark.anyio
async def test_a_service_says_who_can_bring_an_older_schema_up(postgres_url: str) -> None:
    with fresh_database(postgres_url) as url:
        async with connect(as_role(url, Role.INGEST), name="test") as connection:
            with pytest.raises(StoreError, match="run 'snowtrack migrate' as the owner of the tables"):
                await migrate(connection)


@pytest.mark.anyio
async def test_rights_are_given_again_when_their_text_is_another(filled: str) -> None:
    with psycopg.connect(filled, autocommit=True) as owner:
        owner.execute("grant delete on fix to snowtrack_ingest")
        owner.execute("update schema_migration set sha256 = '' where number = 0")
    async with connect(filled, name="test") as connection:
        assert await migrate(connection) == []
    with psycopg.connect(as_role(filled, Role.INGEST), autocommit=True) as ingest:
        refused = pytest.raises(errors.InsufficientPrivilege)
        with refused:
            ingest.execute("delete from fix")
