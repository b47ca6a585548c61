"""What the benchmark shows as a storm, of a small town."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.ingest.load import make_network_once
from benchmarks.serve.storm import HOURS, Storm, simulate_storm
from benchmarks.serve.tiles import ZOOMS, fullest, spread
from snowtrack.clearance.view import NEVER
from snowtrack.model.calendar import HOUR_US, MINUTE_US
from snowtrack.model.columns import present
from snowtrack.model.states import LABELS, Label
from snowtrack.model.work import Evidence

TOLD_US = 1_795_000_000_000_000
SEGMENTS = 1_000


@pytest.fixture(scope="module")
def storm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storm]:
    yield simulate_storm(make_network_once(Path(tmp_path_factory.mktemp("storm")), SEGMENTS))


def test_before_it_nothing_is_known(storm: Storm) -> None:
    cut = storm.cut(storm.begun_us, TOLD_US, 300)
    assert (cut.views.label == NEVER).all()


def test_ever_more_roads_have_been_worked(storm: Storm) -> None:
    hours = [storm.begun_us + hour * HOUR_US for hour in (1, 4, int(HOURS))]
    worked = [int((storm.cut(at_us, TOLD_US, 300).views.label != NEVER).sum()) for at_us in hours]
    assert 0 < worked[0] < worked[1] <= worked[2]


def test_times_are_told_as_if_it_were_now(storm: Storm) -> None:
    views = storm.cut(storm.begun_us + HOUR_US, TOLD_US, 300).views
    at_us = views.at_us[present(views.at_us)]
    assert at_us.min() > TOLD_US - 2 * HOUR_US
    assert at_us.max() <= TOLD_US
    assert LABELS.index(Label.DONE) in views.label


def test_no_minute_is_busier_than_the_busiest(storm: Storm) -> None:
    ended_us = storm.passes.ended_us
    own = np.sum((ended_us >= storm.busiest_us - MINUTE_US) & (ended_us < storm.busiest_us))
    minutes = np.bincount((ended_us - storm.begun_us) // MINUTE_US)
    assert own == minutes.max() > 0


def test_most_is_known_by_inputs_and_some_is_inferred(storm: Storm) -> None:
    found = np.bincount(storm.passes.evidence, minlength=len(Evidence))
    assert found[Evidence.BLADE] > 0
    assert found[Evidence.REPORTED] == 0
    assert ((storm.passes.confidence >= 0) & (storm.passes.confidence <= 1_000)).all()


def test_the_fullest_tiles_come_first_and_some_of_all_sizes_are_spread_among_them(storm: Storm) -> None:
    tiles = fullest(storm.network)
    sizes = [tile.segments for tile in tiles]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] > 0
    assert {tile.key.z for tile in tiles} == set(ZOOMS)
    some = spread(tiles, 3)
    assert (some[0], some[-1], len(some)) == (tiles[0], tiles[-1], 3)
