"""Draws are what they were, compiled or not, and are distributed as they claim."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ploughsim.chance import draw, drawn, evenly, normal_pair, normally, uniform

WORDS = st.integers(0, 2**64 - 1)
PARTS = st.integers(0, 2**40)


def test_the_numbers_never_change() -> None:
    """Code that was compiled with them is not made anew when they change."""
    assert [draw(1), draw(1, 2), draw(2**63, 0, 7)] == [1, 0xF893A2EEFB32555E, 0x2F2A0E0089B16C34]


@given(WORDS, PARTS, PARTS)
def test_compiled_draws_are_the_same(seed: int, first: int, second: int) -> None:
    word = np.uint64(drawn(np.uint64(drawn(np.uint64(seed), first)), second))
    assert int(word) == draw(seed, first, second)
    assert evenly(word) == uniform(seed, first, second)
    assert normally(word) == pytest.approx(normal_pair(seed, first, second), rel=1e-15, abs=1e-15)


def test_draws_are_distributed_as_they_claim() -> None:
    even = np.array([uniform(7, number) for number in range(20_000)])
    assert np.abs(np.histogram(even, bins=20, range=(0, 1))[0] - 1000).max() < 5 * np.sqrt(1000)
    normal = np.array([normal_pair(7, number) for number in range(20_000)])
    assert np.abs(normal.mean(axis=0)).max() < 0.03
    assert np.abs(normal.std(axis=0) - 1).max() < 0.03
    assert abs(np.corrcoef(normal.T)[0, 1]) < 0.03
