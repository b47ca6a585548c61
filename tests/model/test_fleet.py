"""Which machine carried a device at an instant."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.calendar import utc_text
from snowtrack.model.fleet import FOREVER_US, NO_FLEET, NOBODY, Fleet, Mountings
from snowtrack.model.machines import FOOTWAY_KINDS, JAPANESE, MachineKind


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    """Mountings of each device one after the other, with and without holes between them."""
    rows: list[tuple[int, ...]] = []
    for device in sorted(draw(st.sets(st.integers(1, 6)))):
        cuts = sorted(draw(st.sets(st.integers(0, 30), max_size=8)))
        spans: list[tuple[int, int]] = [span for span in pairwise(cuts) if draw(st.booleans())]
        is_open = draw(st.booleans())
        if spans and is_open:
            spans[-1] = (spans[-1][0], FOREVER_US)
        rows += [(device, start, end, 1, 0, 0) for start, end in spans]
    return Fleet(mountings=Mountings.from_rows(rows))


@given(fleets(), st.lists(st.tuples(st.integers(0, 7), st.integers(-1, 31) | st.just(FOREVER_US - 1))))
def test_a_mounting_holds_from_its_start_to_before_its_end(fleet: Fleet, asked: list[tuple[int, int]]) -> None:
    rows = list(enumerate(fleet.mountings.rows()))
    expected = [
        next((row for row, (own, start, end, *_) in rows if own == device and start <= at < end), NOBODY)
        for device, at in asked
    ]
    devices, instants = np.array([one[0] for one in asked], np.int32), np.array([one[1] for one in asked], np.int64)
    found = fleet.mounted(devices, instants)
    assert found.tolist() == expected
    assert found.dtype == np.int64


def test_without_a_registry_nothing_is_mounted() -> None:
    assert NO_FLEET.mounted(np.array([1], np.int32), np.array([5], np.int64)).tolist() == [NOBODY]
    assert len(NO_FLEET.mounted(np.empty(0, np.int32), np.empty(0, np.int64))) == 0


def test_the_end_of_a_mounting_without_one_is_the_last_second_of_dates() -> None:
    assert utc_text(FOREVER_US) == "9999-12-31T23:59:59Z"


def test_each_kind_that_can_be_registered_has_a_name() -> None:
    assert set(JAPANESE) == set(MachineKind) - {MachineKind.UNKNOWN}
    assert len(set(JAPANESE.values())) == len(JAPANESE)
    assert FOOTWAY_KINDS - set(JAPANESE) == set()
    assert MachineKind.GRADER.word == "grader"
