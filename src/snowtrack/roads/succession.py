"""Two versions of the roads: which segment is which, and where the others went.

A segment is *kept* when its line is still there, point by point. One that was moved or drawn anew is the same when
the middle of one line is near the other, both stay that near for `SHARE_MIN` of their length, run the same way and are
of one kind. What is left of the old ones is laid upon the new ones stretch by stretch, as far as it lies that near.
"""

from dataclasses import dataclass, replace

import numpy as np

from snowtrack.model.columns import Bools, Int64s, Rows
from snowtrack.network.arrays import Network
from snowtrack.roads.alongside import Pairs, likeness, near_pairs, overlaps
from snowtrack.roads.build import identified, shape_ids
from snowtrack.roads.stretches import Succession

SHARE_MIN = 0.9
# Shorter stretches are the corners where segments touch.
STRETCH_MM_MIN = 1_000
MIDDLE, ENDS_AND_MIDDLE = (0.5,), (0, 0.5, 1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Twins:
    """Rows that are the same segment in both: first those that are kept, then those that were moved."""

    old: Rows
    new: Rows
    kept: Bools


def carry_over(old: Network, new: Network) -> tuple[Network, Succession]:
    """The new network with the ids of the old one wherever a segment is the same, and the succession of the rest."""
    twins = find_twins(old, new)
    segment_id = new.segment_id.copy()
    segment_id[twins.new] = old.segment_id[twins.old]
    # The shape of a new one may give the number that an old one took along when it moved.
    taken = {*old.segment_id.tolist(), *segment_id.tolist()}
    others = _others(len(new), twins.new)
    for row in others[np.isin(segment_id[others], old.segment_id)].tolist():
        while int(segment_id[row]) in taken:
            segment_id[row] = segment_id[row] % (2**52) + 1
        taken.add(int(segment_id[row]))
    rows_by_id = np.argsort(segment_id).astype(np.int32)
    named = identified(replace(new, segment_id=segment_id, rows_by_id=rows_by_id))
    return named, succession(old, named, twins)


def find_twins(old: Network, new: Network) -> Twins:
    """The same segments in both."""
    kept_old, kept_new = _same_lines(old, new)
    pairs = near_pairs(old, new, _others(len(old), kept_old), _others(len(new), kept_new), MIDDLE)
    forth = likeness(old, new, pairs)
    back = likeness(new, old, pairs.turned())
    same = (np.minimum(forth.share, back.share) >= SHARE_MIN) & forth.forward
    pairs, away_mm = pairs.take(same), np.maximum(forth.away_mm, back.away_mm)[same]
    order = np.lexsort((new.segment_id[pairs.new], old.segment_id[pairs.old], away_mm))
    moved = order[_one_to_one(pairs.old[order], pairs.new[order])]
    return Twins(
        old=np.concatenate([kept_old, pairs.old[moved]]),
        new=np.concatenate([kept_new, pairs.new[moved]]),
        kept=np.arange(len(kept_old) + len(moved)) < len(kept_old),
    )


def succession(old: Network, new: Network, twins: Twins) -> Succession:
    """Where the stretches of all old segments are that were not kept; twins go over as a whole."""
    moved = Pairs(twins.old, twins.new).take(~twins.kept)
    parted, old_mm, new_mm = _parted(old, new, twins)
    both = Pairs(np.concatenate([moved.old, parted.old]), np.concatenate([moved.new, parted.new]))
    nothing = np.zeros(len(moved), np.int64)
    old_mm = np.concatenate([[nothing, old.length_mm[moved.old]], old_mm], axis=1)
    new_mm = np.concatenate([[nothing, new.length_mm[moved.new]], new_mm], axis=1)
    order = np.lexsort((old_mm[0], old.segment_id[both.old]))
    return Succession(
        old_id=old.segment_id[both.old[order]],
        old_from_mm=old_mm[0][order].astype(np.int32),
        old_to_mm=old_mm[1][order].astype(np.int32),
        new_id=new.segment_id[both.new[order]],
        new_from_mm=new_mm[0][order].astype(np.int32),
        new_to_mm=new_mm[1][order].astype(np.int32),
        direction=np.sign(new_mm[1] - new_mm[0])[order].astype(np.int8),
    )


def _parted(old: Network, new: Network, twins: Twins) -> tuple[Pairs, Int64s, Int64s]:
    """Old segments that have no twin with new ones that were not there before, and where they lie beside each other."""
    gone, fresh = _others(len(old), twins.old), _others(len(new), twins.new[twins.kept])
    pairs = near_pairs(old, new, gone, fresh, ENDS_AND_MIDDLE)
    old_mm, new_mm = overlaps(old, new, pairs)
    long = (old_mm[1] - old_mm[0] >= STRETCH_MM_MIN) & (np.abs(new_mm[1] - new_mm[0]) >= STRETCH_MM_MIN)
    pairs, old_mm, new_mm = pairs.take(long), old_mm[:, long], new_mm[:, long]
    found = likeness(old, new, pairs, old_mm)
    order = np.lexsort((new.segment_id[pairs.new], found.away_mm, pairs.old))
    order = order[found.share[order] >= SHARE_MIN]
    chosen = order[_first_come(pairs.old[order], old_mm[:, order])]
    return Pairs(pairs.old[chosen], pairs.new[chosen]), old_mm[:, chosen], new_mm[:, chosen]


def _others(count: int, rows: Rows) -> Rows:
    others = np.ones(count, np.bool_)
    others[rows] = False
    return np.flatnonzero(others)


def _same_lines(old: Network, new: Network) -> tuple[Rows, Rows]:
    """Rows with one line, the first of several with the first, in the order of their sources."""
    keys = [_ranked(shape_ids(network), network.source_id) for network in (old, new)]
    _, of_old, of_new = np.intersect1d(keys[0], keys[1], return_indices=True)
    return of_old, of_new


def _ranked(keys: Int64s, source_id: Int64s) -> Int64s:
    """Keys that are there again, made different by how many came before."""
    order = np.lexsort((source_id, keys))
    ordered = keys[order]
    first = np.searchsorted(ordered, ordered)
    ranked = np.empty(len(keys), np.int64)
    ranked[order] = ordered * 2**10 + np.minimum(np.arange(len(keys)) - first, 2**10 - 1)
    return ranked


def _one_to_one(old: Rows, new: Rows) -> Rows:
    """The pairs that are the first of both their rows."""
    taken_old: set[int] = set()
    taken_new: set[int] = set()
    chosen = []
    for number, (one, other) in enumerate(zip(old.tolist(), new.tolist(), strict=True)):
        if one not in taken_old and other not in taken_new:
            taken_old.add(one)
            taken_new.add(other)
            chosen.append(number)
    return np.array(chosen, np.int64)


def _first_come(old: Rows, old_mm: Int64s) -> Rows:
    """Of the stretches of each old row those of which not half has been given away."""
    given: dict[int, list[tuple[int, int]]] = {}
    chosen = []
    for number, (row, start, end) in enumerate(zip(old.tolist(), *old_mm.tolist(), strict=True)):
        before = given.setdefault(row, [])
        if 2 * sum(max(0, min(end, other_end) - max(start, other)) for other, other_end in before) < end - start:
            before.append((start, end))
            chosen.append(number)
    return np.array(chosen, np.int64)
