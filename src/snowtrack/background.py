"""Work that goes on beside the main work and ends with it; when it breaks, so does the main work."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any

AGAIN_S = 0.5


@asynccontextmanager
async def running(*works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run these until the body is done. What breaks first is raised as it is, not in a group.

    Nothing here holds it afterwards: in a ring with its own frames it would keep all that these held until garbage is
    looked for, such as the engine of an ingest of which the database went away.
    """
    first: BaseException | None = None
    try:
        async with asyncio.TaskGroup() as group:
            ending = _end([group.create_task(work) for work in works])
            try:
                yield
            finally:
                await ending
    except BaseExceptionGroup as broken:
        first = broken.with_traceback(None).exceptions[0]
    if first is not None:
        try:
            raise first
        finally:
            first = None


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Again and again: before Python 3.12 `asyncio.wait_for`, on which the MQTT client rests, can lose one."""
    while tasks:
        for task in tasks:
            task.cancel()
        _, tasks = await asyncio.wait(tasks, timeout=AGAIN_S)
