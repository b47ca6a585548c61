"""Fix by fix: does the machine work, and what else does it do.

For each kind of work a level says how sure it is that the machine works. It rises while the inputs of the machine (or,
without them, its speed) say so, and falls while they do not; at the top it works, at the bottom it does not, and in
between what was driven waits. What then turns out holds from the last moment of certainty on: a blade lifted over a
manhole ends no pass, and a pass begins where the blade went down and not where that was beyond doubt.

What an input said holds for a while where it says nothing. An input that does not change while the machine does what it
cannot do like that is not believed until it changes, and one that changes all the time not until it rests.
"""

from snowtrack.compiled import Array, Record, compiled, part
from snowtrack.model.columns import ABSENT_8, ABSENT_32
from snowtrack.model.fixes import BLADE_DOWN
from snowtrack.passes.hearing import Judged, Known, Limits, Said

# A level is full here.
FULL = 1_000_000
# Verdicts on what was driven to a fix and all that waits: bits of one number.
WAIT, CREDIT, DROP = 0, 1, 2
VERDICT = 3
# What was worked before this fix is told there; what waits then counts, or not.
ENDS, ENDS_CREDITED = 4, 8
# When that was last certain, the machine worked.
WORKED = 16
# Nobody sees how the machine goes on; and this fix begins a track, for which nothing counts that was before.
HOLE, TRACK = 32, 64

PARKED, STANDBY, TRAVELLING, WORKING = 0, 1, 2, 3
BY_INPUT, INFERRED = 0, 1
NO_INPUT = -1
NONE = -1
# Further than this no machine comes between two fixes: 108 km/h, and the noise of two positions.
SPEED_MMPS_MAX, NOISE_MM = 30_000, 30_000
# Columns of a profile.
PLOUGHS, SPREADS, SLOW, FAST, NEVER, BY_PTO, STANDS = range(7)
ANY = 2
# Inputs are not believed when the machine has moved so long faster than it can work, though they say that it works, of
# which slower ways take away a quarter of their time; or for so long, most of it as if at work, though they say that it
# does not plough: who drives on has a reason not to spread.
CONTRARY_DOWN_MS, CONTRARY_UP_MS, FORGIVEN = 60_000, 7_200_000, 4
# Nor when they change more often than every ten seconds, for long enough; until they rest for as long.
CHANGE_MS, RESTLESS_MS = 10_000, 100_000
# Faster than this nobody spreads: 72 km/h.
SPREADING_MMPS_MAX = 20_000
# What an input said holds so long when it says nothing: it may be asked less often than the receiver.
HELD_US = 30_000_000
# Slower than this a machine may be turning, which is part of its work, though nothing is worked meanwhile.
TURNS_MMPS = 3_000
# A machine that stood moves when it has done so for so long, or twice as fast as one that stands: no noise does that.
SETS_OFF_US = 3_000_000
# Spans of activity are cut at such times, so that what lasts is stored while it does.
PIECE_US = 600_000_000


@compiled
def judge(said: Said, known: Known, profiles: Array, limits: Limits, judged: Judged) -> int:
    """Judge all fixes; how many spans of activity came of it."""
    count = 0
    for fix in range(len(said.slot)):
        count = _judge_fix(said, fix, known, profiles[said.kind[fix]], (limits, judged, count))
    return count


@compiled
def end(known: Known, slots: Array, judged: Judged) -> int:
    """End what is open of these machines, each with a row of verdicts of its own; how many spans came of it."""
    count = 0
    for at in range(len(slots)):
        count = _end(known, slots[at], at, judged, count)
        known.machines[slots[at]].activity = NONE
    return count


