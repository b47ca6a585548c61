"""What a service cannot work with is said in one line, with exit code 1."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.store.databases import fresh_database, prepare

pytestmark = pytest.mark.slow
SECRET = "s3cr3t"
UNREACHABLE = f"postgresql://user:{SECRET}@127.0.0.1:1/roads"


def fault(service: str, **settings: object) -> str:
    named = {f"SNOWTRACK_{key.upper()}": str(value) for key, value in settings.items()}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SNOWTRACK_")}
    done = subprocess.run(
        (sys.executable, "-m", "snowtrack", service),
        env=kept | {"SNOWTRACK_CONFIG": "", "SNOWTRACK_LOG_LEVEL": "error"} | named,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done
    lines = [line for line in done.stderr.splitlines() if not line.startswith("psycopg.pool: ")]
    assert len(lines) == 1, done.stderr
    assert SECRET not in done.stderr
    return lines[0]


@pytest.fixture(scope="module")
def database(postgres_url: str) -> Iterator[str]:
    with fresh_database(postgres_url) as url:
        prepare(url)
        yield url


@pytest.mark.parametrize("service", ["ingest", "fold", "serve"])
def test_no_roads(service: str, database: str, tmp_path: Path) -> None:
    said = fault(service, database_url=database, network_folder=tmp_path / "none", api_port=free_port())
    assert said == f"snowtrack: {tmp_path / 'none'}: there is no network here (no network.json)"


@pytest.mark.parametrize("service", ["ingest", "fold", "serve"])
def test_a_broker_address_that_is_none(service: str, database: str, network_folder: Path) -> None:
    address = f"mqtt//user:{SECRET}@host"
    said = fault(
        service, database_url=database, network_folder=network_folder, broker_url=address, api_port=free_port()
    )
    assert said.startswith("snowtrack: broker.url: expected mqtt://host:port")


def test_ingest_without_a_database(network_folder: Path) -> None:
    said = fault("ingest", database_url=UNREACHABLE, network_folder=network_folder)
    assert said.startswith("snowtrack: database: cannot connect to roads on 127.0.0.1")


def test_the_api_before_the_schema(postgres_url: str, network_folder: Path) -> None:
    with fresh_database(postgres_url) as url:
        said = fault("serve", database_url=url, network_folder=network_folder, api_port=free_port())
    assert said.startswith("snowtrack: database: cannot read the state of the roads: relation")


def test_the_api_on_a_port_that_is_taken(database: str, network_folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = fault("serve", database_url=database, network_folder=network_folder, api_port=port)
    assert said == f"snowtrack: http: cannot listen on 127.0.0.1:{port}: Address already in use"
