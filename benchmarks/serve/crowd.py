"""`python -m benchmarks.serve.crowd PORT KEY READERS FILE`: many readers of `/v1/live` in one process.

Notes when each of them had each delta, and writes that into FILE when its standard input ends.
"""

import re
import selectors
import socket
import sys
import time
from pathlib import Path
from typing import cast

import numpy as np

REQUEST = "GET /v1/live HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\nAccept: text/event-stream\r\n\r\n"
DELTA = re.compile(rb"event: delta\nid: ([0-9]+)\n")
SNAPSHOT = b"event: snapshot\n"
READ_BYTES = 1 << 17
# So many bytes of what came before are looked at again, in which an event may have begun.
TAIL_BYTES = 64
BEGUN_S_MAX = 180.0


class Crowd:
    """All readers, by their places."""

    def __init__(self, port: int, key: str, readers: int) -> None:
        self.selector = selectors.DefaultSelector()
        self.tails = [b""] * readers
        self.begun = np.zeros(readers, np.bool_)
        self.seen: list[tuple[int, int, float]] = []
        for reader in range(readers):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.sendall(REQUEST.format(key=key).encode())
            connection.setblocking(False)
            self.selector.register(connection, selectors.EVENT_READ, reader)
            self.read(0)

    def read(self, timeout_s: float | None) -> bool:
        """Take what came; was it the end of the standard input?"""
        for key, _ in self.selector.select(timeout_s):
            if key.data is None:
                return True
            connection = cast(socket.socket, key.fileobj)
            part = connection.recv(READ_BYTES)
            now_s = time.time()
            if not part:
                raise ConnectionError(f"the API ended the stream of reader {key.data}")
            reader: int = key.data
            text = self.tails[reader] + part
            self.begun[reader] |= SNAPSHOT in text
            self.seen += [(reader, int(found[1]), now_s) for found in DELTA.finditer(text)]
            self.tails[reader] = text[-TAIL_BYTES:]
        return False


def main() -> None:
    port, key, readers, file = sys.argv[1:]
    crowd = Crowd(int(port), key, int(readers))
    by_s = time.monotonic() + BEGUN_S_MAX
    while not crowd.begun.all():
        crowd.read(1.0)
        if time.monotonic() > by_s:
            raise TimeoutError(f"{int((~crowd.begun).sum())} readers have no snapshot")
    print("ready", flush=True)
    crowd.selector.register(sys.stdin.buffer, selectors.EVENT_READ, None)
    while not crowd.read(None):
        pass
    # A delta whose head was in the tail already was seen before.
    first: dict[tuple[int, int], float] = {}
    for reader, number, at_s in crowd.seen:
        first.setdefault((reader, number), at_s)
    np.save(Path(file), np.array([(*both, at_s) for both, at_s in first.items()]))
    sys.stdout.buffer.write(b"{}")


if __name__ == "__main__":
    main()
