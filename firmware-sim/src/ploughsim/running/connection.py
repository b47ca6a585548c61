"""MQTT connections that break as radios do: without a word, and without a stir when nobody waits for the end."""

import asyncio
import contextlib
import logging
import socket
from typing import Any, Self

from aiomqtt import Client

from ploughsim.running.address import BrokerAddress

_KEEPALIVE_S = 30
# A confirmation that finds no room is repeated by the engine.
_INCOMING_MAX = 1000
# Broken connections are what this is about; what is wrong is told with the progress.
_SILENT = logging.getLogger("ploughsim.mqtt")
_SILENT.disabled = True


class Connection(Client):
    """As aiomqtt has it, with an end of our own."""

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self._disconnected.add_done_callback(_take_note)
        return self

    def cut(self) -> None:
        """There is no network any more."""
        wire = self._client.socket()
        with contextlib.suppress(OSError):
            if isinstance(wire, socket.socket):
                wire.shutdown(socket.SHUT_RDWR)


def connection_to(broker: BrokerAddress, client_id: str, **more: Any) -> Connection:  # noqa: ANN401 - what a Client takes
    """Not yet made; `async with` makes it."""
    return Connection(
        broker.host,
        broker.port,
        identifier=client_id,
        username=broker.username,
        password=broker.password,
        keepalive=_KEEPALIVE_S,
        logger=_SILENT,
        max_queued_incoming_messages=_INCOMING_MAX,
        **more,
    )


def _take_note(end: asyncio.Future[Any]) -> None:
    """An end that nobody asks for is no error."""
    if not end.cancelled():
        end.exception()
