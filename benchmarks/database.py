"""A database of a benchmark's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from snowtrack.store.embedded import EmbeddedServer, RunningServer


@contextmanager
def running_database(folder: Path) -> Iterator[RunningServer]:
    """The embedded PostgreSQL, gone with all that is in it at the end."""
    server = EmbeddedServer(instance_folder=folder)
    running = server.start(process_group=0)
    try:
        yield running
    finally:
        running.stop()
        server.remove()
