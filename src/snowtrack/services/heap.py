"""Memory that is free goes back to the machine. Elsewhere than on glibc, whoever allocates sees to that."""

import asyncio
from ctypes import CDLL

EVERY_S = 30.0

# As malloc.h has it.
M_ARENA_MAX = -8


def have_one_heap() -> None:
    """Before threads are begun: else each takes one of its own, and what one has freed is of no use to others."""
    libc = _libc()
    if hasattr(libc, "mallopt"):
        libc.mallopt(M_ARENA_MAX, 1)


async def give_back_free() -> None:
    """Again and again, what lies free between what is in use: after every batch that is much more than is in use."""
    libc = _libc()
    while hasattr(libc, "malloc_trim"):
        await asyncio.sleep(EVERY_S)
        await asyncio.to_thread(libc.malloc_trim, 0)


def _libc() -> CDLL:
    return CDLL(None)
