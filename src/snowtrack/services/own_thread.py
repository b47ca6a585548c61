"""Work that blocks, in a thread that the exit does not wait for."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress


async def in_own_thread(work: Callable[[], None]) -> None:
    """Wait for work that blocks. When nobody waits any more, it does not hold up the exit, as `to_thread` would."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    def end(error: Exception | None) -> None:
        if ended.done():
            return
        if error is None:
            ended.set_result(None)
        else:
            ended.set_exception(error)

    def run() -> None:
        fault = None
        try:
            work()
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            fault = error
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(end, fault)

    threading.Thread(target=run, name="work", daemon=True).start()
    await ended
