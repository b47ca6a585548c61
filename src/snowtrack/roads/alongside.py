"""How segments of two networks lie beside each other: which are near, how alike they are, where they overlap."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from snowtrack.model.columns import Bools, Floats, Int32s, Int64s, Rows
from snowtrack.network.arrays import Network
from snowtrack.network.cells import find_candidates
from snowtrack.network.geometry import metres_per_e7
from snowtrack.network.places import snap

NEAR_MM = 5_000
SAMPLES = 21
# Places that are looked at at once, for the sake of memory.
LOT = 1 << 17


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Rows of the old network with rows of the new one."""

    old: Rows
    new: Rows

    def take(self, chosen: Bools) -> "Pairs":
        return Pairs(self.old[chosen], self.new[chosen])

    def turned(self) -> "Pairs":
        return Pairs(self.new, self.old)

    def __len__(self) -> int:
        return len(self.old)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Likeness:
    """For each pair: how much of the first line is near the second, how far on average, and whether they run alike."""

    share: Floats
    away_mm: Floats
    forward: Bools


def near_pairs(old: Network, new: Network, old_rows: Rows, new_rows: Rows, shares: Sequence[float]) -> Pairs:
    """Pairs of one kind of which a place of either, at one of these shares of its length, is near the other."""
    forth, back = _near_places(old, old_rows, new, shares), _near_places(new, new_rows, old, shares)
    keys = np.unique(np.concatenate([forth.old * len(new) + forth.new, back.new * len(new) + back.old]))
    pairs = Pairs(*np.divmod(keys, len(new)))
    is_old, is_new = np.zeros(len(old), np.bool_), np.zeros(len(new), np.bool_)
    is_old[old_rows] = is_new[new_rows] = True
    wanted = is_old[pairs.old] & is_new[pairs.new]
    return pairs.take(wanted & (old.kind[pairs.old] == new.kind[pairs.new]))


def _near_places(one: Network, rows: Rows, other: Network, shares: Sequence[float]) -> Pairs:
    """Segments of the one, each with those of the other that a place of it is near to."""
    places = np.repeat(rows, len(shares))
    along_mm = np.rint(one.length_mm[places] * np.tile(shares, len(rows))).astype(np.int64)
    lat_e7, lon_e7 = points_on(one, places, along_mm)
    boxes = _boxes(other)
    found = [Pairs(np.empty(0, np.int64), np.empty(0, np.int64))]
    for first in range(0, len(places), LOT):
        lot = slice(first, first + LOT)
        candidates = find_candidates(other, lat_e7[lot], lon_e7[lot])
        point, row = first + candidates.point, candidates.row
        in_box = _is_in_box(boxes, row, lat_e7[point], lon_e7[point])
        point, row = point[in_box], row[in_box]
        near = snap(other, row, lat_e7[point], lon_e7[point]).distance_mm <= NEAR_MM
        found.append(Pairs(places[point[near]], row[near]))
    return Pairs(np.concatenate([one.old for one in found]), np.concatenate([one.new for one in found]))


def _boxes(network: Network) -> Int32s:
    """South, north, west and east of each segment: looked at first, since most candidates are not that near."""
    lat, lon, first = network.shape_lat_e7, network.shape_lon_e7, network.shape_offsets[:-1]
    return np.stack(
        [
            np.minimum.reduceat(lat, first),
            np.maximum.reduceat(lat, first),
            np.minimum.reduceat(lon, first),
            np.maximum.reduceat(lon, first),
        ]
    )


def _is_in_box(boxes: Int32s, rows: Rows, lat_e7: Int32s, lon_e7: Int32s) -> Bools:
    south, north, west, east = boxes[:, rows]
    up, aside = (NEAR_MM / 1000 / metres + 1 for metres in metres_per_e7(lat_e7))
    inside: Bools = (
        (lat_e7 >= south - up) & (lat_e7 <= north + up) & (lon_e7 >= west - aside) & (lon_e7 <= east + aside)
    )
    return inside


