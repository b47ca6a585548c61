"""The kinds of database that the store has to work with.

TimescaleDB is tested where SNOWTRACK_TEST_TIMESCALE_URL names a server; where it does not, the run says so.
"""

import os
from collections.abc import AsyncIterator, Iterator

import pytest
from psycopg import AsyncConnection

from snowtrack.store.database import connect
from tests.store.databases import clear, fresh_database, prepare

TIMESCALE = os.environ.get("SNOWTRACK_TEST_TIMESCALE_URL", "")
KINDS = ["plain", *(["timescale"] if TIMESCALE else [])]


@pytest.fixture(params=KINDS)
def empty_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database of each kind that is at hand, without the schema."""
    server = TIMESCALE if request.param == "timescale" else request.getfixturevalue("postgres_url")
    with fresh_database(server) as url:
        yield url


@pytest.fixture
def new_plain_database(postgres_url: str) -> Iterator[str]:
    """One of PostgreSQL alone, that has never had a fix."""
    with fresh_database(postgres_url) as url:
        prepare(url)
        yield url


@pytest.fixture(scope="session")
def timescale_url() -> Iterator[str]:
    """A TimescaleDB with the schema."""
    with fresh_database(TIMESCALE) as url:
        prepare(url)
        yield url


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> str:
    """A database of each kind that is at hand, with the schema and nothing in it."""
    url: str = request.getfixturevalue("timescale_url" if request.param == "timescale" else "schema_url")
    clear(url)
    return url


@pytest.fixture
async def connection(database: str) -> AsyncIterator[AsyncConnection]:
    """A connection to it."""
    async with connect(database, name="test") as connection:
        yield connection
