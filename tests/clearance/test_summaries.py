"""Summaries of groups, against sums made segment by segment."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.clearance.groups import Groups
from snowtrack.clearance.summaries import summarise
from snowtrack.clearance.view import Views
from snowtrack.model.columns import ABSENT_64
from snowtrack.model.states import LABELS, Label
from tests.clearance.worlds import VIEWS

MEMBERS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4)), max_size=12, unique=True)
LENGTH_MM = [1_000, 70_000, 123_456, 2_000_000_000, 1]


def groups_of(pairs: list[tuple[int, int]]) -> Groups:
    ordered = sorted(pairs)
    return Groups(
        names={f"g{number}": f"組{number}" for number in range(3)},
        member=np.array([group for group, _ in ordered], np.int64),
        row=np.array([row for _, row in ordered], np.int64),
    )


@given(
    rows=st.tuples(VIEWS, VIEWS, VIEWS).map(lambda parts: [*parts[0], *parts[1], *parts[2]]),
    pairs=MEMBERS,
)
def test_each_group_is_the_sum_of_its_segments(rows: list[tuple[int, ...]], pairs: list[tuple[int, int]]) -> None:
    rows = rows[:5]
    pairs = [(group, row) for group, row in pairs if row < len(rows)]
    found = list(summarise(groups_of(pairs), Views.from_rows(rows), np.array(LENGTH_MM, np.int32)[: len(rows)]))
    assert [one.id for one in found] == ["g0", "g1", "g2"]
    for group, summary in enumerate(found):
        own = [(rows[row], LENGTH_MM[row]) for of, row in pairs if of == group]
        labels = [LABELS[view[0]] for view, _ in own]
        at = [view[2] for view, _ in own if view[2] != ABSENT_64]
        done_at = [view[2] for view, _ in own if LABELS[view[0]] is Label.DONE and view[2] != ABSENT_64]
        by_label = {one: sum(mm for label, (_, mm) in zip(labels, own, strict=True) if label is one) for one in LABELS}
        open_mm = sum(by_label.values()) - by_label[Label.CLOSED]
        assert summary.name == f"組{group}"
        assert (summary.segments, summary.label_mm) == (len(own), by_label)
        assert summary.done_share == (round(by_label[Label.DONE] / open_mm, 4) if open_mm else None)
        assert summary.newest_us == max(at, default=None)
        assert summary.done_since_us == min(done_at, default=None)


def test_for_readers_lengths_are_kilometres() -> None:
    views = Views.from_rows(
        [(LABELS.index(Label.DONE), 100, 0, 0, 90), (LABELS.index(Label.CLOSED), 0, ABSENT_64, 0, 0)]
    )
    (first, *_) = summarise(groups_of([(0, 0), (0, 1)]), views, np.array([1_500_000, 499_600], np.int32))
    said = first.as_json()
    assert (said["km"], said["done_share"], said["segments"]) == (2.0, 1.0, 2)
    by_label = said["km_by_label"]
    assert isinstance(by_label, dict)
    assert {label: km for label, km in by_label.items() if km} == {"done": 1.5, "closed": 0.5}
    assert said["newest_at"] == said["done_since"] == "1970-01-01T00:00:00Z"
