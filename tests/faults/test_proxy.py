"""The proxy breaks connections as it says, and passes on all else unharmed."""

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults.proxy import HOST, Proxy
from tests.services.waiting import await_true

SENT = bytes(range(256)) * 400


@contextmanager
def echoing() -> Iterator[int]:
    """A server that says all that it hears."""
    with socket.create_server((HOST, 0)) as server:
        threading.Thread(target=_serve, args=(server,), daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def _serve(server: socket.socket) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=_echo, args=(connection,), daemon=True).start()


def _echo(connection: socket.socket) -> None:
    with connection:
        try:
            while said := connection.recv(4096):
                connection.sendall(said)
        except OSError:
            return


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    with echoing() as port, Proxy(port, random.Random(1)) as proxy:
        yield proxy


def called(proxy: Proxy) -> socket.socket:
    return socket.create_connection((HOST, proxy.port), timeout=20)


def heard(connection: socket.socket, size: int) -> bytes:
    """So much of the answer, or what comes before the end."""
    said = b""
    try:
        while len(said) < size and (part := connection.recv(4096)):
            said += part
    except ConnectionResetError:
        pass
    return said


def send(connection: socket.socket, data: bytes) -> threading.Thread:
    """On a thread, since nobody takes it all before he has answered."""

    def work() -> None:
        try:
            connection.sendall(data)
        except OSError:
            return

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def test_what_is_not_broken_is_passed_on(proxy: Proxy) -> None:
    with called(proxy) as connection:
        send(connection, SENT)
        assert heard(connection, len(SENT)) == SENT
    assert (proxy.cuts, proxy.lost, proxy.swallowed) == (0, 0, 0)


def test_a_connection_is_cut_in_mid_packet(proxy: Proxy) -> None:
    with called(proxy) as connection:
        send(connection, b"begin")
        assert heard(connection, 5) == b"begin"
        proxy.cut_in_mid_packet()
        await_true(lambda: proxy.wires[0].left is not None, "it is to be cut")
        send(connection, SENT)
        said = heard(connection, len(SENT))
    assert len(said) < len(SENT)
    assert SENT.startswith(said)
    assert proxy.cuts == 1


def test_a_half_open_connection_stays_and_says_nothing(proxy: Proxy) -> None:
    with called(proxy) as connection:
        send(connection, b"begin")
        assert heard(connection, 5) == b"begin"
        proxy.half_open()
        await_true(lambda: proxy.wires[0].dead, "it is half open")
        connection.sendall(b"into the void")
        await_true(lambda: proxy.swallowed == 13, "it is swallowed")
        connection.setblocking(False)
        with pytest.raises(BlockingIOError):
            connection.recv(1)
        with called(proxy) as other:
            send(other, b"again")
            assert heard(other, 5) == b"again"


def test_lost_segments_come_late_and_in_order_or_the_connection_ends(proxy: Proxy) -> None:
    proxy.loss = 0.3
    with called(proxy) as connection:
        send(connection, SENT[:20_000])
        said = heard(connection, 20_000)
    assert SENT.startswith(said)
    assert proxy.lost > 0
    assert len(said) == 20_000 or proxy.cuts == 1


def test_who_is_away_behind_it_is_told(proxy: Proxy) -> None:
    with Proxy(1, random.Random(1)) as nowhere, called(nowhere) as connection:
        assert heard(connection, 1) == b""
