"""Rows by owner and time, which grow at their end and are forgotten at their beginning."""

import numpy as np

from ploughsim.compiled import Array
from ploughsim.world.positions import Pool


class Timetable:
    """Rows of each owner lie side by side, so that compiled code reads them; memory follows what is kept."""

    def __init__(self, dtype: np.dtype, owners: int) -> None:
        self._rows = np.zeros(max(64 * owners, 1024), dtype)
        self._first = np.zeros(owners, np.int64)
        self._stop = np.zeros(owners, np.int64)
        self._used = 0

    @property
    def pool(self) -> Pool:
        return Pool(self._rows, self._first, self._stop)

    def of(self, owner: int) -> Array:
        """The rows of an owner, to be read or changed at once."""
        return self._rows[self._first[owner] : self._stop[owner]]

    def add(self, owner: int, rows: Array) -> None:
        kept = int(self._stop[owner] - self._first[owner])
        is_last = self._stop[owner] == self._used and kept > 0
        needed = len(rows) if is_last else kept + len(rows)
        if self._used + needed > len(self._rows):
            self._pack(needed + kept)
            self.add(owner, rows)
            return
        if not is_last:
            self._rows[self._used : self._used + kept] = self.of(owner)
            self._first[owner] = self._used
            self._used += kept
        self._rows[self._used : self._used + len(rows)] = rows
        self._used += len(rows)
        self._stop[owner] = self._used

    def drop(self, first: np.ndarray) -> None:
        """Forget what stands before these rows of the pool."""
        np.maximum(self._first, np.minimum(first, self._stop), out=self._first)

    def _pack(self, needed: int) -> None:
        """Move together what is kept, with as much room again."""
        counts = self._stop - self._first
        kept = int(counts.sum())
        rows = np.zeros(2 * (kept + needed) + 1024, self._rows.dtype)
        stops = np.cumsum(counts)
        at = np.arange(kept) + np.repeat(self._first - (stops - counts), counts)
        rows[:kept] = self._rows[at]
        self._rows, self._first, self._stop, self._used = rows, stops - counts, stops, kept
