"""Verdicts on what was driven to passes.

What a machine drives along a segment before it leaves it falls into drives, one for each direction. Backing off and
setting off again is no drive of its own, nor is a short way back out of a segment: metres that a machine worked once
count once. A pass is a piece of a drive that was worked without a hole.
"""

from typing import NamedTuple

from snowtrack.compiled import Array, Record, compiled, part

NONE = -1
UNKNOWN = -1
# As in `judging`.
CREDIT, VERDICT, ENDS, ENDS_CREDITED, WORKED = 1, 3, 4, 8, 16
# A shorter way against the one before is no drive of its own.
MANOEUVRE_MM = 50_000
# Spread on a metre is told in tenths of a gram, ways in millimetres.
PER_GRAM = 10_000
ABSENT_MATERIAL = -(2**31)


class Drives(NamedTuple):
    """Stretches in the order driven: those to fix i are `begins[i] … begins[i + 1] - 1`. By fix: the machine's slot,
    when it was there and at the fix before, how sure the road is, and what it spreads on a metre (-1: not known)."""

    begins: Array
    row: Array
    direction: Array
    from_mm: Array
    to_mm: Array
    slot: Array
    observed_us: Array
    before_us: Array
    confidence: Array
    spread_dgpm: Array


class Waits(NamedTuple):
    """What is remembered (`records`)."""

    lanes: Array
    waiting: Array
    legs: Array
    pieces: Array


class Lane(NamedTuple):
    """One machine and kind of work."""

    slot: int
    work: int


@compiled
def credit(drives: Drives, verdicts: Array, evidence: Array, waits: Waits, passes: Array) -> int:
    """Rows of a `PassBatch`, with slots for devices and rows for segments; how many."""
    count = 0
    for fix in range(len(drives.slot)):
        for work in range(verdicts.shape[1]):
            lane, verdict = Lane(drives.slot[fix], work), verdicts[fix, work]
            if verdict & ENDS:
                count = _decide(waits, lane, verdict & ENDS_CREDITED > 0, passes, count)
                count = _leave(waits, lane, passes, count)
            count = _wait(drives, fix, waits, (lane, evidence[fix, work], verdict & WORKED > 0), (passes, count))
            if verdict & VERDICT:
                count = _decide(waits, lane, verdict & VERDICT == CREDIT, passes, count)
    return count


@part
def _wait(drives: Drives, fix: int, waits: Waits, how: tuple[Lane, int, bool], told: tuple[Array, int]) -> int:
    """What was driven to a fix waits; when it came from one segment to the next is interpolated by distance."""
    lane, evidence, worked = how
    passes, count = told
    whole_mm = done_mm = 0
    for at in range(drives.begins[fix], drives.begins[fix + 1]):
        whole_mm += abs(drives.to_mm[at] - drives.from_mm[at])
    spent_us, at_us = drives.observed_us[fix] - drives.before_us[fix], drives.before_us[fix]
    own = waits.lanes[lane.slot][lane.work]
    for at in range(drives.begins[fix], drives.begins[fix + 1]):
        way_mm = abs(drives.to_mm[at] - drives.from_mm[at])
        done_mm += way_mm
        until_us = drives.before_us[fix] + spent_us * done_mm // whole_mm
        last = waits.waiting[lane.slot][lane.work][max(own.waiting - 1, 0)]
        if own.waiting == 0 or not _goes_on(last, drives, at):
            if own.waiting == len(waits.waiting[lane.slot][lane.work]):
                count = _decide_first(waits, lane, worked, passes, count)
            last = waits.waiting[lane.slot][lane.work][own.waiting]
            own.waiting += 1
            last.row, last.direction, last.from_mm = drives.row[at], drives.direction[at], drives.from_mm[at]
            last.started_us, last.evidence, last.sure, last.spread = at_us, evidence, 0, 0
        last.to_mm, last.ended_us = drives.to_mm[at], until_us
        last.evidence = max(last.evidence, evidence)
        last.sure += way_mm * drives.confidence[fix]
        if drives.spread_dgpm[fix] < 0 or last.spread < 0:
            last.spread = UNKNOWN
        else:
            last.spread += way_mm * drives.spread_dgpm[fix]
        at_us = until_us
    return count


@part
def _goes_on(last: Record, drives: Drives, at: int) -> bool:
    same = last.row == drives.row[at] and last.direction == drives.direction[at]
    return bool(same and last.to_mm == drives.from_mm[at])


@part
def _decide(waits: Waits, lane: Lane, credited: bool, passes: Array, count: int) -> int:
    """All that waits was worked, or not."""
    own = waits.lanes[lane.slot][lane.work]
    for at in range(own.waiting):
        count = _drive(waits, lane, waits.waiting[lane.slot][lane.work][at], credited, (passes, count))
    own.waiting = 0
    return count


@part
def _decide_first(waits: Waits, lane: Lane, credited: bool, passes: Array, count: int) -> int:
    """No room: what has waited longest is judged by what was certain last."""
    waiting = waits.waiting[lane.slot][lane.work]
    count = _drive(waits, lane, waiting[0], credited, (passes, count))
    for at in range(1, len(waiting)):
        waiting[at - 1] = waiting[at]
    waits.lanes[lane.slot][lane.work].waiting -= 1
    return count


