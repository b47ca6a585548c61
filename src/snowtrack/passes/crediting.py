"""Verdicts on what was driven to passes.

A machine visits segments. It may come back in a moment, over crossings too: it backs off, and sets off again. So a
visit is open until the machine is 50 m further on, and metres that are worked again until then are worked once. When it
has gone 50 m back it has turned: then these are visits of their own. A pass is a piece of a visit that was worked
without a hole; what was told of a visit before it ended is not told again.
"""

from typing import NamedTuple

from snowtrack.compiled import Array, Record, compiled, part

NONE = -1
UNKNOWN = -1
# As in `judging`.
CREDIT, VERDICT, ENDS, ENDS_CREDITED, WORKED, HOLE, TRACK = 1, 3, 4, 8, 16, 32, 64
# A shorter way back is no drive of its own.
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
    """What is remembered (`records`), and a piece that is at hand."""

    lanes: Array
    waiting: Array
    visits: Array
    pieces: Array
    hand: Array


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
                count = _end(waits, lane, verdict, passes, count)
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
    """On along the way of the machine, or back."""
    passes, count = told
    own, way_mm = waits.lanes[lane.slot][lane.work], abs(way.to_mm - way.from_mm)
    if own.row == way.row and own.direction == -way.direction:
        if own.backs:
            count = _go_on(waits, lane, passes, count)
        else:
            own.backs, own.back_mm = True, 0
    own.row, own.direction = way.row, way.direction
    # Who sets off again comes first to where it was before.
    gone_mm = way_mm if own.backs else max(way_mm - own.behind_mm, 0)
    own.behind_mm = own.behind_mm + way_mm if own.backs else max(own.behind_mm - way_mm, 0)
    count = _age(waits, lane, gone_mm, passes, count)
    at, count = _visit(waits, lane, way, passes, count)
    if credited:
        hand = waits.hand[0]
        hand.low_mm, hand.high_mm = min(way.from_mm, way.to_mm), max(way.from_mm, way.to_mm)
        hand.started_us, hand.ended_us, hand.evidence = way.started_us, way.ended_us, way.evidence
        hand.way_mm, hand.sure, hand.spread, hand.told = way_mm, way.sure, way.spread, False
        count = _credit(waits, lane, at, passes, count)
    if own.backs:
        own.back_mm += way_mm
        if own.back_mm >= MANOEUVRE_MM:
            count = _turn(waits, lane, passes, count)
    return count


@part
def _age(waits: Waits, lane: Lane, gone_mm: int, passes: Array, count: int) -> int:
    """The machine is further from all that it has visited, which is over when that is far."""
    own, visits = waits.lanes[lane.slot][lane.work], waits.visits[lane.slot][lane.work]
    for at in range(len(visits)):
        visit = visits[at]
        if visit.row != NONE and visit.backs == own.backs:
            visit.away_mm += gone_mm
            here = visit.row == own.row and visit.direction == own.direction
            if not here and not own.backs and visit.away_mm >= MANOEUVRE_MM:
                count = _leave(waits, lane, at, passes, count)
    return count


@part
def _visit(waits: Waits, lane: Lane, way: Record, passes: Array, count: int) -> tuple[int, int]:
    """The visit that this way belongs to; where there is no room for another one, that which was left first ends."""
    own, visits = waits.lanes[lane.slot][lane.work], waits.visits[lane.slot][lane.work]
    found = _find(visits, way.row, way.direction, own.backs)
    if found == NONE:
        found = _find(visits, NONE, 0, False)
    if found == NONE:
        found = 0
        for at in range(1, len(visits)):
            found = at if visits[at].away_mm > visits[found].away_mm else found
        count = _leave(waits, lane, found, passes, count)
    visit = visits[found]
    visit.row, visit.direction, visit.backs, visit.away_mm = way.row, way.direction, own.backs, 0
    return found, count


@part
def _find(visits: Array, row: int, direction: int, backs: bool) -> int:
    for at in range(len(visits)):
        visit = visits[at]
        if visit.row == row and visit.direction == direction and visit.backs == backs:
            return at
    return NONE


@part
def _turn(waits: Waits, lane: Lane, passes: Array, count: int) -> int:
    """It has not backed off but turned: what was before is over."""
    own, visits = waits.lanes[lane.slot][lane.work], waits.visits[lane.slot][lane.work]
    for at in range(len(visits)):
        if visits[at].row != NONE and not visits[at].backs:
            count = _leave(waits, lane, at, passes, count)
        visits[at].backs = False
    own.backs, own.back_mm, own.behind_mm = False, 0, 0
    return count


@part
def _go_on(waits: Waits, lane: Lane, passes: Array, count: int) -> int:
    """It had only backed off: what it worked on the way back belongs to the visits of before."""
    own, visits = waits.lanes[lane.slot][lane.work], waits.visits[lane.slot][lane.work]
    pieces = waits.pieces[lane.slot][lane.work]
    for at in range(len(visits)):
        if visits[at].row == NONE or not visits[at].backs:
            continue
        into = _find(visits, visits[at].row, -visits[at].direction, False)
        visits[at].backs = False
        if into != NONE:
            for number in range(visits[at].pieces):
                waits.hand[0] = pieces[at, number]
                count = _credit(waits, lane, into, passes, count)
            visits[at].row, visits[at].direction, visits[at].pieces = NONE, 0, 0
    own.backs, own.back_mm = False, 0
    return count


