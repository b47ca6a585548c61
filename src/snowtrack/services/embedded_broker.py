"""The embedded broker as a process."""

from snowtrack.services.stopping import stop_on_signals
from snowtrack.settings import Settings
from snowtrack.sources.embedded_broker import run_broker


async def run_embedded_broker(settings: Settings) -> None:
    """The broker for trying things, until told to stop."""
    await run_broker(settings.broker.port, stop_on_signals())
