"""`python -m benchmarks.ingest.publisher FOLDER PORT [EPOCHS_PER_S]`: sends packets and waits for their PUBACKs.

A process of its own, that does nothing but to write slices of bytes and to count what comes back. Writes when each
message went out into FOLDER/sent.npy, by its place among all, in microseconds since 1970 UTC; says its figures as JSON.
"""

import os
import selectors
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson

from benchmarks.ingest.load import Packets
from snowtrack.model.columns import Int64s
from snowtrack.wall_clock import now_us

# Messages of a connection on their way to the broker.
WINDOW = 2_000
SEND_BYTES = 1 << 18
WAIT_S = 0.002
PUBACK_BYTES = 4
CONNACK_BYTES = 4
STALLED_S_MAX = 60.0


@dataclass(slots=True)
class Connection:
    """One gateway: how many of its messages are out, and how many are acknowledged."""

    socket: socket.socket
    packets: Packets
    due_us: Int64s
    sent: int = 0
    sent_bytes: int = 0
    acknowledged_bytes: int = 0

    @property
    def acknowledged(self) -> int:
        return self.acknowledged_bytes // PUBACK_BYTES

    @property
    def over(self) -> bool:
        return self.acknowledged == len(self.packets.ends)

    def send(self, passed_us: int, sent_us: Int64s) -> bool:
        """What is due and has room; whether anything went out."""
        due = int(np.searchsorted(self.due_us, passed_us, side="right"))
        until = min(due, self.acknowledged + WINDOW)
        if until <= self.sent:
            return False
        ends = self.packets.ends
        stop = min(int(ends[until - 1]), self.sent_bytes + SEND_BYTES)
        try:
            self.sent_bytes += self.socket.send(self.packets.content[self.sent_bytes : stop])
        except BlockingIOError:
            return False
        now_sent = int(np.searchsorted(ends, self.sent_bytes, side="right"))
        sent_us[self.packets.places[self.sent : now_sent]] = now_us()
        self.sent = now_sent
        return True

    def receive(self) -> None:
        answer = self.socket.recv(1 << 16)
        if not answer:
            raise ConnectionError("the broker ended the connection")
        self.acknowledged_bytes += len(answer)


def connect(port: int, name: bytes) -> socket.socket:
    """An MQTT connection of a clean session."""
    connection = socket.create_connection(("127.0.0.1", port))
    body = b"\x00\x04MQTT\x04\x02\x00\x00" + len(name).to_bytes(2, "big") + name
    connection.sendall(b"\x10" + bytes([len(body)]) + body)
    answer = connection.recv(CONNACK_BYTES, socket.MSG_WAITALL)
    if answer != b"\x20\x02\x00\x00":
        raise ConnectionError(f"the broker said {answer!r}")
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setblocking(False)
    return connection


def due_times(parts: list[Packets], epochs_per_s: float) -> list[Int64s]:
    """When each message may go out, in microseconds since the start: at once, or in step."""
    if not epochs_per_s:
        return [np.zeros(len(part.ends), np.int64) for part in parts]
    epochs = np.zeros(sum(len(part.ends) for part in parts), np.int64)
    for part in parts:
        epochs[part.places] = part.epochs
    due = ((np.cumsum(epochs) - epochs) * 1e6 / epochs_per_s).astype(np.int64)
    return [due[part.places] for part in parts]


def publish(parts: list[Packets], port: int, epochs_per_s: float) -> tuple[Int64s, dict[str, float]]:
    """Everything, acknowledged; when each message went out."""
    due = due_times(parts, epochs_per_s)
    connections = [
        Connection(connect(port, b"gateway-%d-%d" % (os.getpid(), number)), part, own)
        for number, (part, own) in enumerate(zip(parts, due, strict=True))
    ]
    sent_us = np.zeros(sum(len(part.ends) for part in parts), np.int64)
    began, cpu = time.monotonic(), time.process_time()
    heard = began
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection.socket, selectors.EVENT_READ, connection)
        while not all(connection.over for connection in connections):
            passed_us = int((time.monotonic() - began) * 1e6)
            went = [connection.send(passed_us, sent_us) for connection in connections]
            for key, _ in selector.select(0 if any(went) else WAIT_S):
                key.data.receive()
                heard = time.monotonic()
            if time.monotonic() - heard > STALLED_S_MAX + 1 / (epochs_per_s or 1):
                raise ConnectionError("the broker acknowledges nothing any more")
    took_s = time.monotonic() - began
    return sent_us, {"took_s": took_s, "cpu_s": time.process_time() - cpu, "messages": len(sent_us)}


def main() -> None:
    folder, port, *rate = sys.argv[1:]
    with np.load(Path(folder) / "packets.npz") as kept:
        columns = [kept[name] for name in ("content", "content_ends", "ends", "places", "epochs", "counts")]
    sent_us, figures = publish(split(*columns), int(port), float(rate[0]) if rate else 0.0)
    np.save(Path(folder) / "sent.npy", sent_us)
    sys.stdout.buffer.write(orjson.dumps(figures))


def keep(parts: list[Packets], folder: Path) -> None:
    """Packets into a file."""
    np.savez(
        folder / "packets.npz",
        content=np.frombuffer(b"".join(part.content for part in parts), np.uint8),
        content_ends=np.cumsum([len(part.content) for part in parts]),
        ends=np.concatenate([part.ends for part in parts]),
        places=np.concatenate([part.places for part in parts]),
        epochs=np.concatenate([part.epochs for part in parts]),
        counts=np.array([len(part.ends) for part in parts]),
    )


def split(
    content: Int64s, content_ends: Int64s, ends: Int64s, places: Int64s, epochs: Int64s, counts: Int64s
) -> list[Packets]:
    """As they were kept."""
    at = np.cumsum(counts)[:-1]
    contents = [part.tobytes() for part in np.split(content, content_ends[:-1])]
    columns = zip(*(np.split(column, at) for column in (ends, places, epochs)), strict=True)
    return [Packets(own, *rest) for own, rest in zip(contents, columns, strict=True)]


if __name__ == "__main__":
    main()
