"""Work beside the main work ends with it, for certain."""

import asyncio
import weakref

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


class Held:
    """What a frame holds."""


@pytest.mark.usefixtures("without_collection")
@pytest.mark.parametrize("beside", [True, False])
def test_what_broken_frames_held_is_free_when_the_failure_is_dealt_with(beside: bool) -> None:
    """Also without a search for garbage: an ingest that begins anew would keep the engine of before, each time."""
    kept: list[weakref.ref[Held]] = []

    async def broken() -> None:
        held = Held()
        kept.append(weakref.ref(held))
        await asyncio.sleep(0)
        raise ValueError("broken")

    async def work() -> None:
        held = Held()
        kept.append(weakref.ref(held))
        async with running(broken() if beside else asyncio.sleep(0)):
            await (asyncio.Event().wait() if beside else broken())

    async def main() -> None:
        with pytest.raises(ValueError, match="broken"):
            await work()

    asyncio.run(main())
    assert [one() for one in kept] == [None, None]
