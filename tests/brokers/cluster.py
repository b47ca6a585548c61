"""Three NATS nodes with the configuration that we ship, on loopback; each can be killed and started again."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from snowtrack.addresses import BrokerAddress
from snowtrack.brokers.access import certificate_name
from snowtrack.brokers.register import Register
from snowtrack.model.ids import DeviceId
from snowtrack.sources.jetstream import Nodes
from snowtrack.sources.stream import STREAM
from tests.brokers.shipped import CONFIG, HOST, PLACE, adapted, door_of, enrolled
from tests.mosquitto import RunningBroker
from tests.nats import nats_of
from tests.ports import free_ports

NODES = ("a", "b", "c")


@dataclass(frozen=True, slots=True)
class Node:
    """One of them, and its ports for NATS's own protocol, MQTT, the other nodes and monitoring."""

    name: str
    running: RunningBroker
    nats_port: int
    mqtt_port: int
    monitoring_port: int

    @property
    def streams(self) -> Mapping[str, str]:
        """The leader of each stream, as this node sees it."""
        return {stream["name"]: stream["cluster"].get("leader", "") for stream in self._told("streams=1")}

    @property
    def readers(self) -> set[str]:
        """Who reads the copy of our stream that is on this node."""
        told = next(stream for stream in self._told("consumers=1") if stream["name"] == STREAM)
        return {one["name"] for one in told.get("consumer_detail", ()) if one["cluster"]["leader"] == self.name}

    def _told(self, query: str) -> list[dict[str, Any]]:
        answer = httpx.get(f"http://{HOST}:{self.monitoring_port}/jsz?{query}").json()
        return [stream for account in answer.get("account_details", ()) for stream in account.get("stream_detail", ())]


@dataclass(frozen=True, slots=True)
class Cluster:
    """All of them, and the register whose folder they read."""

    register: Register
    nodes: Sequence[Node]

    def start(self) -> None:
        for node in self.nodes:
            node.running.start()

    def stop(self) -> None:
        for node in self.nodes:
            node.running.stop()

    @property
    def leader(self) -> Node:
        """The node that decides what is in the stream."""
        name = next(node for node in self.nodes if node.running.process).streams[STREAM]
        return next(node for node in self.nodes if node.name == name)

    def doors(self, device: DeviceId) -> list[BrokerAddress]:
        """Where a device calls."""
        papers = self.register.folder / "devices" / certificate_name(device)
        return [self.address(node.mqtt_port, papers) for node in self.nodes]

    @property
    def engine_doors(self) -> Nodes:
        papers = self.register.folder / "engine"
        return Nodes(
            tuple(self.address(node.nats_port, papers) for node in self.nodes),
            tuple(self.address(node.mqtt_port, papers) for node in self.nodes),
        )

    def address(self, port: int, papers: Path | None) -> BrokerAddress:
        return door_of(self.register, port, papers)


def cluster_in(folder: Path) -> Cluster:
    """config/nats/cluster.conf, not started yet."""
    register = enrolled(folder / "register")
    free = iter(free_ports(4 * len(NODES)))
    ports = list(zip(free, free, free, free, strict=True))
    routes = ", ".join(f'"nats://{HOST}:{route}"' for _, _, route, _ in ports)
    nodes = []
    for name, (nats, mqtt, route, monitoring) in zip(NODES, ports, strict=True):
        place = folder / name
        shutil.copytree(register.folder / "broker", place)
        shutil.copy(CONFIG / "nats" / "mappings.conf", place)
        (place / "node.conf").write_text(f'node: "{name}"\nroutes: [{routes}]\n')
        changes = {
            PLACE: str(place),
            "/etc/snowtrack/nodes": str(register.folder / "nodes"),
            "/var/lib/nats": str(place / "data"),
            "0.0.0.0:4222": f"{HOST}:{nats}",
            "0.0.0.0:8883": f"{HOST}:{mqtt}",
            "0.0.0.0:6222": f"{HOST}:{route}",
            "127.0.0.1:8222": f"{HOST}:{monitoring}",
        }
        (place / "cluster.conf").write_text(adapted("nats/cluster.conf", changes))
        nodes.append(Node(name, nats_of(place / "cluster.conf", mqtt, place), nats, mqtt, monitoring))
    return Cluster(register, nodes)
