"""The window: one device's newest fixes in observed order, as long as what they are settled on may still change.

What comes in order is appended, what comes late within the window takes its place. What comes when an answer that it
would have a part in is settled, or is a half of a fix that is settled, is late.

Fixes of one instant: the halves of an epoch that was sent in two parts become one again. Halves are made of different
sentences, belong to one boot as far as they say, and do not contradict each other about the position; which of them
came first does not matter. Whatever else shares an instant stays as it is.
"""

from typing import NamedTuple

from snowtrack.compiled import Array, Record, compiled, part
from snowtrack.model.columns import ABSENT_8, ABSENT_16, ABSENT_32, ABSENT_64

# Receivers write positions to at least a hundredth of a minute.
SAME_PLACE_E7 = 2_000
# The sentence whose speed and course are believed first (`model.fixes.Source`).
RMC = 8
# Room for a lag at 10 Hz and more; so far also an answer looks ahead at most (`backward.AHEAD_MAX`).
PENDING_MAX = 1_000
# A lag that never passes: what comes is settled by a flush alone.
NEVER_US = 1 << 60
# Of the last settled instant so many fixes are remembered, for their halves.
BESIDE_MAX = 16


class Rows(NamedTuple):
    """Fixes by device: those of device i are `fixes[begins[i]] … fixes[begins[i + 1] - 1]`."""

    begins: Array
    fixes: Array


@compiled
def merge(heads: Array, kept: Rows, came: Rows, merged: Rows, late: Array, changed: Array) -> None:
    """Put what came, in order, among what is kept; say which are late, and where the first one stands that is not."""
    total = 0
    for device in range(len(heads)):
        head = heads[device]
        merged.begins[device] = total
        changed[device] = -1
        at, end = kept.begins[device], kept.begins[device + 1]
        settled_end = at + head.settled
        for new in range(came.begins[device], came.begins[device + 1]):
            fix = came.fixes[new]
            head.heard_us = max(head.heard_us, fix.received_us)
            head.newest_us = max(head.newest_us, fix.observed_us)
            late[new] = _is_late(head, fix, kept.fixes, settled_end)
            if late[new]:
                continue
            while at < end and (at < settled_end or not _before(fix, kept.fixes[at])):
                merged.fixes[total] = kept.fixes[at]
                at += 1
                total += 1
            if changed[device] < 0:
                changed[device] = total
            merged.fixes[total] = fix
            total += 1
        for rest in range(at, end):
            merged.fixes[total] = kept.fixes[rest]
            total += 1
    merged.begins[len(heads)] = total


@part
def _is_late(head: Record, fix: Record, kept: Array, settled_end: int) -> bool:
    """Before what is settled, or a half of it, or where an answer has looked already."""
    if not head.left:
        return False
    if _key_before(fix, head.left_us, head.left_boot, head.left_seq, head.left_digest):
        return True
    if not head.provisional and fix.observed_us <= head.closed_us:
        return True
    for at in range(settled_end - head.settled, settled_end):
        if kept[at].observed_us == fix.observed_us and _are_halves(kept[at], fix):
            return True
    return False


@part
def _before(one: Record, other: Record) -> bool:
    return _key_before(one, other.observed_us, other.boot, other.seq, other.digest)


@part
def _key_before(fix: Record, observed_us: int, boot: int, seq: int, digest: int) -> bool:
    """The order of a device's fixes."""
    if fix.observed_us != observed_us:
        return bool(fix.observed_us < observed_us)
    if fix.boot != boot:
        return bool(fix.boot < boot)
    return bool(fix.seq < seq if fix.seq != seq else fix.digest < digest)


@compiled
def join_halves(heads: Array, merged: Rows, whole: Rows, changed: Array) -> None:
    """Fixes with their halves joined, in the same order. `changed` says where the first change is: before and after.

    What is settled is whole.
    """
    total = 0
    for device in range(len(heads)):
        begin = whole.begins[device] = total
        since = changed[device]
        changed[device] = -1
        for at in range(merged.begins[device], merged.begins[device + 1]):
            fix = merged.fixes[at]
            loose = at >= merged.begins[device] + heads[device].settled
            if loose and since >= 0 > changed[device] and fix.observed_us == merged.fixes[since].observed_us:
                changed[device] = total
            other = total - 1
            whole_end = begin + heads[device].settled
            while other >= whole_end and whole.fixes[other].observed_us == fix.observed_us:
                if _are_halves(whole.fixes[other], fix):
                    break
                other -= 1
            if other >= whole_end and whole.fixes[other].observed_us == fix.observed_us:
                _join(whole.fixes[other], fix)
            else:
                whole.fixes[total] = fix
                total += 1
    whole.begins[len(heads)] = total


