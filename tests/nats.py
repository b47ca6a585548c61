"""A real NATS server, Debian's, with a configuration of the test's own making; gone after the test."""

import os
import shutil
from pathlib import Path

from tests.mosquitto import RunningBroker

PROGRAM = shutil.which("nats-server", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def nats_of(configuration: Path, port: int, folder: Path) -> RunningBroker:
    """It answers MQTT on this port, as the configuration says; its log goes into the folder."""
    assert PROGRAM, "NATS is not installed: apt-get install nats-server"
    folder.mkdir(parents=True, exist_ok=True)
    return RunningBroker((PROGRAM, "-c", str(configuration)), port, folder, b"Server is ready")
