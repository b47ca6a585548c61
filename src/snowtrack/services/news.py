"""The news bus of a service, over a broker or a cluster."""

import asyncio
import secrets

import structlog

from snowtrack.live.bus import Bus
from snowtrack.model.errors import SourceError
from snowtrack.settings import Settings
from snowtrack.sources.nats import Nats
from snowtrack.sources.stream import StreamSettings, make_stream

HOUR_S = 3_600
RETRY_S = 1.0

log = structlog.get_logger()


async def keep_bus(settings: Settings, bus: Bus) -> None:
    """Until cancelled. Nobody of ours calls a cluster over MQTT before it has its stream: for the first that does, NATS
    makes another one."""
    if settings.stream.url:
        await _have_stream(settings)
    await bus.run()


def stream_settings(settings: Settings) -> StreamSettings:
    wanted = settings.stream
    return StreamSettings(wanted.replicas, wanted.mb << 20, round(wanted.hours * HOUR_S))


async def _have_stream(settings: Settings) -> None:
    nats = Nats(settings.stream_addresses, f"{settings.broker.client_id}.{secrets.token_hex(4)}")
    nats.start()
    try:
        while True:
            await nats.connected.wait()
            try:
                return await make_stream(nats, stream_settings(settings))
            except SourceError as error:
                log.warning("the cluster has not the stream that it should have", reason=str(error))
            await asyncio.sleep(RETRY_S)
    finally:
        await nats.stop()
