"""The made-up town as streets."""

import pytest

from benchmarks.match.itinerary import Town
from benchmarks.match.streets import from_lines
from snowtrack.roads import sample


@pytest.fixture(scope="session")
def town() -> Town:
    return Town(from_lines(list(sample.Town(1).lines())))
