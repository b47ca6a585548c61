"""Ending tasks for certain.

A cancellation can be lost: before Python 3.12, `asyncio.wait_for` drops one that comes in the same turn as its result.
So a task is cancelled until it has ended.
"""

import asyncio
from collections.abc import Iterable

_AGAIN_S = 1.0


async def end_tasks(tasks: Iterable[asyncio.Task[object]]) -> None:
    """Cancel, and wait until all have ended, however they end."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_AGAIN_S)
