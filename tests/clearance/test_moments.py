"""What goes on in groups, against counts made machine by machine."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.clearance.moments import GoingOn, moments
from snowtrack.clearance.summaries import summarise
from snowtrack.clearance.view import Views
from snowtrack.model.columns import ABSENT_32
from tests.clearance.test_summaries import MEMBERS, groups_of

ROWS = 5
FALLEN = st.lists(st.sampled_from([ABSENT_32, 0, 3, 70]), min_size=ROWS, max_size=ROWS)


@given(pairs=MEMBERS, working=st.lists(st.integers(0, ROWS - 1), max_size=6), hour=FALLEN, day=FALLEN)
def test_each_group_has_its_own_machines_and_the_most_snow(
    pairs: list[tuple[int, int]], working: list[int], hour: list[int], day: list[int]
) -> None:
    groups = groups_of(pairs)
    told = summarise(groups, Views.untouched(ROWS), np.full(ROWS, 1_000, np.int32))
    now = GoingOn(
        working=np.array(working, np.int64),
        new_1h_mm=np.array(hour, np.int32),
        new_24h_mm=np.array(day, np.int32),
    )
    for group, moment in enumerate(moments(groups, told, now)):
        own = {row for of, row in pairs if of == group}
        assert moment.machines_working == sum(row in own for row in working)
        for fallen, most in ((hour, moment.new_1h_mm), (day, moment.new_24h_mm)):
            assert most == max((fallen[row] for row in own if fallen[row] != ABSENT_32), default=None)
        assert moment.as_json()["id"] == f"g{group}"


@given(pairs=MEMBERS, kept=st.sets(st.integers(0, ROWS - 1)))
def test_groups_of_some_rows_alone_keep_their_names(pairs: list[tuple[int, int]], kept: set[int]) -> None:
    groups = groups_of(pairs)
    rows = np.isin(np.arange(ROWS), list(kept))
    own = groups.within(rows)
    ids = list(own.names)
    found = {(ids[member], row) for member, row in zip(own.member.tolist(), own.row.tolist(), strict=True)}
    assert found == {(f"g{group}", row) for group, row in pairs if row in kept}
    assert set(ids) == {id_ for id_, _ in found}
