"""Work that goes on beside the main work and ends with it; when it breaks, so does the main work."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

AGAIN_S = 0.5


@asynccontextmanager
async def running(*works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run these until the body is done. What breaks first is raised as it is, not in a group."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = {group.create_task(work) for work in works}
            try:
                yield
            finally:
                # Again and again: before Python 3.12 `asyncio.wait_for`, on which the MQTT client rests, can lose one.
                while tasks:
                    for task in tasks:
                        task.cancel()
                    _, tasks = await asyncio.wait(tasks, timeout=AGAIN_S)
    except BaseExceptionGroup as broken:
        raise broken.exceptions[0] from broken
