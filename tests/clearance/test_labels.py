"""The table of labels: complete, every row of use, and printed in docs/labels.md."""

from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.clearance.labels import RULES, Situation, label, of_both
from snowtrack.model.columns import ABSENT_32
from snowtrack.model.states import LABELS, Label

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "labels.md"
HOUR_US = 3_600_000_000
CRITERION_MM, AGED_US, DUE_US = 100, 6 * HOUR_US, 4 * HOUR_US


class One(NamedTuple):
    """The situation of one direction."""

    closed: bool = False
    untold: bool = False
    worked: bool = True
    done: bool = False
    recent: bool = False
    silent: bool = False
    age_us: int = 0
    fallen_mm: int = ABSENT_32


NOT_WORKED = One(worked=False)
DONE = One(done=True)
EACH = [
    One(closed, untold, worked, done, recent, silent, age_us, fallen)
    for closed, untold, worked, done, recent, silent in product([False, True], repeat=6)
    for age_us in (-1, 0, DUE_US, DUE_US + 1, AGED_US, AGED_US + 1)
    for fallen in (ABSENT_32, 0, CRITERION_MM - 1, CRITERION_MM)
]
# A direction that is done, or worked on of late, was worked on.
POSSIBLE = [one for one in EACH if one.worked or not (one.done or one.recent or one.silent)]


def together(ones: list[One]) -> Situation:
    flags = {name: np.array([getattr(one, name) for one in ones], np.bool_) for name in One._fields[:6]}
    count = len(ones)
    return Situation(
        **flags,
        age_us=np.array([one.age_us for one in ones], np.int64),
        fallen_mm=np.array([one.fallen_mm for one in ones], np.int32),
        criterion_mm=np.full(count, CRITERION_MM, np.int32),
        aged_us=np.full(count, AGED_US, np.int64),
        due_us=np.full(count, DUE_US, np.int64),
    )


def labels(*ones: One) -> list[Label]:
    return [LABELS[number] for number in label(together(list(ones))).tolist()]


def said_of(one: One) -> Label:
    """The same, as one would explain it to somebody."""
    if one.closed:
        return Label.CLOSED
    if one.done and not needs_work(one, AGED_US):
        return Label.DONE
    if one.recent:
        return Label.UNKNOWN if one.silent else Label.UNDER_WAY
    if one.done:
        return Label.SNOWED_OVER if one.fallen_mm != ABSENT_32 else Label.AGED
    if one.untold and not one.worked:
        return Label.UNKNOWN
    known = Label.PARTLY if one.worked else Label.NEVER
    return Label.DUE if needs_work(one, DUE_US) else known


def needs_work(one: One, without_figure_us: int) -> bool:
    return one.age_us > without_figure_us if one.fallen_mm == ABSENT_32 else one.fallen_mm >= CRITERION_MM


def test_every_situation_is_labelled_as_one_would_explain_it() -> None:
    assert labels(*POSSIBLE) == [said_of(one) for one in POSSIBLE]


@pytest.mark.parametrize("number", range(len(RULES)))
def test_every_row_decides_some_situation(number: int) -> None:
    situation = together(POSSIBLE)
    earlier = np.logical_or.reduce(
        [np.zeros(len(POSSIBLE), np.bool_), *(one.holds(situation) for one in RULES[:number])]
    )
    assert (RULES[number].holds(situation) & ~earlier).any()


def test_every_situation_has_a_row_and_every_label_too() -> None:
    situation = together(POSSIBLE)
    assert np.logical_or.reduce([one.holds(situation) for one in RULES]).all()
    assert sorted(one.label for one in RULES) == sorted(Label)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (DONE, Label.DONE),
        (DONE._replace(silent=True, recent=True), Label.DONE),
        (DONE._replace(age_us=AGED_US), Label.DONE),
        (DONE._replace(age_us=AGED_US + 1), Label.AGED),
        (DONE._replace(age_us=AGED_US + 1, fallen_mm=0), Label.DONE),
        (DONE._replace(fallen_mm=CRITERION_MM - 1), Label.DONE),
        (DONE._replace(fallen_mm=CRITERION_MM), Label.SNOWED_OVER),
        (DONE._replace(recent=True), Label.DONE),
        (DONE._replace(recent=True, fallen_mm=CRITERION_MM), Label.UNDER_WAY),
        (DONE._replace(recent=True, fallen_mm=CRITERION_MM, silent=True), Label.UNKNOWN),
        (DONE._replace(recent=True, age_us=AGED_US + 1), Label.UNDER_WAY),
        (DONE._replace(recent=True, age_us=AGED_US + 1, silent=True), Label.UNKNOWN),
        (DONE._replace(silent=True, fallen_mm=CRITERION_MM), Label.SNOWED_OVER),
        (DONE._replace(closed=True), Label.CLOSED),
        (One(recent=True), Label.UNDER_WAY),
        (One(recent=True, fallen_mm=CRITERION_MM), Label.UNDER_WAY),
        (One(recent=True, silent=True), Label.UNKNOWN),
        (One(silent=True), Label.PARTLY),
        (One(age_us=DUE_US), Label.PARTLY),
        (One(age_us=DUE_US + 1), Label.DUE),
        (One(age_us=DUE_US + 1, fallen_mm=0), Label.PARTLY),
        (One(fallen_mm=CRITERION_MM), Label.DUE),
        (NOT_WORKED, Label.NEVER),
        (NOT_WORKED._replace(untold=True), Label.UNKNOWN),
        (NOT_WORKED._replace(age_us=DUE_US + 1), Label.DUE),
        (NOT_WORKED._replace(age_us=DUE_US + 1, untold=True), Label.UNKNOWN),
        (NOT_WORKED._replace(closed=True), Label.CLOSED),
    ],
)
def test_labels_of_a_direction(one: One, expected: Label) -> None:
    assert labels(one) == [expected]


