"""A real stream for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.nats import PlainNats, nats_in


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[PlainNats]:
    nats = nats_in(tmp_path / "nats")
    nats.running.start()
    yield nats
    nats.running.stop()
