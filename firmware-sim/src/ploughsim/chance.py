"""Chance without state: a draw is a pure function of the seed and of what is being decided.

Nothing has to be saved to go on with the same night, and the order of the draws does not matter. The numbers never
change: compiled code of other files is made of these parts (see `compiled`).
"""

import math

import numpy as np

from ploughsim.compiled import part

_WORD = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def draw(seed: int, *what: int) -> int:
    """64 evenly distributed bits (the finaliser of SplitMix64, chained over `what`)."""
    word = seed & _WORD
    for part_of_it in what:
        word = (word + _GOLDEN * (part_of_it + 1)) & _WORD
        word = ((word ^ (word >> 30)) * _FIRST) & _WORD
        word = ((word ^ (word >> 27)) * _SECOND) & _WORD
        word ^= word >> 31
    return word


def uniform(seed: int, *what: int) -> float:
    """At least 0, below 1."""
    return (draw(seed, *what) >> 11) / (1 << 53)


def normal_pair(seed: int, *what: int) -> tuple[float, float]:
    """Two independent draws of the standard normal distribution (Box and Muller)."""
    word = draw(seed, *what)
    radius = math.sqrt(-2.0 * math.log(((word >> 32) + 1) / (1 << 32)))
    angle = 2.0 * math.pi * (word & 0xFFFFFFFF) / (1 << 32)
    return radius * math.cos(angle), radius * math.sin(angle)


@part
def drawn(word: np.uint64, what: int) -> np.uint64:
    """The same for compiled code, a part of `what` at a time: drawn(drawn(seed, 1), 2) is draw(seed, 1, 2)."""
    word += np.uint64(_GOLDEN) * np.uint64(what + 1)
    word = (word ^ (word >> np.uint64(30))) * np.uint64(_FIRST)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(_SECOND)
    return word ^ (word >> np.uint64(31))


@part
def evenly(word: np.uint64) -> float:
    """At least 0, below 1, of a drawn word: as `uniform`."""
    return float(word >> np.uint64(11)) * 2.0**-53


@part
def normally(word: np.uint64) -> tuple[float, float]:
    """Two draws of the standard normal distribution, of a drawn word: as `normal_pair`."""
    radius = math.sqrt(-2.0 * math.log((float(word >> np.uint64(32)) + 1.0) * 2.0**-32))
    angle = 2.0 * math.pi * float(word & np.uint64(0xFFFFFFFF)) * 2.0**-32
    return radius * math.cos(angle), radius * math.sin(angle)
