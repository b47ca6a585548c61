"""The facts of all segments of a network in memory, by row: what labels are made from, once a minute all of them.

`replace` is the one door. A row has two directions: the first is the one along it, or any; the second is the one
against it and counts where both have to be worked. What was driven in a direction that is not known counts for neither.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from snowtrack.clearance.labels import Situation, label
from snowtrack.clearance.segments import PolicyTable
from snowtrack.model.columns import ABSENT_64, Bools, Int8s, Int16s, Int32s, Int64s, Rows, present
from snowtrack.model.states import ANY_DIRECTION, StateBatch

Fallen = Callable[[Rows, Int64s], Int32s]
"""Snow that has fallen on rows of the network since an instant for each, absent where nothing near tells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What labels depend on beside facts, at one instant; arrays by row of the network, `silent` by number."""

    now_us: int
    event_us: int
    closed: Bools
    untold: Bools
    silent: Int32s
    fallen: Fallen


@dataclass(frozen=True, slots=True, kw_only=True)
class Directions:
    """What a view is made of, two columns by row: the directions that count, their labels and facts. `again_us` is from
    when on what was done needs work again, absent for what does not: when it had aged; now, where it was snowed over,
    since nobody knows when that came to be."""

    counts: Bools
    label: Int8s
    again_us: Int64s
    length_mm: Int32s
    covered_mm: Int32s
    last_us: Int64s
    evidence: Int8s
    confidence: Int16s


Array = npt.NDArray[Any]
_KEPT = ("length_mm", "covered_mm", "passes", "last_us", "fresh_us", "evidence", "confidence", "last_device")


class Ledger:
    """Of one network, under the policy that makes the facts."""

    def __init__(self, both_ways: Bools) -> None:
        self.both_ways = both_ways
        dtypes = StateBatch.dtypes()
        absent = {name: np.iinfo(dtypes[name]).min for name in _KEPT}
        self.nothing = absent | {"length_mm": 0, "covered_mm": 0, "passes": 0, "confidence": 0}
        self.columns = {name: np.full((len(both_ways), 2), self.nothing[name], dtypes[name]) for name in _KEPT}

    def __len__(self) -> int:
        return len(self.both_ways)

    def replace(self, rows: Rows, facts: StateBatch, rows_of_facts: Rows) -> None:
        """Put facts in place of all that is known of the rows."""
        slot = (facts.direction < 0).astype(np.int64)
        kept = (rows_of_facts >= 0) & (~self.both_ways[rows_of_facts] | (facts.direction != ANY_DIRECTION))
        for name, column in self.columns.items():
            column[rows] = self.nothing[name]
            column[rows_of_facts[kept], slot[kept]] = getattr(facts, name)[kept]

    def directions(self, rows: Rows, around: Surroundings, table: PolicyTable) -> Directions:
        """The labels of rows under the policy that is valid now, and what they rest on."""
        own = {name: column[rows] for name, column in self.columns.items()}
        counts = np.column_stack((np.ones(len(rows), np.bool_), self.both_ways[rows]))
        last_us, fresh_us = own["last_us"], own["fresh_us"]
        done = present(fresh_us)
        since_us = np.where(done, fresh_us, np.maximum(last_us, around.event_us))
        fallen_mm = np.full(counts.shape, np.iinfo(np.int32).min, np.int32)
        fallen_mm[counts] = around.fallen(_twice(rows)[counts], since_us[counts])

        situation = Situation(
            closed=_twice(around.closed[rows]),
            untold=_twice(around.untold[rows]),
            worked=present(last_us),
            done=done,
            recent=last_us >= around.now_us - table.policy.under_way_us,
            silent=np.isin(own["last_device"], around.silent),
            age_us=around.now_us - since_us,
            fallen_mm=fallen_mm,
            criterion_mm=_twice(table.criterion_mm[rows]),
            aged_us=_twice(table.aged_us[rows]),
            due_us=_twice(table.due_us[rows]),
        )
        over_us = np.where(situation.measured, around.now_us, since_us + situation.aged_us)
        again_us = np.where(situation.over, over_us, ABSENT_64)
        shown = {name: own[name] for name in ("length_mm", "covered_mm", "last_us", "evidence", "confidence")}
        return Directions(counts=counts, label=label(situation), again_us=again_us, **shown)


def _twice(column: Array) -> Array:
    """For both directions."""
    return np.repeat(column[:, None], 2, axis=1)


def no_figure(rows: Rows, _since_us: Int64s) -> Int32s:
    """Where nobody measures snow."""
    return np.full(len(rows), np.iinfo(np.int32).min, np.int32)
