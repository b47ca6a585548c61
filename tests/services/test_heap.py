"""Garbage is looked for when it is time, and is found then."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from snowtrack.background import running
from snowtrack.services import heap
from tests.services.waiting import until

pytestmark = pytest.mark.anyio


class Ring:
    """Keeps itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def thresholds() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.mark.usefixtures("thresholds")
async def test_what_keeps_itself_is_found_now_and_then_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heap, "GARBAGE_S", 0.2)
    young, middle, _ = gc.get_threshold()
    async with running(heap.look_for_garbage()):
        await asyncio.sleep(0)
        assert gc.get_threshold() == (young, middle, heap.NEVER)
        ring = Ring()
        gc.collect()  # so that it is old
        left = weakref.ref(ring)
        del ring
        gc.collect(1)
        assert left() is not None
        await until(lambda: left() is None)
