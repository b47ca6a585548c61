"""Fold the passes of one segment into facts: the one place where clearance state changes.

Facts are a function of the set of passes since the event began, so folding again always gives the same. Covered lengths
are a union of intervals. Where one pass clears the whole width the direction driven does not matter.
"""

from collections.abc import Iterable, Sequence

from snowtrack.model.intervals import Intervals, total, union
from snowtrack.model.passes import Evidence
from snowtrack.model.states import ANY_DIRECTION, DirectionFacts

PassRow = tuple[int, ...]
"""A row of a `PassBatch`: device, segment_id, direction, from_mm, to_mm, started_us, ended_us, work, evidence."""


def fold_segment(
    passes: Iterable[PassRow], *, length_mm: int, both_ways: bool, done_permille: int
) -> list[DirectionFacts]:
    """The facts of one segment, one entry per direction that was worked, from passes of any order."""
    ordered = sorted(passes, key=lambda row: (row[6], row[5], row))
    directions = sorted({_direction(row, both_ways) for row in ordered})
    return [
        _fold_direction(
            [row for row in ordered if _direction(row, both_ways) == direction], direction, length_mm, done_permille
        )
        for direction in directions
    ]


def _direction(row: PassRow, both_ways: bool) -> int:
    return row[2] if both_ways else ANY_DIRECTION


def _fold_direction(ordered: Sequence[PassRow], direction: int, length_mm: int, done_permille: int) -> DirectionFacts:
    covered: Intervals = ()
    done_us: int | None = None
    for row in ordered:
        covered = union([*covered, (row[3], row[4])])
        if done_us is None and total(covered) * 1000 >= done_permille * length_mm:
            done_us = row[6]
    last = ordered[-1]
    return DirectionFacts(
        segment_id=last[1],
        direction=direction,
        covered_mm=covered,
        length_mm=length_mm,
        passes=len(ordered),
        first_us=min(row[5] for row in ordered),
        last_us=last[6],
        done_us=done_us,
        evidence=Evidence(max(row[8] for row in ordered)),
        last_device=last[0],
    )
