"""One running ingest for the tests that do not harm it, and a line of its own for each that does."""

import gc
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from snowtrack.network.arrays import Network
from tests.mosquitto import RunningBroker, mosquitto_in
from tests.services.epochs import SECOND_US
from tests.services.line import Line, make_line
from tests.services.replayed import Place, make_place
from tests.store.databases import fresh_database, prepare


@pytest.fixture
def now_us() -> int:
    """A whole second."""
    return int(time.time()) * SECOND_US


@pytest.fixture
def line(broker: RunningBroker, postgres_url: str, network_folder: Path, tmp_path: Path) -> Iterator[Line]:
    """With either kind of broker; nothing runs yet."""
    with fresh_database(postgres_url) as url:
        prepare(url)
        yield make_line(broker, url, network_folder, tmp_path)


@pytest.fixture
def quick_line(mosquitto: RunningBroker, postgres_url: str, network_folder: Path, tmp_path: Path) -> Iterator[Line]:
    """With Mosquitto, where tails are settled after a second."""
    with fresh_database(postgres_url) as url:
        prepare(url)
        yield make_line(mosquitto, url, network_folder, tmp_path, "engine.silence_s=1")


@pytest.fixture(scope="package")
def shared_line(postgres_url: str, network_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """A line whose ingest runs as long as the tests of this folder; each test takes a device of its own."""
    folder = tmp_path_factory.mktemp("shared-line")
    broker = mosquitto_in(folder / "mosquitto")
    broker.start()
    with fresh_database(postgres_url) as url:
        prepare(url)
        line = make_line(broker, url, network_folder, folder)
        with line.service("ingest"):
            yield line
    broker.stop()


@pytest.fixture
async def place(
    clean_database: str, network: Network, network_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Place:
    """A database with a night in it."""
    return await make_place(clean_database, network, network_folder, tmp_path / "data", capsys)


@pytest.fixture
def without_collection() -> Iterator[None]:
    """Python looks for garbage only when it is told to."""
    gc.disable()
    yield
    gc.enable()
