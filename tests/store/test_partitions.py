"""Daily partitions are there before they are needed, once, and making one waits for nobody who reads or writes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import numpy as np
import psycopg
import pytest

from snowtrack.model.calendar import DAY_US, SECOND_US
from snowtrack.store.database import connect
from snowtrack.store.fixes import FixWriter
from snowtrack.store.partitions import Partitions
from tests.store.databases import rows
from tests.store.test_fixes import batch, fix

pytestmark = pytest.mark.anyio
NOON_US = int(datetime(2026, 1, 14, 12, tzinfo=UTC).timestamp()) * SECOND_US
DAYS = "select inhrelid::regclass::text from pg_inherits where inhparent = 'fix'::regclass order by 1"


@pytest.fixture
async def partitions(new_plain_database: str) -> AsyncIterator[Partitions]:
    async with connect(new_plain_database, name="test") as connection:
        yield Partitions(connection)


def names(*days: int) -> list[tuple[str]]:
    return [(f"fix_202601{day}",) for day in days]


async def test_those_of_today_and_the_next_days_are_made_ahead(partitions: Partitions, new_plain_database: str) -> None:
    await partitions.make_ahead(NOON_US)
    assert rows(new_plain_database, DAYS) == names(14, 15, 16)
    await partitions.make_ahead(NOON_US + DAY_US)
    assert rows(new_plain_database, DAYS) == names(14, 15, 16, 17)


async def test_two_that_make_the_same_wait_for_each_other(partitions: Partitions, new_plain_database: str) -> None:
    async with connect(new_plain_database, name="other") as other:
        days = range(NOON_US // DAY_US, NOON_US // DAY_US + 5)
        await asyncio.gather(partitions.make(days), Partitions(other).make(days))
    assert rows(new_plain_database, DAYS) == names(14, 15, 16, 17, 18)


async def test_who_reads_and_who_writes_stop_nobody_from_making_one(
    partitions: Partitions, new_plain_database: str
) -> None:
    await partitions.make_ahead(NOON_US)
    device = rows(new_plain_database, "insert into device (agency, name) values ('kanazawa', 'd1') returning device")[
        0
    ][0]
    async with connect(new_plain_database, name="writer") as writer:
        with psycopg.connect(new_plain_database) as reader:
            reader.execute("select count(*) from fix")
            async with writer.transaction():
                await FixWriter(writer).write(batch(fix(1, NOON_US), device=device), np.ones(1, np.bool_))
                async with asyncio.timeout(5):
                    await partitions.make([NOON_US // DAY_US + 10])
    assert rows(new_plain_database, "select seq from fix") == [(1,)]


async def test_a_partition_that_was_dropped_is_made_again_by_a_new_writer(
    partitions: Partitions, new_plain_database: str
) -> None:
    await partitions.make_ahead(NOON_US)
    await partitions.connection.execute("drop table fix_20260114")
    await partitions.make_ahead(NOON_US)
    assert rows(new_plain_database, DAYS) == names(15, 16)
    await Partitions(partitions.connection).make_ahead(NOON_US)
    assert rows(new_plain_database, DAYS) == names(14, 15, 16)
