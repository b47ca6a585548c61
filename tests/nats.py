"""Real NATS servers, Debian's, with configurations of the test's own making; gone after the test."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from snowtrack.addresses import BrokerAddress
from snowtrack.sources.jetstream import Nodes
from tests.mosquitto import RunningBroker
from tests.ports import free_ports

PROGRAM = shutil.which("nats-server", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
MAPPINGS = Path(__file__).parents[1] / "config" / "nats" / "mappings.conf"
HOST = "127.0.0.1"


def nats_of(configuration: Path, port: int, folder: Path) -> RunningBroker:
    """It answers MQTT on this port, as the configuration says; its log goes into the folder."""
    assert PROGRAM, "NATS is not installed: apt-get install nats-server"
    folder.mkdir(parents=True, exist_ok=True)
    return RunningBroker((PROGRAM, "-c", str(configuration)), port, folder, b"Server is ready")


@dataclass(frozen=True, slots=True)
class PlainNats:
    """A single node for everyone, with the mappings that we ship."""

    running: RunningBroker
    nats_port: int

    @property
    def nats_address(self) -> BrokerAddress:
        return BrokerAddress(host=HOST, port=self.nats_port, secure=False)

    @property
    def nodes(self) -> Nodes:
        return Nodes((self.nats_address,), (self.running.address,))


def nats_in(folder: Path) -> PlainNats:
    nats_port, port = free_ports(2)
    return _node(folder, "single", nats_port, port)


def three_in(folder: Path) -> list[PlainNats]:
    """A cluster for everyone, with the same mappings."""
    free = iter(free_ports(9))
    ports = list(zip(free, free, free, strict=True))
    routes = ", ".join(f'"nats://{HOST}:{route}"' for _, _, route in ports)
    return [
        _node(
            folder / name,
            name,
            nats_port,
            port,
            f'cluster {{ name: test, listen: "{HOST}:{route}", routes: [{routes}] }}',
        )
        for name, (nats_port, port, route) in zip("abc", ports, strict=True)
    ]


def _node(folder: Path, name: str, nats_port: int, port: int, *more: str) -> PlainNats:
    folder.mkdir(parents=True)
    lines = (
        f"server_name: {name}",
        f'listen: "{HOST}:{nats_port}"',
        f'mqtt {{ listen: "{HOST}:{port}" }}',
        f'jetstream {{ store_dir: "{folder}/data", max_file_store: 1GB, max_memory_store: 64MB }}',
        'include "mappings.conf"',
        *more,
    )
    shutil.copy(MAPPINGS, folder)
    configuration = folder / "plain.conf"
    configuration.write_text("\n".join((*lines, "")))
    return PlainNats(nats_of(configuration, port, folder), nats_port)
