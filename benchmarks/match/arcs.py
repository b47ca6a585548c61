"""What is compared: ways cut into pieces. An arc is a piece with a direction: 2 x piece, plus 1 against the way."""

from dataclasses import dataclass

import numpy as np

from benchmarks.match.tracks import Path
from snowtrack.model.columns import Floats, Int8s, Int64s

NO_ARC = -1
# Metres fit below, ways above, in one sortable number.
_WAY = 1 << 40
_TOUCHED_MM = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Arcs:
    """Pieces in order of way and metre; the pieces of a way follow each other without gap, the first begins at 0."""

    source_id: Int64s
    from_mm: Int64s
    to_mm: Int64s

    def __post_init__(self) -> None:
        if np.any(np.diff(self._keys()) <= 0):
            raise ValueError("pieces do not stand in order of way and metre")

    @property
    def length_mm(self) -> Int64s:
        return self.to_mm - self.from_mm

    def at(self, source_id: Int64s, direction: Int8s, along_m: Floats) -> Int64s:
        """The arc of each place; NO_ARC where the way is unknown. A metre off either end belongs to the end."""
        along_mm = np.rint(np.maximum(np.nan_to_num(along_m), 0) * 1000).astype(np.int64)
        rank, known = self._rank(source_id)
        piece = np.searchsorted(self._keys(), rank * _WAY + np.minimum(along_mm, _WAY - 1), side="right") - 1
        return np.where(known, 2 * piece + (direction < 0), NO_ARC)

    def along(self, path: Path) -> Int64s:
        """The arcs of a path in order: each piece that it touches, whole; stretches of one piece are one arc."""
        low_mm = np.rint(np.minimum(path.from_m, path.to_m) * 1000).astype(np.int64)
        high_mm = np.rint(np.maximum(path.from_m, path.to_m) * 1000).astype(np.int64)
        first = self.at(path.source_id, path.direction, (low_mm + _TOUCHED_MM) / 1000)
        last = np.maximum(first, self.at(path.source_id, path.direction, (high_mm - _TOUCHED_MM) / 1000))
        rows = [
            np.arange(start, end + 1, 2) if direction > 0 else np.arange(end, start - 1, -2)
            for start, end, direction in zip(first, last, path.direction, strict=True)
            if start != NO_ARC
        ]
        driven = np.concatenate(rows) if rows else np.empty(0, np.int64)
        return driven[np.flatnonzero(np.diff(driven, prepend=NO_ARC))]

    def _ways(self) -> Int64s:
        return np.unique(self.source_id)

    def _rank(self, source_id: Int64s) -> tuple[Int64s, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
        ways = self._ways()
        rank = np.minimum(np.searchsorted(ways, source_id), len(ways) - 1)
        return rank, ways[rank] == source_id

    def _keys(self) -> Int64s:
        return np.searchsorted(self._ways(), self.source_id) * _WAY + self.from_mm