@part
def _credit(waits: Waits, lane: Lane, at: int, passes: Array, count: int) -> int:
    """Add what is at hand to the pieces of a visit, but for what was told of it before."""
    hand, visit, pieces = waits.hand[0], waits.visits[lane.slot][lane.work][at], waits.pieces[lane.slot][lane.work][at]
    low_mm, end_mm = hand.low_mm, hand.high_mm
    whole_mm, way_mm, sure, spread = end_mm - low_mm, hand.way_mm, hand.sure, hand.spread
    while low_mm < end_mm:
        high_mm, known = end_mm, False
        for number in range(visit.pieces):
            piece = pieces[number]
            if piece.told and piece.low_mm <= low_mm < piece.high_mm:
                low_mm, known = piece.high_mm, True
            elif piece.told and low_mm < piece.low_mm < high_mm:
                high_mm = piece.low_mm
        if known:
            continue
        share_mm = high_mm - low_mm
        hand.low_mm, hand.high_mm, hand.way_mm = low_mm, high_mm, way_mm * share_mm // whole_mm
        hand.sure = sure * share_mm // whole_mm
        hand.spread = UNKNOWN if spread < 0 else spread * share_mm // whole_mm
        count = _add(waits, lane, at, passes, count)
        low_mm = high_mm
    return count


@part
def _add(waits: Waits, lane: Lane, at: int, passes: Array, count: int) -> int:
    """Add what is at hand to the pieces that it touches, which are one then, or as a new one."""
    hand, visit, pieces = waits.hand[0], waits.visits[lane.slot][lane.work][at], waits.pieces[lane.slot][lane.work][at]
    for number in range(visit.pieces - 1, NONE, -1):
        piece = pieces[number]
        if not piece.told and piece.low_mm <= hand.high_mm and hand.low_mm <= piece.high_mm:
            _join(hand, piece)
            visit.pieces -= 1
            pieces[number] = pieces[visit.pieces]
    if visit.pieces == len(pieces):
        count = _tell(waits, lane, at, passes, count)
        visit.pieces = 0
    pieces[visit.pieces] = hand
    visit.pieces += 1
    return count


@part
def _join(piece: Record, other: Record) -> None:
    piece.low_mm, piece.high_mm = min(piece.low_mm, other.low_mm), max(piece.high_mm, other.high_mm)
    piece.started_us, piece.ended_us = min(piece.started_us, other.started_us), max(piece.ended_us, other.ended_us)
    piece.evidence, piece.way_mm = max(piece.evidence, other.evidence), piece.way_mm + other.way_mm
    piece.sure += other.sure
    piece.spread = UNKNOWN if piece.spread < 0 or other.spread < 0 else piece.spread + other.spread


@part
def _end(waits: Waits, lane: Lane, verdict: int, passes: Array, count: int) -> int:
    """Tell what is known while the machine stands; all of it when nobody sees how it goes on."""
    own, visits = waits.lanes[lane.slot][lane.work], waits.visits[lane.slot][lane.work]
    if verdict & HOLE:
        count = _go_on(waits, lane, passes, count)
        own.behind_mm = 0
    for at in range(len(visits)):
        if verdict & TRACK:
            count = _leave(waits, lane, at, passes, count)
        elif not visits[at].backs:
            count = _tell(waits, lane, at, passes, count)
    if verdict & TRACK:
        own.row, own.direction = NONE, 0
    return count


@part
def _leave(waits: Waits, lane: Lane, at: int, passes: Array, count: int) -> int:
    """A visit is over."""
    count = _tell(waits, lane, at, passes, count)
    visit = waits.visits[lane.slot][lane.work][at]
    visit.row, visit.direction, visit.backs, visit.pieces = NONE, 0, False, 0
    return count


@part
def _tell(waits: Waits, lane: Lane, at: int, passes: Array, count: int) -> int:
    """The pieces of a visit as passes."""
    visit, pieces = waits.visits[lane.slot][lane.work][at], waits.pieces[lane.slot][lane.work][at]
    for number in range(visit.pieces):
        piece = pieces[number]
        if piece.told:
            continue
        made = passes[count]
        made[0], made[1], made[2] = lane.slot, visit.row, visit.direction
        made[3], made[4], made[5], made[6] = piece.low_mm, piece.high_mm, piece.started_us, piece.ended_us
        made[7], made[8], made[9] = lane.work, piece.evidence, piece.sure // max(piece.way_mm, 1)
        made[10] = ABSENT_MATERIAL if piece.spread < 0 or lane.work == 0 else piece.spread // PER_GRAM
        piece.told = True
        count += 1
    return count
