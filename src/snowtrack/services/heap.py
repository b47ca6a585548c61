"""Memory that is free goes back to the machine, and garbage is looked for when it is time.

Elsewhere than on glibc, whoever allocates sees to the first.
"""

import asyncio
import gc
from ctypes import CDLL

EVERY_S = 30.0
GARBAGE_S = 300.0
NEVER = 2**31 - 1

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


async def look_for_garbage() -> None:
    """All of it only now and then. Left to itself Python looks through all that there is whenever that has grown by a
    quarter: with 5,000 streams for 0.7 s every few seconds, in which nobody is answered."""
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, NEVER)
    gc.freeze()  # programs are never garbage
    while True:
        await asyncio.sleep(GARBAGE_S)
        gc.collect()


def _libc() -> CDLL:
    return CDLL(None)
