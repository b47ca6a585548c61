"""A few faults of some scenarios, so that the suite itself is known to work; `make faults` does it in earnest."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.scenarios import SCENARIOS
from tests.faults.trial import Ground, Outcome

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture
def ground(postgres_url: str, network_folder: Path, tmp_path: Path) -> Iterator[Ground]:
    seed = time.time_ns() % (1 << 31)
    print("seed", seed)
    yield Ground(server_url=postgres_url, network=network_folder, folder=tmp_path, seed=seed, say=print)


@pytest.mark.parametrize(
    ("name", "times"),
    [("kill-ingest", 3), ("kill-fold", 2), ("links-cut", 2), ("commit-fails", 1)],
)
def test_nothing_is_lost_and_the_results_are_those_of_an_undisturbed_run(ground: Ground, name: str, times: int) -> None:
    outcome = SCENARIOS[name].play(ground, times)
    assert isinstance(outcome, Outcome)
    assert outcome.good, outcome.as_json()
    assert outcome.faults == times
    assert outcome.comparison.acknowledged > 100
    assert outcome.facts["passes"] > 0
