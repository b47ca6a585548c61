"""What all tests share: the servers they need, and how hard the properties are tried."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from snowtrack.network.arrays import Network
from snowtrack.roads.files import write_network
from snowtrack.roads.sample import sample_network
from tests.store.databases import clear, fresh_database, prepare

pytest_plugins = ["tests.postgres", "tests.mosquitto"]

settings.register_profile("quick", deadline=None, max_examples=40)
settings.register_profile("ci", deadline=None, max_examples=400, print_blob=True)
# Hypothesis makes its default derandomized in CI; fuzzing tries something new each time, wherever it runs.
settings.register_profile(
    "fuzz",
    parent=settings.get_profile("default"),
    derandomize=False,
    deadline=None,
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "20000")),
    print_blob=True,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") == "true" else "quick"))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Coroutine tests run on asyncio, as the program does."""
    return "asyncio"


@pytest.fixture(scope="session")
def schema_url(postgres_url: str) -> Iterator[str]:
    """A database with the schema."""
    with fresh_database(postgres_url) as url:
        prepare(url)
        yield url


@pytest.fixture
def clean_database(schema_url: str) -> str:
    """The same, with nothing in it."""
    clear(schema_url)
    return schema_url


@pytest.fixture(scope="session")
def network() -> Network:
    """The sample town."""
    return sample_network()


@pytest.fixture(scope="session")
def network_folder(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample town on disk."""
    folder = tmp_path_factory.mktemp("roads") / "network"
    write_network(network, folder)
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What could not be tested here is said."""
    if not os.environ.get("SNOWTRACK_TEST_TIMESCALE_URL"):
        terminalreporter.write_line("TimescaleDB: not tested (SNOWTRACK_TEST_TIMESCALE_URL names no server)")
