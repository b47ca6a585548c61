"""The table of labels: complete, every row of use, and printed in docs/labels.md."""

from itertools import product
from pathlib import Path

import pytest

from snowtrack.clearance.labels import RULES, LabelPolicy, Situation, label_direction, label_segment
from snowtrack.model.passes import Evidence
from snowtrack.model.states import DirectionFacts, Label

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "labels.md"
POLICY = LabelPolicy()
AGES = [-1, 0, POLICY.under_way_us, POLICY.under_way_us + 1, POLICY.aged_us, POLICY.aged_us + 1]
SITUATIONS = [Situation(done, age, silent, POLICY) for done, age, silent in product([True, False], AGES, [True, False])]


def deciding(situation: Situation) -> int:
    return next(number for number, (_, _, holds) in enumerate(RULES) if holds(situation))


def facts(*, done: bool, last_us: int = 0) -> DirectionFacts:
    return DirectionFacts(
        segment_id=1,
        direction=0,
        covered_mm=((0, 10),),
        length_mm=10,
        passes=1,
        first_us=0,
        last_us=last_us,
        done_us=last_us if done else None,
        evidence=Evidence.BLADE,
        last_device=1,
    )


def printed() -> str:
    """The table as docs/labels.md shows it."""
    rows = "\n".join(f"| {number} | {reason} | `{label}` |" for number, (label, reason, _) in enumerate(RULES, start=1))
    hours, minutes = POLICY.aged_us / 3.6e9, POLICY.under_way_us / 6e7
    order = " < ".join(f"`{label}`" for label in Label)
    return f"""# Labels

What a reader is told about one direction of a segment. It is decided when it is read, from the facts, the policy and
the time; it is stored nowhere. The first row that holds decides. This page is printed from the table in
`snowtrack.clearance.labels`; `.venv/bin/python -m tests.clearance.test_labels` prints it again.

| | when | label |
|---|---|---|
{rows}

By default *enough* is {POLICY.done_permille / 10:g} % of the length, *a moment ago* is {minutes:g} minutes and
*too long ago* is {hours:g} hours (`[clearance]` in the settings).

A direction that was not worked since the event began has no facts, and no label of its own. A segment is as good as its
worst direction, in the order {order}. Where both
directions count and one has no facts, it is `partly` at best; where none has, it is `never`.
"""


def test_every_situation_has_a_label() -> None:
    assert all(any(holds(situation) for _, _, holds in RULES) for situation in SITUATIONS)


@pytest.mark.parametrize("number", range(len(RULES)))
def test_every_row_decides_some_situation(number: int) -> None:
    assert number in {deciding(situation) for situation in SITUATIONS}


def test_the_table_in_the_documents_is_this_one() -> None:
    assert DOCUMENT.read_text() == printed()


@pytest.mark.parametrize(
    ("done", "age_us", "silent", "label"),
    [
        (True, 0, False, Label.DONE),
        (True, 0, True, Label.DONE),
        (True, POLICY.aged_us, False, Label.DONE),
        (True, POLICY.aged_us + 1, False, Label.AGED),
        (False, 0, False, Label.UNDER_WAY),
        (False, POLICY.under_way_us, False, Label.UNDER_WAY),
        (False, POLICY.under_way_us + 1, False, Label.PARTLY),
        (False, 0, True, Label.UNKNOWN),
        (False, POLICY.under_way_us + 1, True, Label.PARTLY),
        (False, -1, False, Label.UNDER_WAY),
    ],
)
def test_labels_of_a_direction(done: bool, age_us: int, silent: bool, label: Label) -> None:
    worked = facts(done=done, last_us=10**9)
    assert label_direction(worked, now_us=10**9 + age_us, silent=silent, policy=POLICY) is label


def test_a_stricter_policy_ages_earlier() -> None:
    policy = LabelPolicy(aged_us=1)
    assert label_direction(facts(done=True), now_us=2, silent=False, policy=policy) is Label.AGED


@pytest.mark.parametrize(
    ("labels", "directions", "expected"),
    [
        ([], 1, Label.NEVER),
        ([], 2, Label.NEVER),
        ([Label.DONE], 1, Label.DONE),
        ([Label.DONE], 2, Label.PARTLY),
        ([Label.AGED], 2, Label.PARTLY),
        ([Label.UNDER_WAY], 2, Label.UNDER_WAY),
        ([Label.UNKNOWN], 2, Label.UNKNOWN),
        ([Label.DONE, Label.DONE], 2, Label.DONE),
        ([Label.DONE, Label.AGED], 2, Label.AGED),
        ([Label.DONE, Label.PARTLY], 2, Label.PARTLY),
        ([Label.UNDER_WAY, Label.UNKNOWN], 2, Label.UNKNOWN),
    ],
)
def test_a_segment_is_as_good_as_its_worst_direction(labels: list[Label], directions: int, expected: Label) -> None:
    assert label_segment(labels, directions) is expected
    assert label_segment(labels[::-1], directions) is expected


if __name__ == "__main__":
    DOCUMENT.write_text(printed())
