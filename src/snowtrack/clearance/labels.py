"""Facts to labels: one table, read from the top, the first row that holds decides.

A label is a function of facts, snow, policy and now, computed when it is read and never stored as truth. That a segment
is unknown never means that it is uncleared: it says that the device that should tell is silent.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from snowtrack.model.columns import Bools, Int8s, Int32s, Int64s, present
from snowtrack.model.states import LABELS, Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What labels depend on: arrays of one shape. Ages are from when a direction was last as it is now: done anew, or
    else worked on, and not before the event began; `fallen_mm` is the snow since then, absent without a figure."""

    closed: Bools
    untold: Bools
    """The device that should tell of it is silent."""
    worked: Bools
    """A machine ploughed here."""
    done: Bools
    recent: Bools
    """Worked on a moment ago."""
    silent: Bools
    """The device that worked here last is silent."""
    age_us: Int64s
    fallen_mm: Int32s
    criterion_mm: Int32s
    aged_us: Int64s
    due_us: Int64s

    @property
    def measured(self) -> Bools:
        """There is a figure of the snow."""
        return present(self.fallen_mm)

    @property
    def snowed(self) -> Bools:
        """As much has fallen as asks for work. No figure is below every criterion."""
        return self.fallen_mm >= self.criterion_mm

    @property
    def aged(self) -> Bools:
        """There is no figure of the snow, and for what is done it was too long ago."""
        return ~self.measured & (self.age_us > self.aged_us)

    @property
    def over(self) -> Bools:
        """It was done, and needs work again."""
        return self.done & (self.snowed | self.aged)


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table."""

    label: Label
    when: str
    holds: Callable[[Situation], Bools]


RULES = (
    Rule(Label.CLOSED, "the road is closed now", lambda s: s.closed),
    Rule(
        Label.DONE,
        "done, and neither has as much snow as the criterion fallen since,"
        " nor, without a figure of the snow, was it too long ago",
        lambda s: s.done & ~s.over,
    ),
    Rule(
        Label.UNKNOWN,
        "worked on a moment ago by a device that is now silent; or never, and the device that should tell is silent",
        lambda s: (s.recent & s.silent) | (~s.worked & s.untold),
    ),
    Rule(Label.UNDER_WAY, "worked on a moment ago", lambda s: s.recent),
    Rule(Label.SNOWED_OVER, "done, and as much snow as the criterion has fallen since", lambda s: s.done & s.snowed),
    Rule(Label.AGED, "done, there is no figure of the snow, and it was too long ago", lambda s: s.done & s.aged),
    Rule(
        Label.DUE,
        "as much snow as the criterion has fallen since the event began or it was worked on;"
        " or there is no figure of the snow, and that was too long ago",
        lambda s: s.snowed | (~s.measured & (s.age_us > s.due_us)),
    ),
    Rule(Label.PARTLY, "worked on", lambda s: s.worked),
    Rule(Label.NEVER, "otherwise", lambda s: ~s.worked),
)


def label(situation: Situation) -> Int8s:
    """The number of the label that each gets, its place in `LABELS`."""
    chosen = np.full(situation.closed.shape, LABELS.index(RULES[-1].label), np.int8)
    for rule in reversed(RULES[:-1]):
        chosen[rule.holds(situation)] = LABELS.index(rule.label)
    return chosen


def of_both(one: Int8s, other: Int8s) -> Int8s:
    """The label of a segment whose directions have these: the first in the order of `LABELS`. But beside a direction
    that was never worked the other one speaks, and where that is done, the segment is partly done."""
    never, partly, done = (np.int8(LABELS.index(each)) for each in (Label.NEVER, Label.PARTLY, Label.DONE))
    first, last = np.minimum(one, other), np.maximum(one, other)
    beside = np.where(last == done, partly, last)
    return np.where(first == never, beside, first).astype(np.int8)
