"""The news bus of a service, over a broker or a cluster."""

from snowtrack.live.bus import Bus
from snowtrack.services.stream import await_stream
from snowtrack.settings import Settings


async def keep_bus(settings: Settings, bus: Bus) -> None:
    """Until cancelled. Nobody of ours calls a cluster over MQTT before it has its stream."""
    if settings.stream.url:
        await await_stream(settings)
    await bus.run()
