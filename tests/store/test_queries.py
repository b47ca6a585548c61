"""The statements: each is used, each used one exists, and the database understands all of them."""

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import psycopg
import pytest

import snowtrack
from snowtrack.store.queries import query

TEXT = files("snowtrack.store").joinpath("sql/queries.sql").read_text("utf-8")
NAMES = re.findall(r"^-- (\w+):", TEXT, re.MULTILINE)
SOURCES = list(Path(str(snowtrack.__file__)).parent.rglob("*.py"))
PLACEHOLDER = re.compile(r"%\((\w+)\)[sb]")


def used_names() -> set[str]:
    """Names in calls of `query`."""
    texts = [path.read_text("utf-8") for path in SOURCES]
    return {name for text in texts for name in re.findall(r"\bquery\(\"(\w+)\"", text)}


def test_each_statement_is_used_and_each_used_one_exists() -> None:
    assert sorted(NAMES) == sorted(used_names())


def test_no_name_is_given_twice() -> None:
    assert len(NAMES) == len(set(NAMES))


@pytest.mark.parametrize("name", NAMES)
def test_each_statement_stands_under_one_line_that_says_what_it_does(name: str) -> None:
    assert re.search(rf"^-- {name}: \S.{{8,}}$", TEXT, re.MULTILINE)
    assert query(name).endswith(";")


@pytest.fixture
def connection(database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database, autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize("name", NAMES)
def test_the_database_understands(connection: psycopg.Connection, name: str) -> None:
    """Parsed and planned with all tables there, but not run."""
    numbers = {found: f"${at}" for at, found in enumerate(dict.fromkeys(PLACEHOLDER.findall(query(name))), 1)}
    statement = PLACEHOLDER.sub(lambda found: numbers[found[1]], query(name)).rstrip(";")
    connection.execute(f"prepare checked as {statement}".encode())
    connection.execute("deallocate checked")
