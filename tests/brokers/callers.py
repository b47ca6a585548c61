"""Who calls a broker: for a look at the door, or to say and hear something."""

import asyncio
import errno
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import aiomqtt

from snowtrack.addresses import BrokerAddress
from snowtrack.background import running
from tests.services.waiting import until

WITHIN_S = 10.0
LET_IN, SHUT, UNWELCOME = "let in", "shut by TLS", "refused by the broker"


def knock(address: BrokerAddress, client_id: str = "knock", login: tuple[str, str] | None = None) -> str:
    """Whether who calls like this is let in. Asked with bare packets, since clients tell a shut door by waiting."""
    context = address.tls
    assert context
    try:
        with (
            socket.create_connection((address.host, address.port), WITHIN_S) as plain,
            context.wrap_socket(plain, server_hostname=address.host) as connection,
        ):
            connection.sendall(connect_packet(client_id, login))
            answer = connection.recv(4)
    except (ssl.SSLError, ConnectionError):
        return SHUT
    if not answer:
        return SHUT
    return LET_IN if answer[3] == 0 else UNWELCOME


def shown(address: BrokerAddress) -> bytes | None:
    """The certificate with which the broker answers."""
    context = address.tls
    assert context
    with (
        socket.create_connection((address.host, address.port), WITHIN_S) as plain,
        context.wrap_socket(plain, server_hostname=address.host) as connection,
    ):
        return connection.getpeercert(binary_form=True)


def connect_packet(client_id: str, login: tuple[str, str] | None) -> bytes:
    """CONNECT of MQTT 3.1.1, clean session."""
    texts = (client_id, *(login or ()))
    body = b"\x00\x04MQTT\x04" + (b"\xc2" if login else b"\x02") + b"\x00\x1e"
    body += b"".join(len(text).to_bytes(2, "big") + text.encode() for text in texts)
    return b"\x10" + bytes((len(body),)) + body


@dataclass(slots=True)
class Caller:
    """A client with all that it heard: topic, payload, and whether it was kept by the broker from before."""

    client: aiomqtt.Client
    heard: list[tuple[str, bytes, bool]] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def lost(self) -> bool:
        return self.ended.is_set()

    @property
    def payloads(self) -> list[bytes]:
        return [payload for _, payload, _ in self.heard]

    async def say(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> None:
        """Returns when the broker has taken it, or has ended the connection over it."""
        publication = asyncio.create_task(self.client.publish(topic, payload, qos, retain))
        end = asyncio.create_task(self.ended.wait())
        await asyncio.wait((publication, end), timeout=WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
        end.cancel()
        publication.cancel()
        try:
            await publication
        except asyncio.CancelledError:
            assert self.lost, "neither acknowledged nor ended"
        except (aiomqtt.MqttError, OSError):  # the client finds its socket closed
            await self.ended.wait()

    async def hear(self, *topics: str) -> list[bool]:
        """Subscribe; whether each was granted."""
        codes: list[Any] = [code for topic in topics for code in await self.client.subscribe(topic, 1)]
        return [not code.is_failure for code in codes]

    async def listen(self) -> None:
        try:
            async for message in self.client.messages:
                assert isinstance(message.payload, bytes)
                self.heard.append((str(message.topic), message.payload, message.retain))
        except aiomqtt.MqttError:
            self.ended.set()


@asynccontextmanager
async def calling(
    address: BrokerAddress, client_id: str, *, clean: bool = True, will: aiomqtt.Will | None = None
) -> AsyncIterator[Caller]:
    client = aiomqtt.Client(
        address.host, address.port, identifier=client_id, tls_context=address.tls, clean_session=clean, will=will,
        timeout=WITHIN_S,
    )  # fmt: skip
    caller = Caller(client)
    try:
        with gone_sockets_passed_by():
            async with client, running(caller.listen()):
                yield caller
    except aiomqtt.MqttError:
        # The end of a connection that the broker has ended is told once more.
        if not caller.lost:
            raise


@contextmanager
def gone_sockets_passed_by() -> Iterator[None]:
    """The client asks the loop to watch a socket, and before the loop does so, the broker may have ended it."""
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno == errno.EBADF:
            return
        (before or type(loop).default_exception_handler)(loop, context)

    loop.set_exception_handler(handle)
    try:
        yield
    finally:
        loop.set_exception_handler(before)


async def cut(caller: Caller) -> None:
    """The connection ends without a word, as in a tunnel."""
    connection = caller.client._client.socket()
    assert isinstance(connection, socket.socket)
    connection.shutdown(socket.SHUT_RDWR)
    await until(lambda: caller.lost)
    await asyncio.sleep(0)
