"""One embedded PostgreSQL for all tests that need a database, and a fresh database of it for each."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg import sql

from snowtrack.store.embedded import EmbeddedServer, RunningServer


@contextmanager
def running(server: EmbeddedServer) -> Iterator[RunningServer]:
    """The server, started in a process group of its own, so that a Ctrl-C ends the tests before their database."""
    started = server.start(process_group=0)
    try:
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that lives as long as the test session."""
    server = EmbeddedServer(instance_folder=tmp_path_factory.mktemp("postgres"))
    try:
        with running(server) as started:
            yield started.url
    finally:
        server.remove()


@pytest.fixture
def database_url(postgres_url: str) -> Iterator[str]:
    """The address of an empty database that is dropped after the test, with whoever is still connected."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield postgres_url.replace("/snowtrack?", f"/{name}?", 1)
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
