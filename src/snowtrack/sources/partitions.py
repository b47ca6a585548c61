"""Which partition of the stream a device's messages are in, and what they are called there.

The mappings of config/nats/mappings.conf do the same to what devices publish, so that a change here is one there.
"""

from typing import NamedTuple

from snowtrack.model.ids import ID_PATTERN, DeviceId
from snowtrack.model.topics import Channel

PARTITIONS = 64
ROOT = "snow.p"
LIVE, BACKLOG = "live", "backlog"
KINDS = (LIVE, BACKLOG)
# FNV-1a of 32 bits, as `partition()` of NATS has it.
OFFSET, PRIME, BITS_32 = 2_166_136_261, 16_777_619, 0xFFFFFFFF


class Origin(NamedTuple):
    """Who said something, on which channel, and where it is kept."""

    device: DeviceId
    channel: Channel
    partition: int
    kind: str


def partition_of(device: DeviceId) -> int:
    number = OFFSET
    for byte in f"{device.agency}{device.device}".encode():
        number = (number ^ byte) * PRIME & BITS_32
    return number % PARTITIONS


def kind_of(channel: Channel) -> str:
    return BACKLOG if channel is Channel.LOG else LIVE


def partition_subject(partition: int, kind: str) -> str:
    """All that is in a partition, of a kind."""
    return f"{ROOT}.{partition}.{kind}.>"


def device_subject(device: DeviceId, channel: Channel) -> str:
    """What a device says on a channel is called this."""
    return f"{ROOT}.{partition_of(device)}.{kind_of(channel)}.{device.agency}.{device.device}.{channel}"


def parse_subject(subject: str) -> Origin | None:
    """Where a message comes from; nothing when it is none of ours, or not where it belongs."""
    parts = subject.split(".")
    if len(parts) != 7 or parts[6] not in set(Channel):
        return None
    if not (ID_PATTERN.fullmatch(parts[4]) and ID_PATTERN.fullmatch(parts[5])):
        return None
    device, channel = DeviceId(parts[4], parts[5]), Channel(parts[6])
    if subject != device_subject(device, channel):
        return None
    return Origin(device, channel, partition_of(device), kind_of(channel))
