"""How quickly machines clear: newly cleared length in an hour of one machine, bin by bin of ten minutes.

A machine's time in a bin is from where its first pass that ended there began to where its last one ended: turning and
driving on are in it, the way to the road is not. The bin that is not over yet is left out. Of the bins in which
machines worked, a quarter is slower than the slow pace and a quarter quicker than the quick one.
"""

from dataclasses import dataclass

import numpy as np

from snowtrack.model.calendar import HOUR_US
from snowtrack.model.columns import Int32s, Int64s
from snowtrack.model.passes import PassBatch

BIN_US = HOUR_US // 6
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Paces:
    """By group, in millimetres an hour of one machine; 0 where nothing was seen."""

    slow_mm: Int64s
    quick_mm: Int64s
    bins: Int32s


def paces(passes: PassBatch, group: Int64s, new_mm: Int64s, *, groups: int, now_us: int) -> Paces:
    """Of each group from 0; arrays are by pass."""
    bin_ = passes.ended_us // BIN_US
    over = np.flatnonzero((bin_ + 1) * BIN_US <= now_us)
    order = over[np.lexsort((passes.device[over], bin_[over], group[over]))]
    keys = np.stack((group[order], bin_[order], passes.device[order].astype(np.int64)))
    changes = keys[:, 1:] != keys[:, :-1]
    begins = _firsts(changes.any(axis=0), len(order))
    started, ended = passes.started_us[order], passes.ended_us[order]
    spent_us = _reduced(np.maximum, ended, begins) - _reduced(np.minimum, started, begins)
    cleared_mm = _reduced(np.add, new_mm[order], begins)
    # From machines to bins.
    of_bin = keys[:2, begins]
    bins = _firsts((of_bin[:, 1:] != of_bin[:, :-1]).any(axis=0), len(begins))
    spent_ms = _reduced(np.add, spent_us, bins) // 1000
    seen = np.flatnonzero(spent_ms)
    pace_mm = _reduced(np.add, cleared_mm, bins)[seen] * _HOUR_MS // spent_ms[seen]
    return _quarters(of_bin[0, bins][seen], pace_mm, groups)


def _quarters(group: Int64s, pace_mm: Int64s, groups: int) -> Paces:
    order = np.lexsort((pace_mm, group))
    ordered = pace_mm[order]
    counts = np.bincount(group, minlength=groups)
    first = np.cumsum(counts) - counts
    quarter = (counts - 1) // 4
    found = np.flatnonzero(counts)
    slow, quick = np.zeros(groups, np.int64), np.zeros(groups, np.int64)
    slow[found] = ordered[(first + quarter)[found]]
    quick[found] = ordered[(first + counts - 1 - quarter)[found]]
    return Paces(slow_mm=slow, quick_mm=quick, bins=counts.astype(np.int32))


def _firsts(changes: np.ndarray[tuple[int], np.dtype[np.bool_]], count: int) -> Int64s:
    """Where runs of the same begin."""
    return np.flatnonzero(np.concatenate([[True], changes])[:count])


def _reduced(how: np.ufunc, values: Int64s, begins: Int64s) -> Int64s:
    reduced: Int64s = how.reduceat(values, begins) if len(begins) else np.empty(0, np.int64)
    return reduced
