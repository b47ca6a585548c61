"""How sure a match is said to be: a share, more for a larger margin, and never much after a few metres."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.matching.backward import MARGIN_MAX
from snowtrack.matching.confidence import GONE_MM, confidence
from snowtrack.matching.records import COLUMN
from snowtrack.matching.rivals import RIVAL_MAX

MARGINS = st.lists(st.integers(0, MARGIN_MAX), max_size=20)


def sure(margins: list[int], gone_mm: int, rival: int = RIVAL_MAX) -> list[int]:
    columns = np.zeros(len(margins), COLUMN)
    columns["gone_mm"] = gone_mm
    found: list[int] = confidence(np.array(margins, np.int64), np.full(len(margins), rival, np.int16), columns).tolist()
    return found


@given(MARGINS, st.sampled_from([0, GONE_MM - 1, GONE_MM]))
def test_it_is_a_share_in_thousandths_that_grows_with_the_margin(margins: list[int], gone_mm: int) -> None:
    found = sure(sorted(margins), gone_mm)
    assert found == sorted(found)
    assert all(0 <= one <= 1000 for one in found)


def test_where_nothing_else_comes_near_it_is_whole_and_in_a_tie_it_is_not() -> None:
    tie, clear = sure([0, MARGIN_MAX], GONE_MM)
    assert tie < clear == 1000


@given(MARGINS)
def test_a_machine_that_has_hardly_moved_is_never_surer_than_one_that_has(margins: list[int]) -> None:
    pairs = zip(sure(margins, GONE_MM - 1), sure(margins, GONE_MM), strict=True)
    assert all(before <= after for before, after in pairs)
    assert max(sure([MARGIN_MAX], 0)) < 1000


@given(MARGINS, st.integers(0, RIVAL_MAX))
def test_a_road_beside_bounds_how_sure_it_can_be_whatever_the_margin(margins: list[int], rival: int) -> None:
    pairs = zip(sure(margins, GONE_MM, rival), sure(margins, GONE_MM), strict=True)
    assert all(beside <= alone for beside, alone in pairs)
    assert sure([MARGIN_MAX], GONE_MM, 0) == [500]
