"""What reaches the broker, and the file that holds a night of it.

The file holds messages in the order of their arrival. Each is a line of JSON and its payload, with a line feed behind
each of them; so a reader that knows nothing of it finds lines of NMEA between lines to skip:

    {"at":1768404600120,"topic":"snow/v1/ishikawa/plough-01/up","retained":false,"bytes":1830}
    $PSNOW,1,1,1000,D*10
    …
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self

import orjson

from ploughsim.errors import MessageFileError
from ploughsim.whole import HiddenFile

_HEAD_BYTES_MAX = 1024
_PAYLOAD_BYTES_MAX = 1 << 20


class Published(NamedTuple):
    """`at_ms` is when the broker has it, in milliseconds since 1970 UTC."""

    at_ms: int
    topic: str
    payload: bytes
    retained: bool = False


class MessageFile:
    """Written beside its place under a hidden name, and there at once when it is closed."""

    def __init__(self, path: Path) -> None:
        self._hidden = HiddenFile(path)
        self.epochs = self.messages = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._hidden.close(keep=kind is None)

    def write(self, message: Published) -> None:
        at_ms, topic, payload, retained = message
        head = {"at": at_ms, "topic": topic, "retained": retained, "bytes": len(payload)}
        self._hidden.file.write(b"%b\n%b\n" % (orjson.dumps(head), payload))
        self.messages += 1


def read_messages(path: Path) -> Iterator[Published]:
    """The messages of a file, one after the other."""
    try:
        with path.open("rb") as file:
            while head := file.readline(_HEAD_BYTES_MAX):
                yield _read(head, file, path)
    except OSError as error:
        raise MessageFileError(f"{path}: {error.strerror}") from error


def _read(head: bytes, file: BinaryIO, path: Path) -> Published:
    place = f"{path}: at byte {file.tell() - len(head)}"
    try:
        said = orjson.loads(head)
        at_ms, topic, size, retained = (said[key] for key in ("at", "topic", "bytes", "retained"))
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise MessageFileError(f"{place}: no message begins here; the file was not written by plough-sim") from error
    payload = file.read(size) if type(size) is int and 0 <= size <= _PAYLOAD_BYTES_MAX else b""
    if len(payload) != size or file.read(1) != b"\n":
        raise MessageFileError(f"{place}: the message is cut off")
    return Published(at_ms, topic, payload, retained)
