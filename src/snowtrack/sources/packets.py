"""The packets of MQTT 3.1.1 that a subscriber needs, as bytes and back."""

from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from snowtrack.compiled import Array, compiled

PROTOCOL = b"\x00\x04MQTT\x04"
WITH_NAME, WITH_PASSWORD, CLEAN = 0x80, 0x40, 0x02
QOS_1, RETAINED = 0x02, 0x01
PINGREQ, DISCONNECT = b"\xc0\x00", b"\xe0\x00"
PUBACK_HEAD = b"\x40\x02"
SUBACK_REFUSED = 0x80
LENGTH_BYTES_MAX = 4
# A run of messages is found in one go, up to so many.
RUN_MAX = 1_000
PUBLISH = 3
CONNECT_REFUSALS = {
    1: "Unacceptable protocol version",
    2: "Client identifier rejected",
    3: "Server unavailable",
    4: "Bad user name or password",
    5: "Not authorized",
}


class Kind(IntEnum):
    """The high half of a packet's first byte."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = PUBLISH
    PUBACK = 4
    SUBSCRIBE = 8
    SUBACK = 9
    PINGRESP = 13


class MalformedError(Exception):
    """Bytes that no broker sends."""


class Packet(NamedTuple):
    """Of some bytes: the first, where the body begins, and where it ends."""

    first: int
    start: int
    end: int


class Published(NamedTuple):
    """`packet_id` is what to acknowledge; 0 for a message without a guarantee."""

    topic: bytes
    packet_id: int
    payload: bytes


def connect(client_id: str, keepalive_s: int, name: str | None, password: str | None, *, lasting: bool = True) -> bytes:
    """Come back to a session that lasts, or begin one that does not."""
    fields = [client_id, *(value for value in (name, password) if value is not None)]
    flags = (WITH_NAME if name is not None else 0) | (WITH_PASSWORD if password is not None else 0)
    flags |= 0 if lasting else CLEAN
    body = PROTOCOL + bytes([flags]) + keepalive_s.to_bytes(2, "big") + b"".join(_text(field) for field in fields)
    return _packet(Kind.CONNECT << 4, body)


def subscribe(packet_id: int, filters: Iterable[str]) -> bytes:
    """With a guarantee (QoS 1)."""
    wanted = b"".join(_text(filter_) + b"\x01" for filter_ in filters)
    return _packet(Kind.SUBSCRIBE << 4 | 2, packet_id.to_bytes(2, "big") + wanted)


def publish(topic: str, payload: bytes, packet_id: int, *, retain: bool = False) -> bytes:
    """With a guarantee (QoS 1)."""
    body = _text(topic) + packet_id.to_bytes(2, "big") + payload
    return _packet(Kind.PUBLISH << 4 | QOS_1 | (RETAINED if retain else 0), body)


def pubacks(packet_ids: Iterable[int]) -> bytes:
    return b"".join([PUBACK_HEAD + packet_id.to_bytes(2, "big") for packet_id in packet_ids])


def head_of(data: bytes, at: int) -> Packet | None:
    """The packet that begins here, whether its end is there or not; nothing when not even its length is."""
    length, shift, place = 0, 0, at + 1
    while place < len(data):
        more = data[place]
        length |= (more & 127) << shift
        place += 1
        if not more & 128:
            return Packet(data[at], place, place + length)
        shift += 7
        if shift == 7 * LENGTH_BYTES_MAX:
            raise MalformedError("a length of more than four bytes")
    return None


def read_publish(data: bytes, packet: Packet) -> Published:
    first, start, end = packet
    topic_end = start + 2 + int.from_bytes(data[start : start + 2], "big")
    qos = first >> 1 & 3
    payload_start = topic_end + (2 if qos else 0)
    if payload_start > end or qos > 1:
        raise MalformedError("a message that does not hold together")
    packet_id = int.from_bytes(data[topic_end:payload_start], "big")
    return Published(data[start + 2 : topic_end], packet_id, data[payload_start:end])


def run_of_messages(data: bytes, at: int, messages_max: int, size_max: int) -> list[list[int]]:
    """Of messages that follow on each other from here on, whole and sound ones, until they come to so many bytes: where
    topic, packet id, payload and what comes next begin, and the id."""
    found = np.empty((min(messages_max, RUN_MAX), 5), np.int64)
    run: list[list[int]] = found[: _run(np.frombuffer(data, np.uint8), at, size_max, found)].tolist()
    return run


@compiled
def _run(data: Array, at: int, size_max: int, found: Array) -> int:
    """Fill in what is found; how many. What is anything else ends it, and is for others to read."""
    count = size = 0
    while count < len(found) and size < size_max and at + 2 < len(data) and data[at] >> 4 == PUBLISH:
        start, length, shift = at + 2, data[at + 1] & 127, 7
        while data[start - 1] & 128 and start < len(data) and shift < 7 * LENGTH_BYTES_MAX:
            length |= (data[start] & 127) << shift
            start, shift = start + 1, shift + 7
        end, qos = start + length, data[at] >> 1 & 3
        if data[start - 1] & 128 or end > len(data) or length < 2 or qos > 1:
            break
        topic_end = start + 2 + (data[start] << 8 | data[start + 1])
        payload = topic_end + 2 * qos
        if payload > end:
            break
        found[count, 0], found[count, 1], found[count, 2], found[count, 3] = start + 2, topic_end, payload, end
        found[count, 4] = data[topic_end] << 8 | data[topic_end + 1] if qos else 0
        size += length
        count, at = count + 1, end
    return count


def _text(text: str) -> bytes:
    content = text.encode()
    return len(content).to_bytes(2, "big") + content


def _packet(first: int, body: bytes) -> bytes:
    """Seven bits of the length in a byte, the lowest first; the eighth says that more follow."""
    size, length = len(body), bytearray()
    while size > 127:
        length.append(size & 127 | 128)
        size >>= 7
    length.append(size)
    return bytes([first]) + bytes(length) + body