def both(one: Label, other: Label) -> Label:
    places = [np.array([LABELS.index(each)], np.int8) for each in (one, other)]
    return LABELS[int(of_both(*places)[0])]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Label.DONE, Label.DONE, Label.DONE),
        (Label.DONE, Label.AGED, Label.AGED),
        (Label.DONE, Label.SNOWED_OVER, Label.SNOWED_OVER),
        (Label.DONE, Label.PARTLY, Label.PARTLY),
        (Label.DONE, Label.NEVER, Label.PARTLY),
        (Label.PARTLY, Label.NEVER, Label.PARTLY),
        (Label.SNOWED_OVER, Label.NEVER, Label.SNOWED_OVER),
        (Label.AGED, Label.NEVER, Label.AGED),
        (Label.PARTLY, Label.SNOWED_OVER, Label.PARTLY),
        (Label.DONE, Label.DUE, Label.DUE),
        (Label.UNDER_WAY, Label.NEVER, Label.UNDER_WAY),
        (Label.UNDER_WAY, Label.DUE, Label.UNDER_WAY),
        (Label.UNDER_WAY, Label.DONE, Label.UNDER_WAY),
        (Label.UNDER_WAY, Label.UNKNOWN, Label.UNKNOWN),
        (Label.NEVER, Label.NEVER, Label.NEVER),
        (Label.NEVER, Label.DUE, Label.DUE),
        (Label.CLOSED, Label.CLOSED, Label.CLOSED),
    ],
)
def test_a_segment_reads_as_the_direction_that_has_to_be_known_first(one: Label, other: Label, expected: Label) -> None:
    assert both(one, other) is both(other, one) is expected


@given(st.sampled_from(Label), st.sampled_from(Label))
def test_no_direction_makes_a_segment_read_better_than_it_does(one: Label, other: Label) -> None:
    found = both(one, other)
    if Label.NEVER not in (one, other):
        assert LABELS.index(found) == min(LABELS.index(one), LABELS.index(other))
    if found in (Label.NEVER, Label.DONE):
        assert one is other


def flowchart() -> str:
    lines = ["flowchart TD"]
    for number, rule in enumerate(RULES[:-1], start=1):
        lines.append(f'  r{number}{{"{rule.when.replace("; ", "<br>")}"}} -- yes --> l{number}(["{rule.label}"])')
        after = f"r{number + 1}" if number + 1 < len(RULES) else f'l{number + 1}(["{RULES[-1].label}"])'
        lines.append(f"  r{number} -- no --> {after}")
    return "\n".join(lines)


def printed() -> str:
    """docs/labels.md."""
    rows = "\n".join(f"| {number} | {rule.when} | `{rule.label}` |" for number, rule in enumerate(RULES, start=1))
    order = " → ".join(f"`{one}`" for one in Label)
    return f"""# Labels

What a reader is told about one direction of a segment. It is decided when it is read, from the facts of the event, the
snow, the [policy](policy.md) that is valid then, and the time; it is stored nowhere. The first row that holds decides.
This page is printed from the table in `snowtrack.clearance.labels`; `.venv/bin/python -m tests.clearance.test_labels`
prints it again.

| | when | label |
|---|---|---|
{rows}

```mermaid
{flowchart()}
```

- **Done** means that enough of the length (`done_percent`) was ploughed by the needed number of distinct drives
  (`passes`). GPS cannot tell lanes: two drives over the same metres are two passes, on whichever lane they were.
  Spreading is not ploughing, and a pass on a footway says nothing of the carriageway beside it.
- **Again.** What is ploughed again after it was snowed over or has aged is `under_way` as in the first round, and
  `unknown` when the device falls silent meanwhile. It is `done` again when enough of it has been ploughed anew.
- **How often** it was ploughed (`passes` of a segment) is the greatest number of drives over any metre of it: one drive
  whose blade was lifted twice is one.
- **By what evidence**: the strongest that does for `done_percent` of what is covered, each metre by the strongest of
  the passes over it. It is `inferred` only when more than the rest was seen by no blade. Where nothing is covered yet,
  since more passes are needed, what was ploughed stands for it.
- **The criterion** (`criterion_cm`, 出動基準) is measured from when the road was last as it is: as of the instant since
  which enough of it has been ploughed anew; for what is not done, from its last pass or the beginning of the event.
- **Without a figure of the snow** from a sensor within reach that told all the time, age stands for it: *too long ago*
  is `aged_h` for what is done, and `due_h` for what is not.
- **A moment ago** is `under_way_min`. **Unknown** never means uncleared.

A segment reads as the direction that has to be known first, in this order: {order}.
But beside a direction that is `never` the other one speaks: the segment is `snowed_over` or `aged` as that one is, and
where that one is done, `partly` done. A direction that is `due` makes the segment `due`, also beside one that is done.
Only roads on which each direction has to be worked (`both_ways`) have two.

Labels are settled: they are made of passes that no later fix is expected to change, and are told as numbered deltas.
What a plough does this second is in the `heads` of the live stream, which say that they are `provisional`.
"""


def test_the_table_in_the_documents_is_this_one() -> None:
    assert DOCUMENT.read_text() == printed()


if __name__ == "__main__":
    DOCUMENT.write_text(printed())
