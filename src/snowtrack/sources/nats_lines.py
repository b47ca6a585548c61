"""What a NATS server says, read from bytes, and what is said to it. All of it is lines; a message's body follows its
line, with a line's end behind it.
"""

from typing import NamedTuple

import orjson

END = b"\r\n"
PING, PONG = b"PING\r\n", b"PONG\r\n"
WITH_BODY = (b"MSG", b"HMSG")
# A server tells of all nodes of its cluster in one line.
LINE_BYTES_MAX = 65_536
STATUS = b"NATS/1.0 "


class MalformedLineError(Exception):
    """Bytes that no NATS server says."""


class Said(NamedTuple):
    """The words of a line, where the body begins that follows it, and where the next line does."""

    words: list[bytes]
    start: int
    end: int


class Heard(NamedTuple):
    """A message. `size` is that of header and payload as they were sent; the payload may be only the beginning."""

    subject: bytes
    subscription: int
    reply: bytes
    header: bytes
    payload: bytes
    size: int


def said_at(data: bytes, at: int) -> Said | None:
    """What is said here, whether the end of its body is there or not; nothing when not even the line's end is."""
    line_end = data.find(END, at, at + LINE_BYTES_MAX)
    if line_end < 0:
        if len(data) - at >= LINE_BYTES_MAX:
            raise MalformedLineError("a line without an end")
        return None
    words = data[at:line_end].split(b" ", 1)
    start = line_end + len(END)
    if words[0] not in WITH_BODY:
        return Said(words, start, start)
    words = data[at:line_end].split()
    if not (4 <= len(words) <= 6 and words[-1].isdigit()):
        raise MalformedLineError("a message without a size")
    return Said(words, start, start + int(words[-1]) + len(END))


def heard(data: bytes, said: Said, payload_max: int) -> Heard:
    """The message; of a payload that is too large the beginning."""
    words, start, end = said
    numbers = 2 if words[0] == b"HMSG" else 1
    reply = words[3:-numbers]
    header_size, size = int(words[-2]) if numbers == 2 and words[-2].isdigit() else 0, int(words[-1])
    whole = data[end - len(END) : end] == END or end > len(data)
    if not (words[2].isdigit() and len(reply) < 2 and header_size <= size and whole):
        raise MalformedLineError("a message that does not hold together")
    payload_start = start + header_size
    payload = data[payload_start : min(start + size, payload_start + payload_max)]
    return Heard(words[1], int(words[2]), reply[0] if reply else b"", data[start:payload_start], payload, size)


def status_of(header: bytes) -> int:
    """The number that stands for a message in the server's own words; 0 in a message of others."""
    code = header[len(STATUS) : len(STATUS) + 3]
    return int(code) if header.startswith(STATUS) and code.isdigit() else 0


def header_number(header: bytes, name: bytes) -> int | None:
    """The number under a name, when it is there."""
    _, found, rest = header.partition(END + name + b": ")
    digits = rest.partition(END)[0]
    return int(digits) if found and digits.isdigit() else None


def connect(name: str, username: str | None, password: str | None) -> bytes:
    options: dict[str, object] = {"verbose": False, "headers": True, "no_responders": True, "protocol": 1}
    options |= {"lang": "python", "version": "1", "name": name}
    options |= {key: value for key, value in (("user", username), ("pass", password)) if value is not None}
    return b"CONNECT " + orjson.dumps(options) + END


def subscribe(subject: str, number: int) -> bytes:
    return f"SUB {subject} {number}\r\n".encode()


def unsubscribe(number: int) -> bytes:
    return f"UNSUB {number}\r\n".encode()


def publish(subject: str, payload: bytes, reply: str = "") -> bytes:
    return f"PUB {subject} {reply} {len(payload)}\r\n".encode() + payload + END
