"""Sets of stretches of road: how long their union is, and what two sets have in common.

A stretch is a key (whatever names a segment and a direction) with a start and a stop in millimetres, start below stop.
"""

from typing import NamedTuple

import numpy as np

from ploughsim.compiled import Array


class Stretches(NamedTuple):
    """Three arrays of one length."""

    key: Array
    start_mm: Array
    stop_mm: Array


class Lengths(NamedTuple):
    """In millimetres, each place counted once."""

    first: int
    second: int
    both: int


def measure(first: Stretches, second: Stretches) -> Lengths:
    """Sweep along each key: +1 where a stretch starts, -1 where it stops, for each of the two sets."""
    key = np.concatenate([np.repeat(one.key, 2) for one in (first, second)])
    at_mm = np.concatenate([_ends(one) for one in (first, second)])
    steps = np.zeros((len(key), 2), np.int64)
    border = 2 * len(first.key)
    steps[:border, 0] = np.tile([1, -1], len(first.key))
    steps[border:, 1] = np.tile([1, -1], len(second.key))
    order = np.lexsort((at_mm, key))
    inside = np.cumsum(steps[order], axis=0) > 0
    # What lies between the last end of a key and the first of the next is inside nothing.
    long_mm = np.diff(at_mm[order].astype(np.int64), append=0)
    return Lengths(
        first=int(long_mm[inside[:, 0]].sum()),
        second=int(long_mm[inside[:, 1]].sum()),
        both=int(long_mm[inside.all(axis=1)].sum()),
    )


def _ends(stretches: Stretches) -> Array:
    return np.stack([stretches.start_mm, stretches.stop_mm], axis=1).ravel()
