"""What the public may see of the views of the moment."""

from hypothesis import given
from hypothesis import strategies as st

from snowtrack.clearance.public_cut import PublicCut
from snowtrack.clearance.view import NEVER, Views
from snowtrack.model.columns import ABSENT_64
from tests.clearance.worlds import NOW_US, SECOND_US, VIEWS

UNTOUCHED = Views.untouched(1).rows()[0]


@given(rows=VIEWS, round_s=st.sampled_from([1, 60, 300, 3_600]))
def test_times_are_rounded_down_and_nothing_else_is_changed(rows: list[tuple[int, ...]], round_s: int) -> None:
    cut = PublicCut.made(Views.from_rows(rows), NOW_US, round_s)
    step_us = round_s * SECOND_US
    coarse = [
        (label, share, at_us if at_us == ABSENT_64 else at_us // step_us * step_us, *rest)
        for label, share, at_us, *rest in rows
    ]
    assert cut.cut_us == NOW_US
    assert cut.views.rows() == [UNTOUCHED if row[0] == NEVER else row for row in coarse]


def test_before_the_first_nothing_is_known() -> None:
    cut = PublicCut.of_nothing(2)
    assert (cut.cut_us, cut.views.rows()) == (0, [UNTOUCHED, UNTOUCHED])
