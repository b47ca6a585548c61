"""Roads beside each other: how much nearer a fix is to the one than to the other.

A receiver's error lasts for a minute and more, so that a machine may seem to be on the road beside its own for as long.
However many fixes say so, they are little more than one: what one fix says of the two roads bounds how sure a match is.
"""

from typing import NamedTuple

from snowtrack.compiled import Array, Record, compiled, part
from snowtrack.matching.forward import Near, Task

OFF = -1
# Directions closer than this (cosine, in millionths) are the same: 25 degrees.
ALIKE = 906_000
RIVAL_MAX = 32_000


class Ends(NamedTuple):
    """The nodes of the segments, by row."""

    from_node: Array
    to_node: Array


@compiled
def note_rivals(ends: Ends, task: Task) -> None:
    """Fill in the rival of each new state: by how many thousandths of a nat its road is likelier than one beside it."""
    made, near = task.made, task.near
    for fix in range(len(task.point_of)):
        point = task.point_of[fix]
        if point < 0:
            continue
        wide_mm = task.costs.beside_mm + int(made.columns[fix].residual_mm)
        brief = _brief(made.columns[fix])
        for state in range(made.starts[fix], made.starts[fix + 1]):
            edge, rival = made.states[state].edge, RIVAL_MAX
            if edge != OFF:
                place = near.offsets[point] + made.numbers[state] // 2
                for other in range(near.offsets[point], near.offsets[point + 1]):
                    if _is_beside(ends, near, place, other):
                        further = near.distance_mm[other] ** 2 - near.distance_mm[place] ** 2
                        likelier = 500 * further // (wide_mm * wide_mm) + brief
                        rival = min(rival, likelier + _against(task, place, other, edge))
            made.states[state].rival = max(rival, 0)


@part
def _brief(column: Record) -> int:
    """Errors that change much from second to second do not last: then other fixes say more than this one. Noise is 0.4
    of an error that lasts for a minute, and as large as one that lasts for ten seconds."""
    residual_mm = max(int(column.residual_mm), 1)
    share = min(1_000 * int(column.noise_mm) // residual_mm, 2_000)
    return max(6 * share * share // 1_000 - 1_000, 0)


@part
def _is_beside(ends: Ends, near: Near, place: int, other: int) -> bool:
    """Whether two places are on roads that run the same way and do not meet here."""
    row, beside = near.row[place], near.row[other]
    if row == beside or abs(_alike(near, place, other)) < ALIKE:
        return False
    begin, end = ends.from_node[row], ends.to_node[row]
    touches = ends.from_node[beside] in (begin, end) or ends.to_node[beside] in (begin, end)
    return not touches


@part
def _against(task: Task, place: int, other: int, edge: int) -> int:
    """A one-way street is no rival for who drives against it."""
    oneway = task.road.oneway[task.near.row[other]]
    if oneway == 0:
        return 0
    same_way = (_alike(task.near, place, other) > 0) == (edge & 1 == 0)
    return 0 if same_way == (oneway == 1) else task.costs.against


@part
def _alike(near: Near, place: int, other: int) -> int:
    """The cosine of the angle between two roads, in millionths."""
    return int(near.east[place]) * int(near.east[other]) + int(near.north[place]) * int(near.north[other])
