"""`python -m benchmarks.ingest.sink PORT MESSAGES`: a bare socket that acknowledges whatever the broker forwards.

The yardstick of what a broker alone can do: it looks at lengths and packet ids, and at nothing else.
"""

import socket
import sys
import time

import orjson

from benchmarks.ingest.publisher import connect

FILTER = b"snow/v1/+/+/up"
READ_BYTES = 1 << 18


def acknowledge(connection: socket.socket, messages: int) -> float:
    """Up to so many messages; the seconds from the first to the last."""
    pending, seen, began = b"", 0, 0.0
    while seen < messages:
        came = connection.recv(READ_BYTES)
        if not came:
            raise ConnectionError("the broker ended the connection")
        began = began or time.monotonic()
        data, at, answers = pending + came, 0, []
        size = len(data)
        while at + 5 <= size:
            length, shift, head = 0, 0, at + 1
            while data[head] & 128:
                length |= (data[head] & 127) << shift
                shift += 7
                head += 1
            length |= data[head] << shift
            end = head + 1 + length
            if end > size:
                break
            topic = int.from_bytes(data[head + 1 : head + 3], "big")
            answers.append(data[head + 3 + topic : head + 5 + topic])
            at = end
        pending = data[at:]
        if answers:
            connection.sendall(b"\x40\x02" + b"\x40\x02".join(answers))
            seen += len(answers)
    return time.monotonic() - began


def main() -> None:
    port, messages = int(sys.argv[1]), int(sys.argv[2])
    connection = connect(port, b"sink")
    connection.setblocking(True)
    body = b"\x00\x01" + len(FILTER).to_bytes(2, "big") + FILTER + b"\x01"
    connection.sendall(b"\x82" + bytes([len(body)]) + body)
    connection.recv(5, socket.MSG_WAITALL)
    print("ready", flush=True)
    cpu = time.process_time()
    took_s = acknowledge(connection, messages)
    sys.stdout.buffer.write(orjson.dumps({"took_s": took_s, "cpu_s": time.process_time() - cpu}))


if __name__ == "__main__":
    main()
