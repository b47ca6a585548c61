"""What followed: the first pass that began after each of some calls, by a key: an order's machine, a proposal's agency.

Passes come in portions, in any order.
"""

from collections.abc import Sequence

import numpy as np

from snowtrack.model.columns import ABSENT_64, Bools, Int64s


class Answers:
    """`key` and `at_us` are of the calls. A pass that began later than `within_us` after a call answers nothing."""

    def __init__(self, key: Sequence[int], at_us: Sequence[int], *, within_us: int) -> None:
        self.key, self.at_us = np.array(key, np.int64), np.array(at_us, np.int64)
        self.within_us = within_us
        self.first_us = np.full(len(self.key), np.iinfo(np.int64).max)

    def add(self, key: Int64s, began_us: Int64s) -> None:
        """Passes by their key, and when each began."""
        if not len(key) or not len(self.key):
            return
        order = np.lexsort((began_us, key))
        key, began_us = key[order], began_us[order]
        keys, first = np.unique(key, return_index=True)
        after = np.append(first[1:], len(key))
        place = np.minimum(np.searchsorted(keys, self.key), len(keys) - 1)
        low, high = first[place], after[place]
        end = np.where(keys[place] == self.key, high, low)
        # Of all calls at once, between the first and the last pass of their key.
        low, high = low.copy(), end.copy()
        while (open_ := low < high).any():
            middle = (low + high) // 2
            earlier = open_ & (began_us[np.minimum(middle, len(began_us) - 1)] < self.at_us)
            low = np.where(earlier, middle + 1, low)
            high = np.where(open_ & ~earlier, middle, high)
        found = low < end
        self.first_us[found] = np.minimum(self.first_us[found], began_us[low[found]])

    @property
    def answered(self) -> Bools:
        found: Bools = self.first_us <= self.at_us + self.within_us
        return found

    def over(self, now_us: int) -> Bools:
        """The calls that nothing can answer any more which has not begun yet."""
        found: Bools = self.at_us + self.within_us <= now_us
        return found

    @property
    def took_us(self) -> Int64s:
        """From each call to the pass; absent where there was none in time."""
        took: Int64s = np.where(self.answered, self.first_us - self.at_us, ABSENT_64)
        return took


def quantile(ordered: Int64s, tenths: int) -> int:
    """The smallest value that so many tenths do not exceed."""
    return int(ordered[-(-len(ordered) * tenths // 10) - 1])
