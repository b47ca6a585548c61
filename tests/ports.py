"""Free loopback ports for servers that tests start.

They lie below the range that the kernel takes for outgoing connections: a client that calls a server which
is down could otherwise be given the server's own port, be connected to itself, and keep the server from coming back.
"""

import secrets
import socket

LOWEST, HIGHEST = 20_000, 32_000
TRIES_MAX = 1_000


def free_ports(count: int) -> list[int]:
    """Different ports, each free a moment ago. Not drawn from `random`, which every test begins with the same seed."""
    found: list[int] = []
    for _ in range(TRIES_MAX):
        port = LOWEST + secrets.randbelow(HIGHEST - LOWEST)
        if port not in found and _is_free(port):
            found.append(port)
        if len(found) == count:
            return found
    raise AssertionError(f"no {count} free ports between {LOWEST} and {HIGHEST}")


def free_port() -> int:
    return free_ports(1)[0]


def _is_free(port: int) -> bool:
    with socket.socket() as one:
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
