"""Facts to labels: one table, read from the top, the first row that holds decides.

A label is a function of facts, policy and now, computed when it is read and never stored as truth. That a segment is
unknown never means that it is uncleared: it says that the device that should tell is silent.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from snowtrack.model.states import DirectionFacts, Label

MINUTE_US = 60_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelPolicy:
    """When a label stops to hold."""

    done_permille: int = 900
    under_way_us: int = 10 * MINUTE_US
    aged_us: int = 6 * 60 * MINUTE_US


@dataclass(frozen=True, slots=True)
class Situation:
    """What a label depends on."""

    done: bool
    age_us: int
    silent: bool
    policy: LabelPolicy

    @property
    def recent(self) -> bool:
        return self.age_us <= self.policy.under_way_us


Rule = Callable[[Situation], bool]

RULES: tuple[tuple[Label, str, Rule], ...] = (
    (Label.AGED, "done, but worked on too long ago", lambda s: s.done and s.age_us > s.policy.aged_us),
    (Label.DONE, "enough of the length is covered", lambda s: s.done),
    (Label.UNKNOWN, "worked on a moment ago, by a device that is now silent", lambda s: s.recent and s.silent),
    (Label.UNDER_WAY, "worked on a moment ago", lambda s: s.recent),
    (Label.PARTLY, "some of the length is covered", lambda s: not s.done),
)


def label_direction(facts: DirectionFacts, *, now_us: int, silent: bool, policy: LabelPolicy) -> Label:
    """The label of one direction."""
    situation = Situation(facts.done_us is not None, now_us - facts.last_us, silent, policy)
    return next(label for label, _, holds in RULES if holds(situation))


def label_segment(labels: Iterable[Label], directions: int) -> Label:
    """A segment is as good as its worst direction; a direction nobody worked leaves it partly done at best."""
    known = list(labels)
    if not known:
        return Label.NEVER
    worst = min(known, key=list(Label).index)
    if len(known) < directions and worst in (Label.DONE, Label.AGED):
        return Label.PARTLY
    return worst
