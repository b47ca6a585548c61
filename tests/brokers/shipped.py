"""Real brokers with the configurations that we ship.

Of their text only the places and the ports are replaced, and the time after which NATS sends again. NATS reads the list
of users from beside its own file, so that stands in the folder for the broker, as docs/brokers.md says.
"""

import getpass
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from snowtrack.addresses import BrokerAddress
from snowtrack.brokers.access import certificate_name
from snowtrack.brokers.register import Register
from snowtrack.model.ids import DeviceId
from tests.mosquitto import PROGRAM, RunningBroker
from tests.nats import nats_of
from tests.ports import free_ports

CONFIG = Path(__file__).parents[2] / "config"
HOST = "127.0.0.1"
PLACE = "/etc/snowtrack/broker"
D1, D2, D3 = (DeviceId("kanazawa", name) for name in ("d1", "d2", "d3"))
EXPIRED = DeviceId("kanazawa", "expired")


def door_of(register: Register, port: int, papers: Path | None) -> BrokerAddress:
    """Called with the certificate in a folder or with none."""
    return BrokerAddress(
        host=HOST,
        port=port,
        secure=True,
        ca=register.folder / "broker" / "services-ca.pem",
        certificate=papers and papers / "certificate.pem",
        key=papers and papers / "key.pem",
    )


@dataclass(frozen=True, slots=True)
class ShippedBroker:
    """A broker, the register whose folder it reads, and the doors for devices and for the engine."""

    kind: str
    running: RunningBroker
    register: Register
    device_port: int
    engine_port: int

    def door(self, device: DeviceId) -> BrokerAddress:
        """Where a device calls, with its certificate."""
        return self.address(self.device_port, self.register.folder / "devices" / certificate_name(device))

    @property
    def engine_door(self) -> BrokerAddress:
        return self.address(self.engine_port, self.register.folder / "engine")

    def address(self, port: int, papers: Path | None) -> BrokerAddress:
        return door_of(self.register, port, papers)

    def reload(self) -> None:
        """Have it read the lists again; when it has is to be seen from what it does."""
        assert self.running.process
        self.running.process.send_signal(signal.SIGHUP)


def enrolled(folder: Path) -> Register:
    """Three good devices, and one whose certificate was good until yesterday."""
    register, now = Register(folder), datetime.now(UTC)
    register.enrol([EXPIRED], hosts=[HOST], now=now - timedelta(days=3), days=2)
    register.enrol([D1, D2, D3], hosts=[HOST], now=now, days=1)
    return register


def shipped_mosquitto(folder: Path) -> ShippedBroker:
    """config/mosquitto/secure.conf."""
    assert PROGRAM, "Mosquitto is not installed: apt-get install mosquitto"
    device_port, engine_port = free_ports(2)
    register, data = enrolled(folder / "register"), folder / "data"
    data.mkdir()
    changes = {
        PLACE: str(register.folder / "broker"),
        "/var/lib/mosquitto/": f"{data}/",
        "listener 8883": f"listener {device_port} {HOST}",
        "listener 8884": f"listener {engine_port} {HOST}",
    }
    configuration = folder / "mosquitto.conf"
    # Started by root it would become another user, who may not read the keys of this one.
    configuration.write_text(f"{adapted('mosquitto/secure.conf', changes)}user {getpass.getuser()}\n")
    running = RunningBroker((PROGRAM, "-c", str(configuration)), device_port, folder, b" running")
    return ShippedBroker("mosquitto", running, register, device_port, engine_port)


def shipped_nats(folder: Path) -> ShippedBroker:
    """config/nats/snowtrack.conf."""
    port, nats_port, monitoring_port = free_ports(3)
    register = enrolled(folder / "register")
    changes = {
        PLACE: str(register.folder / "broker"),
        "/var/lib/nats": str(folder / "data"),
        "0.0.0.0:8883": f"{HOST}:{port}",
        "127.0.0.1:4222": f"{HOST}:{nats_port}",
        "127.0.0.1:8222": f"{HOST}:{monitoring_port}",
        'ack_wait: "30s"': 'ack_wait: "2s"',
    }
    configuration = register.folder / "broker" / "snowtrack.conf"
    configuration.write_text(adapted("nats/snowtrack.conf", changes))
    return ShippedBroker("nats", nats_of(configuration, port, folder), register, port, port)


def adapted(name: str, changes: Mapping[str, str]) -> str:
    text = (CONFIG / name).read_text("utf-8")
    for shipped, ours in changes.items():
        assert shipped in text, f"{name} does not say {shipped}"
        text = text.replace(shipped, ours)
    return text
