"""Which stretch is computed again: from the start of a track to the end of one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.tracks import DirtyStretch
from snowtrack.pipeline.replay import whole_tracks

CUT = 20


def widened(start: int, to: int, times: list[int]) -> tuple[int, int]:
    """As far as there is always another fix within the cut."""
    while earlier := [at for at in times if start - CUT <= at < start]:
        start = min(earlier)
    while later := [at for at in times if to < at <= to + CUT]:
        to = max(later)
    return start, to


def whole(start: int, to: int, times: list[int]) -> tuple[int, int]:
    stretch = DirtyStretch(device=7, from_us=start, to_us=to)
    found = whole_tracks(stretch, np.array(times, np.int64), CUT)
    assert found.device == 7
    return found.from_us, found.to_us


@given(st.integers(0, 300), st.integers(0, 80), st.lists(st.integers(0, 400), max_size=25))
def test_a_stretch_grows_to_whole_tracks_whatever_order_its_fixes_come_in(
    start: int, long: int, times: list[int]
) -> None:
    assert whole(start, start + long, times) == widened(start, start + long, times)


def test_a_stretch_without_fixes_stays_as_it_is() -> None:
    assert whole(100, 110, []) == (100, 110)
    assert whole(100, 110, [100 - CUT - 1, 110 + CUT + 1]) == (100, 110)


def test_a_gap_of_just_the_cut_belongs_to_the_track() -> None:
    assert whole(100, 110, [100 - CUT, 110 + CUT]) == (100 - CUT, 110 + CUT)
