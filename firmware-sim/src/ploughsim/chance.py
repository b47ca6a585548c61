"""Chance without state: a draw is a pure function of the seed and of what is being decided.

Nothing has to be saved to go on with the same night, and the order of the draws does not matter.
"""

import math

_WORD = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15


def draw(seed: int, *what: int) -> int:
    """64 evenly distributed bits (the finaliser of SplitMix64, chained over `what`)."""
    word = seed & _WORD
    for part in what:
        word = (word + _GOLDEN * (part + 1)) & _WORD
        word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
        word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & _WORD
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