def likeness(one: Network, other: Network, pairs: Pairs, span_mm: Int64s | None = None) -> Likeness:
    """Of the whole first segments, or of a span of each."""
    share, away_mm, forward = np.empty(len(pairs)), np.empty(len(pairs)), np.empty(len(pairs), np.bool_)
    starts, ends = (np.zeros(len(pairs)), one.length_mm[pairs.old]) if span_mm is None else span_mm
    for first in range(0, len(pairs), LOT // SAMPLES):
        lot = slice(first, first + LOT // SAMPLES)
        start, end = starts[lot, None], ends[lot, None]
        along_mm = np.rint(start + (end - start) * np.linspace(0, 1, SAMPLES)).astype(np.int64).reshape(-1)
        places = points_on(one, np.repeat(pairs.old[lot], SAMPLES), along_mm)
        found = snap(other, np.repeat(pairs.new[lot], SAMPLES), *places)
        distance_mm = found.distance_mm.astype(np.int64).reshape(-1, SAMPLES)
        there_mm = found.along_mm.reshape(-1, SAMPLES)
        share[lot], away_mm[lot] = (distance_mm <= NEAR_MM).mean(axis=1), distance_mm.mean(axis=1)
        forward[lot] = there_mm[:, -1] > there_mm[:, 0]
    return Likeness(share=share, away_mm=away_mm, forward=forward)


def overlaps(old: Network, new: Network, pairs: Pairs) -> tuple[Int64s, Int64s]:
    """From where to where two lines lie beside each other, on both: between ends of either that are near the other."""
    on_old, on_new, near = [], [], []
    for at_end in (0, 1):
        at_mm = old.length_mm[pairs.old].astype(np.int64) * at_end
        found = snap(new, pairs.new, *points_on(old, pairs.old, at_mm))
        on_old.append(at_mm)
        on_new.append(found.along_mm.astype(np.int64))
        near.append(found.distance_mm <= NEAR_MM)
    for at_end in (0, 1):
        at_mm = new.length_mm[pairs.new].astype(np.int64) * at_end
        found = snap(old, pairs.old, *points_on(new, pairs.new, at_mm))
        on_old.append(found.along_mm.astype(np.int64))
        on_new.append(at_mm)
        near.append(found.distance_mm <= NEAR_MM)
    olds, news, is_near = np.stack(on_old), np.stack(on_new), np.stack(near)
    first = np.argmin(np.where(is_near, olds, np.iinfo(np.int64).max), axis=0)
    last = np.argmax(np.where(is_near, olds, -1), axis=0)
    at = np.arange(len(pairs))
    old_mm = np.stack([olds[first, at], olds[last, at]])
    old_mm[:, ~is_near.any(axis=0)] = 0
    return old_mm, np.stack([news[first, at], news[last, at]])


def points_on(network: Network, rows: Rows, along_mm: Int64s) -> tuple[Int32s, Int32s]:
    """Positions so far along segments."""
    rows_there, at = np.unique(rows, return_inverse=True)
    counts = network.shape_offsets[rows_there + 1] - network.shape_offsets[rows_there]
    skipped = network.shape_offsets[rows_there] - (np.cumsum(counts) - counts)
    own = np.repeat(np.arange(len(rows_there)), counts)
    measure = own << 32 | network.shape_at_mm[np.arange(len(own)) + skipped[own]]
    before = np.searchsorted(measure, at << 32 | along_mm, side="right") - 1 + skipped[at]
    before = np.minimum(before, network.shape_offsets[rows + 1] - 2)
    step_mm = np.maximum(network.shape_at_mm[before + 1] - network.shape_at_mm[before], 1)
    share = (along_mm - network.shape_at_mm[before]) / step_mm

    def between(column: Int32s) -> Int32s:
        one, other = column[before].astype(np.int64), column[before + 1].astype(np.int64)
        place: Int32s = (one + np.rint(share * (other - one)).astype(np.int64)).astype(np.int32)
        return place

    return between(network.shape_lat_e7), between(network.shape_lon_e7)
