"""Facts in memory: what stands for a row is what was put there last, in its direction."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.clearance.fold import fold
from snowtrack.clearance.ledger import Ledger, no_figure
from snowtrack.model.columns import ABSENT_32, Int32s, Int64s, Rows
from snowtrack.model.passes import PassBatch
from snowtrack.model.states import LABELS, Label
from tests.clearance.worlds import (
    ALL,
    LOCAL,
    MAIN,
    NETWORK,
    NOW_US,
    SEGMENTS,
    TABLE,
    around,
    ledger_of,
    worked,
)

WORK = st.lists(
    st.tuples(st.integers(1, len(NETWORK)), st.sampled_from([-1, 1]), st.integers(0, 50), st.integers(51, 100)),
    max_size=12,
)


def passes_of(work: list[tuple[int, int, int, int]]) -> PassBatch:
    return PassBatch.concat(worked(segment, drive) for segment, *drive in work)  # type: ignore[arg-type]


def content(ledger: Ledger) -> dict[str, list[list[int]]]:
    return {name: column.tolist() for name, column in ledger.columns.items()}


@given(WORK, WORK, st.lists(st.integers(0, len(NETWORK) - 1)))
def test_replaced_rows_are_as_if_they_had_always_been_so(
    before: list[tuple[int, int, int, int]], after: list[tuple[int, int, int, int]], rows: list[int]
) -> None:
    ledger, touched = ledger_of(passes_of(before)), np.unique(np.array(rows, np.int64))
    ids = NETWORK.segment_id[touched].tolist()
    states = fold(passes_of([one for one in after if one[0] in ids]), SEGMENTS)
    ledger.replace(touched, states.facts, SEGMENTS.rows(states.facts.segment_id))
    expected = [one for one in before if one[0] not in ids] + [one for one in after if one[0] in ids]
    assert content(ledger) == content(ledger_of(passes_of(expected)))


def test_each_direction_has_its_own_label_where_both_count() -> None:
    ledger = ledger_of(worked(MAIN, (1, 0, 100)), worked(LOCAL, (-1, 0, 100)))
    found = ledger.directions(ALL, around(), TABLE)
    assert found.counts[:, 1].tolist() == TABLE.both_ways.tolist()
    labels = [[LABELS[number] for number in row] for row in found.label.tolist()]
    assert labels[MAIN - 1] == [Label.DONE, Label.NEVER]
    assert labels[LOCAL - 1][0] is Label.DONE


def test_snow_is_asked_for_once_for_each_direction_that_counts_from_when_it_was_last_as_it_is() -> None:
    asked: list[tuple[int, int]] = []

    def fallen(rows: Rows, since_us: Int64s) -> Int32s:
        asked.extend(zip(rows.tolist(), since_us.tolist(), strict=True))
        return no_figure(rows, since_us)

    done, partly = worked(MAIN, (1, 0, 100), ended_us=NOW_US - 9), worked(MAIN, (-1, 0, 50), ended_us=NOW_US - 5)
    event_us = NOW_US - 1000
    ledger_of(done, partly).directions(ALL, around(event_us=event_us, fallen=fallen), TABLE)
    expected = {(row, event_us) for row in range(len(NETWORK)) if row != MAIN - 1}
    assert sorted(asked) == sorted([*expected, (4, event_us), (MAIN - 1, NOW_US - 9), (MAIN - 1, NOW_US - 5)])


def test_where_nobody_measures_there_is_no_figure() -> None:
    assert no_figure(ALL, ALL).tolist() == [ABSENT_32] * len(NETWORK)
