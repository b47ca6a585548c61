"""The passes of each segment and direction, swept from the first to the last: facts, and what is covered.

A group's passes are put in an order of all their columns, so that the facts follow from the set of passes. Their ends
cut the length into pieces; each piece counts the passes over it.
"""

from typing import NamedTuple

from snowtrack.compiled import Array, compiled, part
from snowtrack.model.columns import ABSENT_8, ABSENT_32, ABSENT_64
from snowtrack.model.work import Evidence, Work

PLOUGHING = int(Work.PLOUGHING)
WEAKEST = int(max(Evidence))
GAPS = (701, 301, 132, 57, 23, 10, 4, 1)


class Passes(NamedTuple):
    """The columns of a `PassBatch`, but the segment."""

    device: Array
    direction: Array
    from_mm: Array
    to_mm: Array
    started_us: Array
    ended_us: Array
    work: Array
    evidence: Array
    confidence: Array
    material_g: Array


class Groups(NamedTuple):
    """Group i has the passes `order[starts[i]] … order[starts[i + 1] - 1]`, on a segment of this length."""

    order: Array
    starts: Array
    length_mm: Array
    needed: Array
    done_permille: Array


class Pieces(NamedTuple):
    """Room for the pieces of one group: where they begin, how often each is worked, how surely at best, and by which
    evidence at best."""

    cuts: Array
    counts: Array
    best: Array
    evidence: Array


class Found(NamedTuple):
    """Columns of a `StateBatch` and of `Stretches`, to be filled in."""

    covered_mm: Array
    passes: Array
    first_us: Array
    last_us: Array
    done_us: Array
    fresh_us: Array
    evidence: Array
    confidence: Array
    last_device: Array
    spread_us: Array
    spreads: Array
    offsets: Array
    from_mm: Array
    to_mm: Array


@compiled
def sweep(passes: Passes, groups: Groups, pieces: Pieces, found: Found) -> int:
    """Fill in the facts of all groups; how many stretches are covered."""
    total = 0
    found.offsets[0] = 0
    for group in range(len(groups.starts) - 1):
        first = groups.starts[group]
        _sort(passes, groups.order, first, groups.starts[group + 1])
        after = _drop_doubles(passes, groups.order, first, groups.starts[group + 1])
        order = groups.order[first:after]
        _describe(passes, order, group, found)
        count = _cut(passes, order, groups.length_mm[group], pieces.cuts)
        own = Pieces(pieces.cuts[: count + 1], pieces.counts[:count], pieces.best[:count], pieces.evidence[:count])
        own.counts[:], own.best[:], own.evidence[:] = 0, 0, WEAKEST
        _cover(passes, order, groups, group, own, found)
        _tell(groups, group, own, found)
        total = _write(groups.needed[group], own, group, found, total)
        found.offsets[group + 1] = total
        _renew(passes, order, groups, group, own, found)
    return total


@part
def _earlier(passes: Passes, one: int, other: int) -> bool:
    """By when they ended and began, and of those that are alike by all that there is."""
    if passes.ended_us[one] != passes.ended_us[other]:
        return bool(passes.ended_us[one] < passes.ended_us[other])
    return bool(_columns(passes, one) < _columns(passes, other))


@part
def _columns(passes: Passes, one: int) -> tuple[int, ...]:
    return (
        passes.started_us[one],
        passes.device[one],
        passes.from_mm[one],
        passes.to_mm[one],
        passes.work[one],
        passes.direction[one],
        passes.evidence[one],
        passes.confidence[one],
        passes.material_g[one],
    )


@part
def _sort(passes: Passes, order: Array, first: int, after: int) -> None:
    """Shell's way: quick where there is little to do, as nearly always."""
    for gap in GAPS:
        for at in range(first + gap, after):
            moved, to = order[at], at
            while to - gap >= first and _earlier(passes, moved, order[to - gap]):
                order[to] = order[to - gap]
                to -= gap
            order[to] = moved


@part
def _drop_doubles(passes: Passes, order: Array, first: int, after: int) -> int:
    """The same pass twice is one; where they end now."""
    to = first
    for at in range(first, after):
        if at == first or _earlier(passes, order[to - 1], order[at]):
            order[to] = order[at]
            to += 1
    return to


@part
def _describe(passes: Passes, order: Array, group: int, found: Found) -> None:
    """What does not depend on where along the segment they worked."""
    found.first_us[group], found.last_us[group] = ABSENT_64, ABSENT_64
    found.last_device[group] = ABSENT_32
    found.spread_us[group], found.spreads[group] = ABSENT_64, 0
    for one in order:
        if passes.work[one] == PLOUGHING:
            started_us = passes.started_us[one]
            first_us = found.first_us[group]
            found.first_us[group] = started_us if first_us == ABSENT_64 else min(first_us, started_us)
            found.last_us[group], found.last_device[group] = passes.ended_us[one], passes.device[one]
        else:
            found.spreads[group] += 1
            found.spread_us[group] = passes.ended_us[one]