@part
def _are_halves(one: Record, other: Record) -> bool:
    """Whether two fixes of one instant may be parts of one epoch; those of one number are."""
    if max(abs(one.lat_e7 - other.lat_e7), abs(one.lon_e7 - other.lon_e7)) > SAME_PLACE_E7:
        return False
    if ABSENT_64 not in (one.boot, other.boot):
        return bool(one.boot == other.boot and one.seq == other.seq)
    return bool(one.sources & other.sources == 0)


@part
def _join(one: Record, other: Record) -> None:
    """Of each value the statement of the sentence that is believed first; into `one`."""
    other_first = other.sources & -other.sources < one.sources & -one.sources
    if other_first:
        one.digest = other.digest
        one.lat_e7, one.lon_e7 = other.lat_e7, other.lon_e7
    one.blade = _first(other_first, one.blade, other.blade, ABSENT_8)
    one.spreading = _first(other_first, one.spreading, other.spreading, ABSENT_8)
    one.spread_dgpm = _first(other_first, one.spread_dgpm, other.spread_dgpm, ABSENT_16)
    one.pto = _first(other_first, one.pto, other.pto, ABSENT_8)
    one.quality = _first(other_first, one.quality, other.quality, ABSENT_8)
    one.hdop_centi = _first(other_first, one.hdop_centi, other.hdop_centi, ABSENT_32)
    moves_first = one.sources & RMC == 0 if other_first else other.sources & RMC != 0
    one.speed_mmps = _first(moves_first, one.speed_mmps, other.speed_mmps, ABSENT_32)
    one.course_cdeg = _first(moves_first, one.course_cdeg, other.course_cdeg, ABSENT_32)
    one.boot, one.seq = max(one.boot, other.boot), max(one.seq, other.seq)
    one.received_us, one.trust = min(one.received_us, other.received_us), max(one.trust, other.trust)
    one.sources |= other.sources


@part
def _first(other_first: bool, own: int, other: int, absent: int) -> int:
    if other_first:
        return own if other == absent else other
    return other if own == absent else own


@compiled
def close(heads: Array, whole: Rows, lag_us: int, late_us: int, flushed: bool, until: Array) -> None:
    """Up to where the fixes of each device can be settled: everything that their answers may look at is there.

    All when flushed; and of one instant all, or none. A clock that stands still fills no window, if there is a lag.
    """
    for device in range(len(heads)):
        head = heads[device]
        at, end = whole.begins[device] + head.settled, whole.begins[device + 1]
        while at < end:
            settles = flushed or whole.fixes[at].observed_us + lag_us < head.newest_us - late_us
            if not settles and (lag_us == NEVER_US or end - at <= PENDING_MAX):
                break
            at += 1
            while at < end and whole.fixes[at].observed_us == whole.fixes[at - 1].observed_us:
                at += 1
        until[device] = at


@compiled
def date_tracks(heads: Array, whole: Rows, opens: Array, track_us: Array) -> None:
    """When the track of each fix began."""
    for device in range(len(heads)):
        running_us = heads[device].track_us
        for at in range(whole.begins[device], whole.begins[device + 1]):
            if opens[at]:
                running_us = whole.fixes[at].observed_us
            track_us[at] = running_us


@compiled
def leave(heads: Array, whole: Rows, merged: Rows, until: Array, lag_us: int, rest: Rows) -> None:
    """Move on the heads of devices of which fixes were settled up to `until`; and what there is to remember of all:
    the fixes of the last settled instant, joined, and what is not settled, as it came."""
    total = 0
    for device in range(len(heads)):
        head, begin, end = heads[device], whole.begins[device], until[device]
        rest.begins[device] = total
        first = end
        while first > begin and whole.fixes[first - 1].observed_us == whole.fixes[end - 1].observed_us:
            first -= 1
        first = max(first, end - BESIDE_MAX)
        if end > begin + head.settled:
            head.left_us, head.left = whole.fixes[end - 1].observed_us, True
            head.closed_us = head.left_us + lag_us
            if end - 1 + PENDING_MAX < whole.begins[device + 1]:
                head.closed_us = min(head.closed_us, whole.fixes[end - 1 + PENDING_MAX].observed_us)
            head.provisional = False
        for at in range(first, end):
            rest.fixes[total] = whole.fixes[at]
            total += 1
        _leave_rest(head, merged, device, end > begin + head.settled, rest, total)
        total = rest.begins[device + 1]
        head.settled = end - first


@part
def _leave_rest(head: Record, merged: Rows, device: int, moved: bool, rest: Rows, total: int) -> None:
    """What is not settled, as it came; and the last fix that is."""
    for at in range(merged.begins[device] + head.settled, merged.begins[device + 1]):
        fix = merged.fixes[at]
        if moved and fix.observed_us <= head.left_us:
            head.left_boot, head.left_seq, head.left_digest = fix.boot, fix.seq, fix.digest
        else:
            rest.fixes[total] = fix
            total += 1
    rest.begins[device + 1] = total
