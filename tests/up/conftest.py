"""An instance of snowtrack for each test, removed with all its data."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ports import free_ports
from tests.up.instance import Instance


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    api_port, portal_port, broker_port = free_ports(3)
    made = Instance(folder=tmp_path / "data", api_port=api_port, portal_port=portal_port, broker_port=broker_port)
    yield made
    assert made.processes() == []
    made.remove()
