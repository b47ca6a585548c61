"""How much of its road each pass covers that those before it had not.

The passes of a group, which lie on one road, are looked at in the order in which they ended. Their ends cut the road
into pieces; each piece counts the passes over it until it has enough, and is then passed by.
"""

from typing import NamedTuple

import numpy as np

from snowtrack.compiled import Array, compiled, part
from snowtrack.model.columns import Int8s, Int32s, Int64s
from snowtrack.model.passes import PassBatch


class Laid(NamedTuple):
    """Passes in order. Group i has those from `starts[i]` to before `starts[i + 1]`, and its road is cut at
    `cuts[cut_starts[i]] … cuts[cut_starts[i + 1] - 1]`, in order and each once."""

    starts: Array
    from_mm: Array
    to_mm: Array
    needed: Array
    double: Array
    cut_starts: Array
    cuts: Array


class Pieces(NamedTuple):
    """Room for the pieces of one group: how often each was worked, and which one to look at in its place."""

    counts: Array
    instead: Array


def newly_covered(passes: PassBatch, group: Int64s, length_mm: Int32s, needed: Int8s) -> Int64s:
    """Of each pass the millimetres that have the needed number with it and had not before. All arrays are by pass;
    those of a group have the same length and need. The same pass twice covers nothing the second time."""
    own = (passes.to_mm, passes.from_mm, passes.device, passes.started_us, passes.ended_us, group)
    order = np.lexsort(own)
    same = np.ones(max(len(order) - 1, 0), np.bool_)
    for column in own:
        same &= np.diff(column[order]) == 0
    from_mm, to_mm = np.maximum(passes.from_mm, 0)[order], np.minimum(passes.to_mm, length_mm)[order]
    starts = _starts(group[order])
    number = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    cut_starts, cuts = _cuts(np.concatenate((number, number)), np.concatenate((from_mm, to_mm)))
    double = np.concatenate([[False], same])[: len(order)]
    laid = Laid(starts, from_mm, to_mm, needed[order], double, cut_starts, cuts)
    most = int(np.diff(cut_starts).max(initial=0)) + 1
    new_mm = np.zeros(len(order), np.int64)
    _lay_all(laid, Pieces(np.empty(most, np.int32), np.empty(most, np.int32)), new_mm)
    found = np.empty(len(order), np.int64)
    found[order] = new_mm
    return found


def _starts(ordered: Int64s) -> Int64s:
    """Where each group begins, and where the last one ends."""
    changes = np.flatnonzero(np.diff(ordered)) + 1
    return np.concatenate([np.zeros(min(len(ordered), 1), np.int64), changes, [len(ordered)]]).astype(np.int64)


def _cuts(number: Int64s, at_mm: Int32s) -> tuple[Int64s, Int32s]:
    """The cuts of each group, one group after the other."""
    order = np.lexsort((at_mm, number))
    number, at_mm = number[order], at_mm[order]
    new = np.ones(len(order), np.bool_)
    new[1:] = (np.diff(number) != 0) | (np.diff(at_mm) != 0)
    return _starts(number[new]), at_mm[new]


@compiled
def _lay_all(laid: Laid, pieces: Pieces, new_mm: Array) -> None:
    for group in range(len(laid.starts) - 1):
        cuts = laid.cuts[laid.cut_starts[group] : laid.cut_starts[group + 1]]
        for piece in range(len(cuts)):
            pieces.counts[piece], pieces.instead[piece] = 0, piece
        for at in range(laid.starts[group], laid.starts[group + 1]):
            if not laid.double[at]:
                new_mm[at] = _lay(laid, at, cuts, pieces)


@part
def _lay(laid: Laid, at: int, cuts: Array, pieces: Pieces) -> int:
    """Lay a pass over its pieces; how much of the road has enough now and had not before."""
    piece, after = 0, len(cuts) - 1
    while piece < after:
        middle = (piece + after) // 2
        if cuts[middle] < laid.from_mm[at]:
            piece = middle + 1
        else:
            after = middle
    new_mm = 0
    piece = _open(piece, pieces.instead)
    while cuts[piece] < laid.to_mm[at]:
        pieces.counts[piece] += 1
        if pieces.counts[piece] == laid.needed[at]:
            new_mm += cuts[piece + 1] - cuts[piece]
            pieces.instead[piece] = piece + 1
        piece = _open(piece + 1, pieces.instead)
    return new_mm


@part
def _open(piece: int, instead: Array) -> int:
    """The first piece from this one on that does not have enough; behind the last one there always is one."""
    while instead[piece] != piece:
        instead[piece] = instead[instead[piece]]
        piece = instead[piece]
    return piece
