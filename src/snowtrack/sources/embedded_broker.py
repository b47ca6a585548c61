"""The broker for trying things: amqtt in a process of its own, on the loopback interface only."""

import asyncio
import logging

from amqtt.broker import Broker
from amqtt.errors import BrokerError

from snowtrack.model.errors import SourceError
from snowtrack.supervised import announce_ready


async def run_broker(port: int, stopping: asyncio.Event) -> None:
    """Serve until told to stop."""
    logging.getLogger("amqtt").setLevel(logging.ERROR)
    logging.getLogger("transitions").setLevel(logging.ERROR)
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{port}", "max_connections": 1_000}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
        }
    )
    try:
        await broker.start()
    except (BrokerError, OSError) as error:
        raise SourceError(f"embedded broker: cannot listen on 127.0.0.1:{port}: {error}") from error
    announce_ready()
    try:
        await stopping.wait()
    finally:
        await broker.shutdown()