@part
def _cut(passes: Passes, order: Array, length_mm: int, cuts: Array) -> int:
    """Cut the length where passes begin and end; how many pieces there are."""
    count = 0
    for one in order:
        if passes.work[one] == PLOUGHING:
            cuts[count] = min(max(passes.from_mm[one], 0), length_mm)
            cuts[count + 1] = min(max(passes.to_mm[one], 0), length_mm)
            count += 2
    for gap in GAPS:
        for at in range(gap, count):
            moved, to = cuts[at], at
            while to >= gap and moved < cuts[to - gap]:
                cuts[to] = cuts[to - gap]
                to -= gap
            cuts[to] = moved
    kept = 0
    for at in range(count):
        if kept == 0 or cuts[at] != cuts[kept - 1]:
            cuts[kept] = cuts[at]
            kept += 1
    return max(kept - 1, 0)


@part
def _lay(passes: Passes, one: int, needed: int, pieces: Pieces) -> int:
    """Lay a pass over its pieces; how much of the length has the needed number with it, and had not before."""
    cuts, from_mm, to_mm = pieces.cuts, passes.from_mm[one], passes.to_mm[one]
    piece, after = 0, len(pieces.counts)
    while piece < after:
        middle = (piece + after) // 2
        if cuts[middle] < from_mm:
            piece = middle + 1
        else:
            after = middle
    new_mm = 0
    while piece < len(pieces.counts) and cuts[piece] < to_mm:
        pieces.counts[piece] += 1
        if pieces.counts[piece] == needed:
            new_mm += cuts[piece + 1] - cuts[piece]
        pieces.best[piece] = max(pieces.best[piece], passes.confidence[one])
        pieces.evidence[piece] = min(pieces.evidence[piece], passes.evidence[one])
        piece += 1
    return new_mm


@part
def _cover(passes: Passes, order: Array, groups: Groups, group: int, pieces: Pieces, found: Found) -> None:
    """From the first pass on: what is covered in the end, and when that was enough for the first time."""
    length_mm, needed = groups.length_mm[group], groups.needed[group]
    covered_mm = 0
    found.done_us[group] = ABSENT_64
    for one in order:
        if passes.work[one] == PLOUGHING:
            covered_mm += _lay(passes, one, needed, pieces)
            if found.done_us[group] == ABSENT_64 and covered_mm * 1000 >= groups.done_permille[group] * length_mm:
                found.done_us[group] = passes.ended_us[one]
    found.covered_mm[group] = covered_mm


@part
def _tell(groups: Groups, group: int, pieces: Pieces, found: Found) -> None:
    """How often, as pieces of one drive do not count twice, and by what evidence: of what is covered, and else of what
    was ploughed at all."""
    found.passes[group] = 0
    for piece in range(len(pieces.counts)):
        found.passes[group] = max(found.passes[group], pieces.counts[piece])
    times = groups.needed[group] if found.covered_mm[group] else 1
    found.evidence[group] = ABSENT_8
    enough = groups.done_permille[group] * _seen_mm(pieces, times, WEAKEST)
    for evidence in range(WEAKEST, -1, -1):
        seen_mm = _seen_mm(pieces, times, evidence)
        if seen_mm and seen_mm * 1000 >= enough:
            found.evidence[group] = evidence


@part
def _seen_mm(pieces: Pieces, times: int, evidence: int) -> int:
    """What was worked so many times, by such evidence or a stronger one."""
    seen_mm = 0
    for piece in range(len(pieces.counts)):
        if pieces.counts[piece] >= times and pieces.evidence[piece] <= evidence:
            seen_mm += pieces.cuts[piece + 1] - pieces.cuts[piece]
    return seen_mm


@part
def _renew(passes: Passes, order: Array, groups: Groups, group: int, pieces: Pieces, found: Found) -> None:
    """From the last pass back: since when enough is covered anew."""
    found.fresh_us[group] = ABSENT_64
    if found.done_us[group] == ABSENT_64:
        return
    length_mm, needed = groups.length_mm[group], groups.needed[group]
    covered_mm, at = 0, len(order) - 1
    pieces.counts[:] = 0
    while covered_mm * 1000 < groups.done_permille[group] * length_mm:
        one = order[at]
        if passes.work[one] == PLOUGHING:
            covered_mm += _lay(passes, one, needed, pieces)
            found.fresh_us[group] = passes.ended_us[one]
        at -= 1


@part
def _write(needed: int, pieces: Pieces, group: int, found: Found, total: int) -> int:
    """What is covered, as stretches that do not touch; how many there are of all groups now."""
    sure = 0
    first = total
    for piece in range(len(pieces.counts)):
        if pieces.counts[piece] < needed:
            continue
        from_mm, to_mm = pieces.cuts[piece], pieces.cuts[piece + 1]
        sure += int(pieces.best[piece]) * (to_mm - from_mm)
        if total > first and found.to_mm[total - 1] == from_mm:
            found.to_mm[total - 1] = to_mm
        else:
            found.from_mm[total], found.to_mm[total] = from_mm, to_mm
            total += 1
    found.confidence[group] = sure // found.covered_mm[group] if found.covered_mm[group] else 0
    return total
