"""Instances that leave nothing behind, not even in the system folder."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from snowtrack.store.embedded import EmbeddedServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """A server in a fresh instance folder, removed after the test."""
    server = EmbeddedServer(instance_folder=tmp_path / "instance")
    yield server
    server.remove()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach, which pytest's own temporary folders are not."""
    folder = Path(tempfile.mkdtemp(prefix="snowtrack-test-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def as_root() -> None:
    if os.geteuid() != 0:
        pytest.skip("root alone runs the server as another user")
