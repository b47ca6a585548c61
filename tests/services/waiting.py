"""Waiting for what other processes and threads do: asked again until it holds, with a deadline."""

import asyncio
import time
from collections.abc import Callable

WITHIN_S = 30.0
STEP_S = 0.02


def await_true(holds: Callable[[], object], what: str, within_s: float = WITHIN_S) -> None:
    """There is no event to wait for in another process."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, f"not within {within_s} s: {what}"
        time.sleep(STEP_S)


async def until(holds: Callable[[], object], within_s: float = WITHIN_S) -> None:
    """The same inside an event loop."""
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 - what it waits for sets no event of this loop
            await asyncio.sleep(STEP_S)
