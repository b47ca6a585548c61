"""Roads beside each other: how much nearer a fix is to the one than to the other.

A receiver's error lasts for a minute and more, so that a machine may seem to be on the road beside its own for as long.
However many fixes say so, they are little more than one: what one fix says of the two roads bounds how sure a match is.
"""

from typing import NamedTuple

from snowtrack.compiled import Array, Record, compiled, part

OFF = -1
# Directions closer than this (cosine, in millionths) are the same: 25 degrees.
ALIKE = 906_000
RIVAL_MAX = 32_000


class Ground(NamedTuple):
    """The network by row."""

    from_node: Array
    to_node: Array
    oneway: Array


class Near(NamedTuple):
    """The columns of `network.places`, by point."""

    offsets: Array
    row: Array
    distance_mm: Array
    east: Array
    north: Array


class Lattice(NamedTuple):
    """The point of each fix (-1 where nothing was worked out), where its states begin, these, their candidates, and
    the columns."""

    point_of: Array
    starts: Array
    states: Array
    numbers: Array
    columns: Array


@compiled
def note_rivals(ground: Ground, near: Near, made: Lattice, sigma_mm: int, against: int) -> None:
    """Fill in the rival of each state: thousandths of a nat by which its road is likelier than the next one beside."""
    for fix in range(len(made.point_of)):
        point = made.point_of[fix]
        if point < 0:
            continue
        wide_mm = sigma_mm + int(made.columns[fix].residual_mm)
        brief = _brief(made.columns[fix])
        for state in range(made.starts[fix], made.starts[fix + 1]):
            edge, rival = made.states[state].edge, RIVAL_MAX
            if edge != OFF:
                place = near.offsets[point] + made.numbers[state] // 2
                for other in range(near.offsets[point], near.offsets[point + 1]):
                    if _is_beside(ground, near, place, other):
                        further = near.distance_mm[other] ** 2 - near.distance_mm[place] ** 2
                        likelier = 500 * further // (wide_mm * wide_mm) + brief
                        rival = min(rival, likelier + _against(ground, near, place, other, edge, against))
            made.states[state].rival = max(rival, 0)


@part
def _brief(column: Record) -> int:
    """Errors that change much from second to second do not last: then other fixes say more than this one. Noise is 0.4
    of an error that lasts for a minute, and as large as one that lasts for ten seconds."""
    residual_mm = max(int(column.residual_mm), 1)
    share = min(1_000 * int(column.noise_mm) // residual_mm, 2_000)
    return max(6 * share * share // 1_000 - 1_000, 0)


@part
def _is_beside(ground: Ground, near: Near, place: int, other: int) -> bool:
    """Whether two places are on roads that run the same way and do not meet here."""
    row, beside = near.row[place], near.row[other]
    along = int(near.east[place]) * near.east[other] + int(near.north[place]) * near.north[other]
    if row == beside or abs(along) < ALIKE:
        return False
    begin, end = ground.from_node[row], ground.to_node[row]
    touches = ground.from_node[beside] in (begin, end) or ground.to_node[beside] in (begin, end)
    return not touches


@part
def _against(ground: Ground, near: Near, place: int, other: int, edge: int, against: int) -> int:
    """A one-way street is no rival for who drives against it."""
    row = near.row[other]
    if ground.oneway[row] == 0:
        return 0
    along = int(near.east[place]) * near.east[other] + int(near.north[place]) * near.north[other]
    same_way = (along > 0) == (edge & 1 == 0)
    return 0 if same_way == (ground.oneway[row] == 1) else against
