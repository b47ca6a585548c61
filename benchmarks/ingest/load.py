"""What is sent: a simulated night, cut into MQTT packets ahead of time, so that sending costs next to nothing.

Each connection's packets are one string of bytes with a column of where each ends. Messages go to connections by their
device, so that a device's stay in order.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ploughsim.radio.settings import RadioSettings
from ploughsim.receiver.settings import ReceiverSettings
from ploughsim.registry import write_registry
from ploughsim.roads.made import NetworkSettings, make_network
from ploughsim.running.published import read_messages
from ploughsim.running.to_file import write_night
from ploughsim.scenario import NightSettings, Scenario, adjust, load_scenario
from ploughsim.tracker.settings import TrackerSettings
from ploughsim.world.settings import FleetSettings
from snowtrack.model.columns import Int64s
from snowtrack.nmea.unpack import unpack

CONNECTIONS = 8
PACKET_IDS = 60_000
PUBLISH_QOS_1 = b"\x32"
# Trackers do not stand in the registry's files without roads to be registered on.
REGISTRY = ("agencies", "contractors", "machines", "devices")
EPOCH_MARK = b"$PSNOW,"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSettings:
    """How much of a night."""

    machines: int
    seconds: int
    epochs_per_message: int
    segments: int = 100_000


class Packets(NamedTuple):
    """Of one connection: the bytes, where each message ends, its place among all messages, and its epochs."""

    content: bytes
    ends: Int64s
    places: Int64s
    epochs: Int64s


def make_network_once(folder: Path, segments: int) -> Path:
    """A made-up country, once for all nights on it."""
    network = folder / f"network-{segments}"
    if not network.exists():
        make_network(NetworkSettings(segments=segments), network)
    return network


def make_night(settings: LoadSettings, network: Path, folder: Path) -> Path:
    """A night's messages in a file, and the registry of its machines beside it."""
    scenario = Scenario(
        night=NightSettings(name="load", hours=settings.seconds / 3600),
        fleet=FleetSettings(machines=settings.machines, kinds={"truck": 1, "grader": 1}, muster_min=0.2),
        receiver=ReceiverSettings(multipath=False, cold_start_s=0, losses_per_h=0, families="u-blox-6"),
        tracker=TrackerSettings(epochs_per_message=settings.epochs_per_message, message_wait_s=60),
        radio=RadioSettings(latency_ms=200, latency_spread=0),
    )
    return write_load(scenario, network, folder)


def make_flood(machines: int, away_s: int, live_s: int, network: Path, folder: Path) -> Path:
    """The same of machines that come back with the epochs of so many seconds, and go on."""
    scenario = replace(
        load_scenario("flood"),
        night=NightSettings(name="flood", hours=(away_s + live_s) / 3600),
        fleet=FleetSettings(machines=machines, kinds={"truck": 1, "grader": 1}, muster_min=0.2, shift_h=14),
    )
    return write_load(adjust(scenario, "radio", {"away_min": away_s / 60}), network, folder)


def write_load(scenario: Scenario, network: Path, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "night.log"
    write_night(scenario, network, file, None, lambda *_: None)
    write_registry(scenario, network, folder / "registry")
    for table in (folder / "registry").glob("*.csv"):
        if table.stem not in REGISTRY:
            table.unlink()
    return file


def read_sent(file: Path, channels: tuple[str, ...] = ("up", "log")) -> Iterator[tuple[bytes, bytes]]:
    """Topic and payload of each message with fixes, in order of arrival."""
    return ((one.topic.encode(), one.payload) for one in read_messages(file) if one.topic.endswith(channels))


def cut_packets(file: Path, channel: str = "up", connections: int = CONNECTIONS) -> list[Packets]:
    """The messages of a night on a channel, by connection."""
    contents = [bytearray() for _ in range(connections)]
    columns: list[list[tuple[int, int, int]]] = [[] for _ in range(connections)]
    owner: dict[bytes, int] = {}
    for place, (topic, payload) in enumerate(read_sent(file, (channel,))):
        number = owner.setdefault(topic, len(owner) % connections)
        content, own = contents[number], columns[number]
        content += publish_packet(topic, payload, len(own) % PACKET_IDS + 1)
        own.append((len(content), place, unpacked(payload).count(EPOCH_MARK)))
    return [
        Packets(bytes(content), *np.array(own, np.int64).reshape(-1, 3).T)
        for content, own in zip(contents, columns, strict=True)
    ]


def unpacked(payload: bytes) -> bytes:
    """The text of a message."""
    return unpack(payload)[0]


def publish_packet(topic: bytes, payload: bytes, packet_id: int) -> bytes:
    """PUBLISH of MQTT 3.1.1, acknowledged (QoS 1)."""
    body = len(topic).to_bytes(2, "big") + topic + packet_id.to_bytes(2, "big") + payload
    return PUBLISH_QOS_1 + _length(len(body)) + body


def _length(size: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth says that more follow."""
    content = bytearray()
    while True:
        size, low = size >> 7, size & 127
        content.append(low | (128 if size else 0))
        if not size:
            return bytes(content)