@part
def _drive(waits: Waits, lane: Lane, way: Record, credited: bool, told: tuple[Array, int]) -> int:
    """Along a segment: on in the same drive, back, or on another segment."""
    passes, count = told
    own, legs = waits.lanes[lane.slot][lane.work], waits.legs[lane.slot][lane.work]
    pieces = waits.pieces[lane.slot][lane.work]
    if own.row != way.row:
        count = _leave(waits, lane, passes, count)
        own.row = way.row
    if legs[0].direction == 0:
        _open(legs[0], way)
    at = 0
    if way.direction != legs[0].direction:
        if legs[1].direction == 0:
            _open(legs[1], way)
        at = 1
    elif legs[1].direction != 0:
        # It had only backed off.
        legs[1].direction = legs[1].pieces = 0
    legs[at].to_mm = way.to_mm
    if credited:
        count = _credit(waits, lane, at, way, (passes, count))
    if at == 1 and abs(legs[1].to_mm - legs[1].from_mm) >= MANOEUVRE_MM:
        count = _emit(waits, lane, 0, passes, count)
        legs[0] = legs[1]
        for piece in range(legs[1].pieces):
            pieces[0, piece] = pieces[1, piece]
        legs[1].direction = legs[1].pieces = 0
    return count


@part
def _open(leg: Record, way: Record) -> None:
    leg.direction, leg.from_mm, leg.to_mm, leg.pieces = way.direction, way.from_mm, way.to_mm, 0


@part
def _credit(waits: Waits, lane: Lane, at: int, way: Record, told: tuple[Array, int]) -> int:
    """Add a way to the pieces of a drive: to those that it touches, which are one then, or as a new one."""
    passes, count = told
    leg, pieces = waits.legs[lane.slot][lane.work][at], waits.pieces[lane.slot][lane.work][at]
    low_mm, high_mm = min(way.from_mm, way.to_mm), max(way.from_mm, way.to_mm)
    found = NONE
    for number in range(leg.pieces):
        if found == NONE and pieces[number].low_mm <= high_mm and low_mm <= pieces[number].high_mm:
            found = number
    if found == NONE:
        if leg.pieces == len(pieces):
            count = _emit(waits, lane, at, passes, count)
        found = leg.pieces
        leg.pieces += 1
        piece = pieces[found]
        piece.low_mm, piece.high_mm, piece.started_us, piece.ended_us = low_mm, high_mm, way.started_us, way.ended_us
        piece.evidence, piece.way_mm, piece.sure, piece.spread = way.evidence, high_mm - low_mm, way.sure, way.spread
        return count
    piece = pieces[found]
    piece.low_mm, piece.high_mm = min(piece.low_mm, low_mm), max(piece.high_mm, high_mm)
    piece.started_us, piece.ended_us = min(piece.started_us, way.started_us), max(piece.ended_us, way.ended_us)
    piece.evidence, piece.way_mm = max(piece.evidence, way.evidence), piece.way_mm + high_mm - low_mm
    piece.sure += way.sure
    piece.spread = UNKNOWN if piece.spread < 0 or way.spread < 0 else piece.spread + way.spread
    for number in range(leg.pieces - 1, found, -1):
        if pieces[number].low_mm <= high_mm and low_mm <= pieces[number].high_mm:
            _join(piece, pieces[number])
            leg.pieces -= 1
            pieces[number] = pieces[leg.pieces]
    return count


@part
def _join(piece: Record, other: Record) -> None:
    piece.low_mm, piece.high_mm = min(piece.low_mm, other.low_mm), max(piece.high_mm, other.high_mm)
    piece.started_us, piece.ended_us = min(piece.started_us, other.started_us), max(piece.ended_us, other.ended_us)
    piece.evidence, piece.way_mm = max(piece.evidence, other.evidence), piece.way_mm + other.way_mm
    piece.sure += other.sure
    piece.spread = UNKNOWN if piece.spread < 0 or other.spread < 0 else piece.spread + other.spread


@part
def _leave(waits: Waits, lane: Lane, passes: Array, count: int) -> int:
    """The machine is on this segment no more. A short way back out of it was no drive."""
    own, legs = waits.lanes[lane.slot][lane.work], waits.legs[lane.slot][lane.work]
    if own.row != NONE:
        count = _emit(waits, lane, 0, passes, count)
        legs[0].direction = legs[1].direction = 0
        legs[0].pieces = legs[1].pieces = 0
        own.row = NONE
    return count


@part
def _emit(waits: Waits, lane: Lane, at: int, passes: Array, count: int) -> int:
    """The pieces of a drive as passes."""
    leg, pieces = waits.legs[lane.slot][lane.work][at], waits.pieces[lane.slot][lane.work][at]
    for number in range(leg.pieces):
        piece, made = pieces[number], passes[count]
        made[0], made[1], made[2] = lane.slot, waits.lanes[lane.slot][lane.work].row, leg.direction
        made[3], made[4], made[5], made[6] = piece.low_mm, piece.high_mm, piece.started_us, piece.ended_us
        made[7], made[8], made[9] = lane.work, piece.evidence, piece.sure // max(piece.way_mm, 1)
        made[10] = ABSENT_MATERIAL if piece.spread < 0 or lane.work == 0 else piece.spread // PER_GRAM
        count += 1
    leg.pieces = 0
    return count
