"""`python -m benchmarks.ingest.listener PORT KEY FILE`: who watches `/v1/live`, and notes when what it said came.

Nothing is looked into while it listens: the bytes of each read are kept with the time, and written into FILE when its
standard input ends.
"""

import selectors
import socket
import sys
from pathlib import Path

import numpy as np

from snowtrack.wall_clock import now_us

REQUEST = "GET /v1/live HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\nAccept: text/event-stream\r\n\r\n"
READ_BYTES = 1 << 18


def listen(connection: socket.socket) -> tuple[list[bytes], list[int]]:
    """What was read, and when."""
    parts: list[bytes] = []
    times_us: list[int] = []
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        selector.register(sys.stdin.buffer, selectors.EVENT_READ)
        while True:
            ready = [key.fileobj for key, _ in selector.select()]
            if connection in ready:
                part = connection.recv(READ_BYTES)
                if not part:
                    raise ConnectionError("the API ended the connection")
                parts.append(part)
                times_us.append(now_us())
            elif sys.stdin.buffer in ready:
                return parts, times_us


def main() -> None:
    port, key, file = sys.argv[1:]
    with socket.create_connection(("127.0.0.1", int(port))) as connection:
        connection.sendall(REQUEST.format(key=key).encode())
        connection.recv(1, socket.MSG_PEEK)
        print("ready", flush=True)
        parts, times_us = listen(connection)
    np.savez(
        Path(file),
        content=np.frombuffer(b"".join(parts), np.uint8),
        ends=np.cumsum([len(part) for part in parts], dtype=np.int64),
        times_us=np.array(times_us, np.int64),
    )
    sys.stdout.buffer.write(b"{}")


if __name__ == "__main__":
    main()
