"""Real MQTT brokers: Debian's Mosquitto and the embedded one, each on a free loopback port and gone after the test."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

import pytest
from paho.mqtt.client import Client

from snowtrack.addresses import BrokerAddress, parse_broker
from snowtrack.process_log import ProcessLog
from snowtrack.settings import as_environment, load_settings
from snowtrack.supervised import READY_LINE, VARIABLE
from tests.ports import free_port

READY_S_MAX = 30.0
STOPPED_S_MAX = 10.0
PROGRAM = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def release(client: Client) -> None:
    """A client closes its own sockets only when it is collected, which the cycle through its callbacks puts off."""
    client.on_connect = client.on_disconnect = client.on_subscribe = client.on_message = None


@dataclass(slots=True)
class RunningBroker:
    """A broker that can be stopped and started again on the same port, with what it keeps on disk."""

    command: Sequence[str]
    port: int
    folder: Path
    ready_line: bytes
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    log: ProcessLog | None = None

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    @property
    def address(self) -> BrokerAddress:
        return parse_broker(self.url)

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.log = ProcessLog(self.folder / "broker.log", self.ready_line)
        self.log.read(cast(IO[bytes], self.process.stdout))
        assert self.log.await_settled(READY_S_MAX), "the broker said nothing"
        assert self.log.ready, self.log.last_words

    def stop(self) -> None:
        """Stopped in order; Mosquitto then writes down its sessions."""
        if self.process and self.log:
            self.process.terminate()
            self.process.wait(STOPPED_S_MAX)
            self.log.close()
            self.process = None

    def kill(self) -> None:
        """As when the power fails, but for what the system still holds."""
        assert self.process and self.log
        self.process.kill()
        self.process.wait(STOPPED_S_MAX)
        self.log.close()
        self.process = None

    def restart(self) -> None:
        self.stop()
        self.start()


def mosquitto_in(folder: Path, *lines: str) -> RunningBroker:
    """Mosquitto as Debian ships it, but for the port and the folder; `lines` are added to its configuration."""
    assert PROGRAM, "Mosquitto is not installed: apt-get install mosquitto"
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "mosquitto.conf"
    own = (
        "allow_anonymous true",
        "user root",
        "persistence true",
        f"persistence_location {folder}/",
        "log_dest stderr",
    )
    configuration.write_text("\n".join((f"listener {port} 127.0.0.1", *own, *lines, "")))
    return RunningBroker((PROGRAM, "-c", str(configuration)), port, folder, b" running")


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[RunningBroker]:
    """A Mosquitto of this test alone."""
    broker = mosquitto_in(tmp_path / "mosquitto")
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def amqtt(tmp_path: Path) -> Iterator[RunningBroker]:
    """The embedded broker, as `snowtrack up` starts it."""
    port = free_port()
    settings = load_settings(environment={"SNOWTRACK_CONFIG": ""}, flags=[f"broker.port={port}"])
    command = (sys.executable, "-m", "snowtrack", "broker")
    broker = RunningBroker(command, port, tmp_path, READY_LINE, {**as_environment(settings), VARIABLE: "1"})
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(params=["mosquitto", "amqtt"])
def broker(request: pytest.FixtureRequest) -> RunningBroker:
    """Each kind of broker that ingest has to work with."""
    return cast(RunningBroker, request.getfixturevalue(request.param))
