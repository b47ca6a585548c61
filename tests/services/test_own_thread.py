"""Work in a thread of its own is waited for as long as somebody wants it."""

import asyncio
import threading

import pytest

from snowtrack.background import running
from snowtrack.services.own_thread import in_own_thread


def test_work_in_a_thread_of_its_own_is_waited_for_and_raises() -> None:
    done: list[bool] = []

    async def main() -> None:
        await in_own_thread(lambda: done.append(True))
        with pytest.raises(ZeroDivisionError):
            await in_own_thread(lambda: done.append(bool(1 / 0)))

    asyncio.run(main())
    assert done == [True]


def test_work_in_a_thread_of_its_own_does_not_hold_up_the_exit() -> None:
    begun, free, ended = threading.Event(), threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        free.wait()
        ended.set()

    async def main() -> None:
        async with running(in_own_thread(hang)):
            await asyncio.to_thread(begun.wait)

    asyncio.run(main())
    assert not ended.is_set()
    free.set()
    assert ended.wait(10)
