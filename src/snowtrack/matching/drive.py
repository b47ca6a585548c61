"""The way driven: from one settled fix to the next, over all segments between them.

Noise may put a machine a little back; it has not driven back unless the matcher turned it. So a machine has driven to
the furthest place so far, and the next stretch begins there; put back over a junction, it begins at that junction. A
machine that stands does not drive.
"""

from typing import NamedTuple

from snowtrack.compiled import Array, Record, compiled, part
from snowtrack.matching.forward import Road

OFF = -1
NONE = -1
BIG = 1 << 40
# So far onto a road a machine may be put that it did not take.
BACKWARDS_MM = 50_000


class Way(NamedTuple):
    """By fix: where it is settled, whether a track begins with it, and whether the machine stands."""

    edge: Array
    at_mm: Array
    opens: Array
    stands: Array


class Driven(NamedTuple):
    """Stretches of directed segments: to which fix they lead, and from where to where. A stretch of which `edge` is
    `OFF` stands for a way that has to be searched, from the directed segment `from_mm` to `to_mm`."""

    fix: Array
    edge: Array
    from_mm: Array
    to_mm: Array


@compiled
def drive(heads: Array, spans: Array, way: Way, roads: Road, driven: Driven) -> int:
    """Stretches of each span (first fix settled, after the last); how many there are, or -1 for want of room."""
    count = 0
    for span in range(len(spans)):
        head = heads[span]
        for fix in range(spans[span, 0], spans[span, 1]):
            if count + len(driven.fix) // 4 > len(driven.fix):
                return NONE
            if way.opens[fix] or head.drive_edge == OFF or way.edge[fix] == OFF:
                head.drive_edge, head.drive_mm = way.edge[fix], way.at_mm[fix]
            elif not way.stands[fix]:
                count = _drive_to(head, fix, way, roads, driven, count)
    return count


@part
def _drive_to(head: Record, fix: int, way: Way, roads: Road, driven: Driven, count: int) -> int:
    """Stretches to one fix."""
    edge, at_mm = way.edge[fix], way.at_mm[fix]
    if edge == head.drive_edge:
        count = _stretch(driven, count, fix, edge, head.drive_mm, at_mm)
        head.drive_mm = max(head.drive_mm, at_mm)
        return count
    if edge == head.drive_edge ^ 1:
        turned_mm = roads.length_mm[edge >> 1] - head.drive_mm
        count = _stretch(driven, count, fix, edge, turned_mm, at_mm)
        head.drive_edge, head.drive_mm = edge, at_mm
        return count
    on, back = _entry(roads, head.drive_edge, edge), _entry(roads, edge, head.drive_edge)
    elsewhere = _entry(roads, head.drive_edge ^ 1, edge)
    on_mm = back_mm = elsewhere_mm = BIG
    if on != NONE:
        on_mm = roads.length_mm[head.drive_edge >> 1] - head.drive_mm + roads.entries[on, 1] + at_mm
    if back != NONE:
        back_mm = roads.length_mm[edge >> 1] - at_mm + roads.entries[back, 1] + head.drive_mm
    if elsewhere != NONE and head.drive_mm < BACKWARDS_MM:
        elsewhere_mm = head.drive_mm + roads.entries[elsewhere, 1] + at_mm
    if back_mm < min(on_mm, elsewhere_mm):
        head.drive_edge, head.drive_mm = edge, roads.length_mm[edge >> 1]
        return count
    if elsewhere_mm < on_mm:
        count = _between(roads, driven, count, fix, head.drive_edge ^ 1, elsewhere)
    else:
        count = _stretch(driven, count, fix, head.drive_edge, head.drive_mm, roads.length_mm[head.drive_edge >> 1])
        if on == NONE:
            driven.fix[count], driven.edge[count] = fix, OFF
            driven.from_mm[count], driven.to_mm[count] = head.drive_edge, edge
            count += 1
        else:
            count = _between(roads, driven, count, fix, head.drive_edge, on)
    count = _stretch(driven, count, fix, edge, 0, at_mm)
    head.drive_edge, head.drive_mm = edge, at_mm
    return count


@part
def _between(roads: Road, driven: Driven, count: int, fix: int, edge: int, entry: int) -> int:
    """The whole segments on the way to an entry of the table of an edge."""
    start = roads.table_starts[roads.table_of[edge]]
    via = roads.entries[entry, 3]
    between = 0
    while via != NONE:
        between += 1
        via = roads.entries[start + via, 3]
    via = roads.entries[entry, 3]
    for place in range(count + between - 1, count - 1, -1):
        over = roads.entries[start + via, 0]
        driven.fix[place], driven.edge[place] = fix, over
        driven.from_mm[place], driven.to_mm[place] = 0, roads.length_mm[over >> 1]
        via = roads.entries[start + via, 3]
    return count + between


@part
def _stretch(driven: Driven, count: int, fix: int, edge: int, from_mm: int, to_mm: int) -> int:
    if to_mm <= from_mm:
        return count
    driven.fix[count], driven.edge[count], driven.from_mm[count], driven.to_mm[count] = fix, edge, from_mm, to_mm
    return count + 1


@part
def _entry(roads: Road, edge: int, target: int) -> int:
    """Where the table of an edge has the target."""
    table = roads.table_of[edge]
    if table != NONE:
        for entry in range(roads.table_starts[table], roads.table_starts[table + 1]):
            if roads.entries[entry, 0] == target:
                return entry
    return NONE
