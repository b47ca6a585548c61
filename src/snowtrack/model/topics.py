"""The topics that trackers and sensors use, see docs/device-protocol.md."""

from enum import StrEnum

from snowtrack.model.ids import ID_PATTERN, DeviceId

ROOT = "snow/v1"


class Channel(StrEnum):
    """What a tracker publishes on; a snow-depth sensor has a channel of its own."""

    UP = "up"
    LOG = "log"
    STATUS = "status"
    DEPTH = "depth"


def subscription(channel: Channel) -> str:
    return f"{ROOT}/+/+/{channel}"


def durable_topic(device: DeviceId) -> str:
    return f"{ROOT}/{device}/durable"


def parse_topic(topic: str) -> tuple[DeviceId, Channel] | None:
    """Who sent this, and what; nothing when the topic is not one of ours."""
    parts = topic.split("/")
    if len(parts) != 5 or "/".join(parts[:2]) != ROOT or parts[4] not in set(Channel):
        return None
    if not (ID_PATTERN.fullmatch(parts[2]) and ID_PATTERN.fullmatch(parts[3])):
        return None
    return DeviceId(parts[2], parts[3]), Channel(parts[4])
