"""One snowtrack per data folder: a lock on the folder itself, held by `up` and all its children, gone with the last.

While it runs, a note in the folder says where its database is, for commands that are run beside it.
"""

import asyncio
import fcntl
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import orjson

from snowtrack.model.errors import ConfigError, StoreError
from snowtrack.settings import EMBEDDED, Settings

WAIT_S = 15.0
NOTE = "running.json"


@asynccontextmanager
async def instance_lock(folder: Path, say: Callable[[str], None]) -> AsyncIterator[int]:
    """Hold the folder; the children of one that was killed get a moment to end."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise ConfigError(f"data folder {folder}: {error.strerror}") from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another snowtrack in this folder to end")
            await _locked_within(handle, folder)
        yield handle
    finally:
        os.close(handle)


@contextmanager
def noted_database(folder: Path, url: str) -> Iterator[None]:
    """Say where the database is, as long as it is there."""
    note = folder / NOTE
    note.write_bytes(orjson.dumps({"database": url}))
    note.chmod(0o600)
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def database_url(settings: Settings) -> str:
    """The database of the settings; the embedded one only while it runs."""
    if settings.database.url != EMBEDDED:
        return settings.database.url
    note = settings.data.folder / NOTE
    try:
        return str(orjson.loads(note.read_bytes())["database"])
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError):  # whatever stands there
        raise StoreError(
            f"no snowtrack runs in {settings.data.folder}; start 'snowtrack up' there, or name one with --database"
        ) from None


async def _locked_within(handle: int, folder: Path) -> None:
    """The kernel tells when the folder is free; the thread that waits for it does not hold up the exit."""
    loop = asyncio.get_running_loop()
    locked = asyncio.Event()

    def wait() -> None:
        fcntl.flock(handle, fcntl.LOCK_EX)
        loop.call_soon_threadsafe(locked.set)

    threading.Thread(target=wait, name="instance lock", daemon=True).start()
    try:
        async with asyncio.timeout(WAIT_S):
            await locked.wait()
    except TimeoutError:
        raise ConfigError(
            f"data folder {folder}: another snowtrack runs in it; stop that one, or choose another folder with --data"
        ) from None
