"""The stream of a cluster, as the settings want it. For who comes over MQTT before it is there, NATS makes another."""

import asyncio
import secrets

import structlog
from rich.console import Console

from snowtrack.model.errors import ConfigError, SourceError
from snowtrack.settings import Settings
from snowtrack.sources.nats import Nats
from snowtrack.sources.stream import STREAM, StreamSettings, make_stream

HOUR_S = 3_600
RETRY_S = 1.0
CONNECT_S_MAX = 10.0

log = structlog.get_logger()


def stream_settings(settings: Settings) -> StreamSettings:
    wanted = settings.stream
    return StreamSettings(wanted.replicas, wanted.mb << 20, round(wanted.hours * HOUR_S))


async def await_stream(settings: Settings) -> None:
    """However long it takes until there is one that can be used."""
    while True:
        try:
            return await have_stream(settings)
        except SourceError as error:
            log.warning("the cluster has not the stream that it should have", reason=str(error))
        await asyncio.sleep(RETRY_S)


async def have_stream(settings: Settings) -> None:
    """Over a connection that is made for this."""
    nats = Nats(settings.stream_addresses, f"{settings.broker.client_id}.{secrets.token_hex(4)}")
    nats.start()
    try:
        try:
            async with asyncio.timeout(CONNECT_S_MAX):
                await nats.connected.wait()
        except TimeoutError:
            raise SourceError(f"no node of the cluster answers: {nats.refusal}") from None
        await make_stream(nats, stream_settings(settings))
    finally:
        await nats.stop()


async def make_stream_by_hand(settings: Settings) -> None:
    """`snowtrack brokers stream`."""
    wanted = settings.stream
    if not wanted.url:
        raise ConfigError("settings: stream.url says no node of a cluster; expected nats://… or tls://…")
    await have_stream(settings)
    Console().print(
        f"{STREAM} is there: {wanted.replicas} of each message, {wanted.hours:g} h or {wanted.mb:,} MB", highlight=False
    )
