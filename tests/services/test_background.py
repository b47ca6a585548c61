"""Work beside the main work ends with it, for certain."""

import asyncio

import pytest

from snowtrack.background import running


def test_work_that_loses_its_first_cancellation_ends_all_the_same() -> None:
    lost: list[bool] = []

    async def forgetful() -> None:
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                if lost:
                    raise
                lost.append(True)

    async def main() -> None:
        async with asyncio.timeout(10), running(forgetful()):
            await asyncio.sleep(0)

    asyncio.run(main())
    assert lost


def test_what_breaks_first_is_raised_as_it_is() -> None:
    async def broken() -> None:
        raise ValueError("broken")

    async def main() -> None:
        async with running(broken()):
            await asyncio.Event().wait()

    with pytest.raises(ValueError, match="broken"):
        asyncio.run(main())