@part
def _judge_fix(said: Said, fix: int, known: Known, profile: Array, task: tuple[Limits, Judged, int]) -> int:
    limits, judged, count = task
    slot = said.slot[fix]
    machine, detectors = known.machines[slot], known.detectors[slot]
    spent_us = said.observed_us[fix] - machine.observed_us
    speed_mmps = _speed(said, fix, spent_us)
    judged.before_us[fix] = machine.observed_us
    if not _goes_on(said, fix, machine, spent_us, limits):
        count = _end(known, slot, fix, judged, count)
        for work in range(ANY):
            judged.verdicts[fix, work] |= TRACK if machine.track_us != said.track_us[fix] else 0
        _begin(said, fix, known, profile, speed_mmps)
        return count
    stood = machine.stand_us != NONE
    idled = stood and machine.observed_us - machine.stand_us > limits.idle_us
    standing = _stand(machine, said.observed_us[fix], speed_mmps, profile[STANDS])
    was_on, was_since_us = detectors[ANY].on, detectors[ANY].since_us
    best, evidence, doubted = -limits.input_off, BY_INPUT, 0
    if detectors[ANY].level in (0, FULL):
        machine.zone_evidence, machine.zone_doubted, machine.zone_ploughed = BY_INPUT, 0, False
    for work in range(ANY):
        rate, by = _rate(said, fix, work, (known.sensors[slot][work], profile, limits), (speed_mmps, spent_us))
        doubted |= known.sensors[slot][work].doubted
        evidence, best = max(evidence, by), max(best, rate)
        judged.evidence[fix, work] = INFERRED if spent_us > limits.seen_us else by
        judged.verdicts[fix, work] = _move(detectors[work], rate, spent_us, said.observed_us[fix], limits)
    best = max(best, -limits.turn_off) if speed_mmps < TURNS_MMPS else best
    _move(detectors[ANY], best, spent_us, said.observed_us[fix], limits)
    idles = standing and said.observed_us[fix] - machine.stand_us > limits.idle_us
    machine.zone_ploughed |= detectors[0].on
    if idles:
        _stop(detectors, said.observed_us[fix], judged.verdicts[fix], 0 if idled else ENDS)
    _drive(machine, (speed_mmps + machine.speed_mmps) * spent_us // 2_000_000, stood, standing)
    machine.zone_evidence = max(machine.zone_evidence, evidence)
    machine.zone_doubted = max(machine.zone_doubted, doubted)
    since_us = min(machine.stand_us, was_since_us) if idles else was_since_us
    count = _tell(slot, machine, (was_on, since_us), detectors[ANY], said.observed_us[fix], (limits, judged, count))
    machine.observed_us, machine.speed_mmps = said.observed_us[fix], speed_mmps
    return count


@part
def _stand(machine: Record, now_us: int, speed_mmps: int, stands_mmps: int) -> bool:
    """Whether the machine stands. Since when it does is noted, and when it was last seen to before it seems to move."""
    if speed_mmps < stands_mmps:
        machine.stand_us = now_us if machine.stand_us == NONE else machine.stand_us
        machine.left_us = NONE
    elif machine.stand_us != NONE:
        moved = machine.left_us != NONE
        machine.left_us = machine.left_us if moved else machine.observed_us
        if (moved and now_us - machine.left_us >= SETS_OFF_US) or speed_mmps >= 2 * stands_mmps:
            machine.stand_us = NONE
    return bool(machine.stand_us != NONE)


@part
def _drive(machine: Record, way_mm: int, stood: bool, stands: bool) -> None:
    """Add the way to this fix to what was driven; while a machine only seems to move, it waits."""
    if not stands:
        machine.zone_mm += machine.crept_mm + way_mm
    elif not stood:
        machine.zone_mm += way_mm
    machine.crept_mm = machine.crept_mm + way_mm if stands and machine.left_us != NONE else 0


@part
def _speed(said: Said, fix: int, spent_us: int) -> int:
    """As stated, else from the way driven."""
    if said.speed_mmps[fix] != ABSENT_32:
        return int(said.speed_mmps[fix])
    if said.stands[fix] == 1 or spent_us <= 0:
        return 0
    return int(min(said.way_mm[fix] * 1_000_000 // spent_us, SPEED_MMPS_MAX))


@part
def _goes_on(said: Said, fix: int, machine: Record, spent_us: int, limits: Limits) -> bool:
    """Whether what was driven from the last fix to this one was seen."""
    if machine.activity == NONE or machine.track_us != said.track_us[fix] or spent_us > limits.bridge_us:
        return False
    return bool(said.way_mm[fix] <= NOISE_MM + SPEED_MMPS_MAX * spent_us // 1_000_000)


@part
def _begin(said: Said, fix: int, known: Known, profile: Array, speed_mmps: int) -> None:
    """Anew with this fix: nothing is known of what the machine did before."""
    slot, now_us = said.slot[fix], said.observed_us[fix]
    machine, new = known.machines[slot], known.machines[slot].track_us != said.track_us[fix]
    machine.observed_us, machine.track_us, machine.speed_mmps = now_us, said.track_us[fix], speed_mmps
    machine.stand_us = now_us if speed_mmps < profile[STANDS] else NONE
    machine.standby_us = machine.left_us = NONE
    machine.activity, machine.since_us, machine.driven_mm = TRAVELLING, now_us, 0
    machine.zone_mm = machine.crept_mm = 0
    machine.evidence = machine.zone_evidence = BY_INPUT
    machine.doubted = machine.zone_doubted = 0
    machine.ploughed = machine.zone_ploughed = False
    for work in range(len(known.detectors[slot])):
        known.detectors[slot][work].level, known.detectors[slot][work].on = 0, False
        known.detectors[slot][work].since_us = now_us
    for work in range(ANY):
        sensor = known.sensors[slot][work]
        if new:
            sensor.value, sensor.stuck, sensor.chatters, sensor.restless_ms = NO_INPUT, False, False, 0
        _watch(sensor, work, _held(sensor, _input(said, fix, work, profile), now_us), profile, (0, 0))


@part
def _end(known: Known, slot: int, fix: int, judged: Judged, count: int) -> int:
    """What was open up to the last fix of a machine: what is not certain counts when it is rather likely."""
    machine, detectors = known.machines[slot], known.detectors[slot]
    for work in range(ANY):
        likely = 2 * detectors[work].level >= FULL
        judged.verdicts[fix, work] = DROP | ENDS | HOLE | (ENDS_CREDITED if likely else 0)
        judged.evidence[fix, work] = BY_INPUT
    if machine.activity == NONE:
        return count
    machine.zone_ploughed |= 2 * detectors[0].level >= FULL
    on = 2 * detectors[ANY].level >= FULL
    if on != detectors[ANY].on:
        count = _switch(slot, machine, WORKING if on else TRAVELLING, detectors[ANY].since_us, judged, count)
    _settle_zone(machine)
    return _span(slot, machine, machine.observed_us, judged, count)


@part
def _input(said: Said, fix: int, work: int, profile: Array) -> int:
    """What the input of this work says: 1 that the machine works, 0 that it does not."""
    if work == 1:
        return NO_INPUT if said.spreading[fix] == ABSENT_8 else int(said.spreading[fix])
    if profile[BY_PTO] and said.pto[fix] != ABSENT_8:
        return int(said.pto[fix])
    return NO_INPUT if said.blade[fix] == ABSENT_8 else int(said.blade[fix] == BLADE_DOWN)


@part
def _rate(
    said: Said, fix: int, work: int, believed: tuple[Record, Array, Limits], move: tuple[int, int]
) -> tuple[int, int]:
    """How fast the level of a work moves, and the evidence."""
    sensor, profile, limits = believed
    speed_mmps, spent_us = move
    before, value = sensor.value, _held(sensor, _input(said, fix, work, profile), said.observed_us[fix])
    _watch(sensor, work, value, profile, (speed_mmps, spent_us // 1_000))
    if value == NO_INPUT or sensor.doubted:
        return _guess(profile[PLOUGHS + work] == 1, said.on_road[fix], profile, speed_mmps, limits)
    if value == 1 and speed_mmps > _never(profile, work) > 0:
        return -limits.input_off, BY_INPUT
    if before not in (NO_INPUT, value):
        return 0, BY_INPUT
    if value == 0:
        return -limits.input_off, BY_INPUT
    return 0 if speed_mmps < profile[STANDS] else limits.input_on, BY_INPUT


@part
def _guess(capable: bool, on_road: bool, profile: Array, speed_mmps: int, limits: Limits) -> tuple[int, int]:
    """By speed alone."""
    if not capable:
        return -limits.input_off, BY_INPUT
    if not on_road:
        return -limits.speed_off, INFERRED
    if speed_mmps < profile[SLOW]:
        return 0, INFERRED
    if speed_mmps <= profile[FAST]:
        return limits.speed_on, INFERRED
    over, room = speed_mmps - profile[FAST], profile[NEVER] - profile[FAST]
    return -limits.speed_off * min(over, room) // room, INFERRED


@part
def _never(profile: Array, work: int) -> int:
    """From what speed on the machine surely does not do this."""
    return int(profile[NEVER]) if work == 0 or profile[NEVER] == 0 else SPREADING_MMPS_MAX


@part
def _held(sensor: Record, value: int, now_us: int) -> int:
    """What an input says, or said last."""
    if value != NO_INPUT:
        sensor.told_us = now_us
    elif now_us - sensor.told_us <= HELD_US:
        return int(sensor.value)
    return value


@part
def _watch(sensor: Record, work: int, value: int, profile: Array, move: tuple[int, int]) -> None:
    """Find inputs that are stuck, and those that know no rest."""
    speed_mmps, spent_ms = move
    sensor.restless_ms = max(sensor.restless_ms - spent_ms, 0)
    if value != sensor.value:
        changed_ms = CHANGE_MS if min(value, sensor.value) > NO_INPUT else 0
        sensor.restless_ms = min(sensor.restless_ms + changed_ms, RESTLESS_MS)
        sensor.value, sensor.stuck, sensor.moved_ms, sensor.contrary_ms = value, False, 0, 0
    elif value != NO_INPUT and speed_mmps >= profile[STANDS]:
        sensor.moved_ms += spent_ms
        if value == 1:
            fast = speed_mmps > _never(profile, work) > 0
            sensor.contrary_ms = max(sensor.contrary_ms + (spent_ms if fast else -(spent_ms // FORGIVEN)), 0)
            sensor.stuck |= sensor.contrary_ms >= CONTRARY_DOWN_MS
        elif work == 0:
            sensor.contrary_ms += spent_ms if profile[SLOW] <= speed_mmps <= profile[FAST] else 0
            most = 4 * sensor.contrary_ms >= 3 * sensor.moved_ms
            sensor.stuck |= sensor.contrary_ms >= CONTRARY_UP_MS and most
    sensor.chatters = sensor.restless_ms == RESTLESS_MS or (sensor.chatters and sensor.restless_ms > 0)
    sensor.doubted = sensor.stuck or sensor.chatters


@part
def _move(detector: Record, rate: int, spent_us: int, now_us: int, limits: Limits) -> int:
    """Move a level; the verdict on what was driven since it was certain."""
    level = detector.level + rate * min(spent_us, limits.bridge_us) // 1_000_000
    if 0 < level < FULL and now_us - detector.since_us > limits.zone_us:
        level = FULL if detector.on else 0
    worked = WORKED if detector.on else 0
    detector.level = min(max(level, 0), FULL)
    if 0 < level < FULL:
        return WAIT | worked
    detector.on, detector.since_us = level >= FULL, now_us
    return worked | (CREDIT if detector.on else DROP)


@part
def _stop(detectors: Array, now_us: int, verdicts: Array, ends: int) -> None:
    """The machine has stood for too long to be at work."""
    verdicts[:] = DROP | ends
    for work in range(len(detectors)):
        detectors[work].level, detectors[work].on, detectors[work].since_us = 0, False, now_us


@part
def _tell(
    slot: int, machine: Record, before: tuple[bool, int], working: Record, now_us: int, task: tuple[Limits, Judged, int]
) -> int:
    """Follow the activity of a machine; the number of spans told so far."""
    limits, judged, count = task
    was_on, since_us = before
    stands = machine.stand_us != NONE
    if not stands:
        if machine.activity in (STANDBY, PARKED):
            count = _switch(slot, machine, TRAVELLING, machine.left_us, judged, count)
        machine.standby_us = NONE
    if working.on != was_on:
        count = _switch(slot, machine, WORKING if working.on else TRAVELLING, since_us, judged, count)
    certain = working.level in (0, FULL)
    if certain:
        _settle_zone(machine)
    stands_us, still = max(machine.stand_us, machine.since_us), stands and machine.left_us == NONE
    if still and machine.activity == TRAVELLING and certain and now_us - stands_us >= limits.stand_us:
        machine.standby_us = stands_us
        count = _switch(slot, machine, STANDBY, stands_us, judged, count)
    if still and machine.activity == STANDBY and now_us - machine.standby_us >= limits.parked_us:
        count = _switch(slot, machine, PARKED, machine.standby_us + limits.parked_us, judged, count)
    decided_us = now_us if certain else working.since_us
    if stands and machine.activity > STANDBY:
        decided_us = min(decided_us, machine.stand_us)
    elif stands and not still:
        decided_us = min(decided_us, machine.left_us)
    border_us = decided_us - decided_us % PIECE_US
    if machine.since_us < border_us:
        count = _span(slot, machine, border_us, judged, count)
    return count


@part
def _settle_zone(machine: Record) -> None:
    """What came since it was last certain belongs to the span that is open."""
    machine.driven_mm += machine.zone_mm
    machine.evidence = max(machine.evidence, machine.zone_evidence)
    machine.doubted = max(machine.doubted, machine.zone_doubted)
    machine.ploughed |= machine.zone_ploughed
    machine.zone_mm = 0


@part
def _switch(slot: int, machine: Record, activity: int, at_us: int, judged: Judged, count: int) -> int:
    """Another activity since an instant, but not since before the span that is open; what is not settled is its own."""
    count = _span(slot, machine, max(at_us, machine.since_us), judged, count)
    machine.activity = activity
    return count


@part
def _span(slot: int, machine: Record, until_us: int, judged: Judged, count: int) -> int:
    """Tell the span that is open up to an instant, cut at full ten minutes, and go on from there."""
    while until_us > machine.since_us:
        to_us = min(until_us, machine.since_us - machine.since_us % PIECE_US + PIECE_US)
        driven_mm = machine.driven_mm * (to_us - machine.since_us) // (until_us - machine.since_us)
        span = judged.spans[count]
        span[0], span[1], span[2], span[3] = slot, machine.since_us, to_us, machine.activity
        span[4], span[5], span[7] = machine.evidence, machine.doubted, driven_mm
        span[6] = machine.ploughed and machine.activity == WORKING
        machine.since_us, machine.driven_mm = to_us, machine.driven_mm - driven_mm
        count += 1
        if to_us == until_us:
            # What came last reaches into the span that is open now.
            machine.evidence, machine.doubted = machine.zone_evidence, machine.zone_doubted
            machine.ploughed = machine.zone_ploughed
    return count
