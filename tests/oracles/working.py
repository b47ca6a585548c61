"""Whether a machine works and what else it does: the scalar twin of `passes.judging`.

It has all fixes of a device at hand. First it says by fix how sure it is that the machine works; from the last fix back
it then tells what was worked.
"""

from collections.abc import Iterator, Sequence
from enum import IntEnum
from itertools import groupby, pairwise
from typing import NamedTuple

from snowtrack.model.work import Activity, Evidence
from snowtrack.passes.stage import WorkPolicy
from tests.oracles.inputs import PLOUGHING, SECOND, SPREADING, WORKS, Heard, doubts, held, never

TEN_MINUTES = 600 * SECOND
FULL = 1_000_000
Span = tuple[int, int, Activity]


class Moved(NamedTuple):
    """A fix with what its device has told before: how long before, how fast it is, and which inputs are doubted; `new`
    says that it begins a track."""

    heard: Heard
    spent_us: int
    mmps: int
    changed: tuple[bool, bool]
    doubted: tuple[bool, bool]
    new: bool


class Ends(IntEnum):
    """What is over when a fix comes."""

    NOTHING = 0
    STANDS = 1
    """It has stood for too long, so what it worked is told."""
    HOLE = 2
    TRACK = 3


class Way(NamedTuple):
    """What is told of the way to a fix, for one kind of work: whether it was worked, and if nobody can wait for that;
    `zone` is the same for all that was decided at once."""

    worked: bool
    fallback: bool
    zone: int
    ends: Ends
    evidence: Evidence


class Shows(NamedTuple):
    """Whether spans must say something, and whether they may: a fix at the instant of the one before need not."""

    must: bool
    may: bool


class Run(NamedTuple):
    """Fixes between which everything was seen."""

    ways: tuple[list[Way], list[Way]]
    spans: list[Span]
    driven_mm: int
    worked_mm: int
    inferred: Shows
    doubted: Shows
    ploughed: Shows


def told(heard: Sequence[Heard], policy: WorkPolicy) -> list[Run]:
    """The whole life of a device."""
    return [_run(run, policy) for run in _runs(held(heard), policy)]


def _runs(heard: Sequence[Heard], policy: WorkPolicy) -> Iterator[list[Moved]]:
    """Cut where nothing was seen: too long a time, too long a way, another track."""
    opens = [True]
    for before, one in pairwise(heard):
        spent_us = one.at_us - before.at_us
        seen = one.track_us == before.track_us and spent_us <= policy.bridge_us
        opens.append(one.opens or not seen or one.way_mm > 30_000 + 30_000 * spent_us // SECOND)
    moved = _moved(heard, opens)
    borders = [at for at, cut in enumerate(opens) if cut]
    for begins, ends in pairwise([*borders, len(heard)]):
        yield moved[begins:ends]


def _moved(heard: Sequence[Heard], opens: Sequence[bool]) -> list[Moved]:
    spent = [0, *(one.at_us - before.at_us for before, one in pairwise(heard))]
    mmps = [_mmps(one, us) for one, us in zip(heard, spent, strict=True)]
    counted_ms = [0 if cut else us // 1000 for us, cut in zip(spent, opens, strict=True)]
    unbelieved = [doubts(heard, mmps, counted_ms, work) for work in WORKS]
    return [
        Moved(
            heard=one,
            spent_us=spent[at],
            mmps=mmps[at],
            changed=_changes(before, one),
            doubted=(unbelieved[PLOUGHING][at], unbelieved[SPREADING][at]),
            new=at == 0 or before.track_us != one.track_us,
        )
        for at, (before, one) in enumerate(zip([heard[0], *heard[:-1]], heard, strict=True))
    ]


def _mmps(one: Heard, spent_us: int) -> int:
    if one.stated_mmps is not None:
        return one.stated_mmps
    return 0 if one.stands or spent_us <= 0 else min(one.way_mm * SECOND // spent_us, 30_000)


def _changes(before: Heard, one: Heard) -> tuple[bool, bool]:
    """Which inputs changed."""
    ploughing, spreading = (
        None not in (old, new) and old != new for old, new in zip(before.asked, one.asked, strict=True)
    )
    return ploughing, spreading


def _run(run: list[Moved], policy: WorkPolicy) -> Run:
    pushes = [[_push(one, work, policy) for one in run] for work in WORKS]
    stops, still = _stops(run, policy), _still(run)
    either = [max(_rests(one, policy), *(push[at][0] for push in pushes)) for at, one in enumerate(run)]
    levels = [_levels(run, [rate for rate, _ in push], stops, policy) for push in pushes]
    whether = _worked(_levels(run, either, stops, policy))
    for at in sorted(stops):
        if whether.before[at]:
            _not_since(whether.worked, stops[at], at)
    driven = _driven(run, still)
    ways = [_ways(run, level, push, policy) for level, push in zip(levels, pushes, strict=True)]
    certain = [one.certain is True for one in levels[PLOUGHING]]
    return Run(
        ways=(ways[0], ways[1]),
        spans=_spans(run, whether, policy),
        driven_mm=sum(driven),
        worked_mm=sum(mm for mm, worked in zip(driven, whether.worked, strict=True) if worked),
        inferred=_shows(run, [any(push[at][1] is Evidence.INFERRED for push in pushes) for at in range(len(run))]),
        doubted=_shows(run, [any(one.doubted) for one in run]),
        ploughed=Shows(_shows(run, certain).must, any(way.worked for way in ways[PLOUGHING][1:])),
    )


def _shows(run: Sequence[Moved], said: Sequence[bool]) -> Shows:
    timely = any(one.spent_us > 0 and says for one, says in zip(run[1:], said[1:], strict=True))
    return Shows(timely, any(said[1:]))


def _driven(run: Sequence[Moved], still: Sequence[bool]) -> list[int]:
    """The way to each fix; that of a movement which is only believed later, at the fix at which it is."""
    driven, crept, stands = [0], 0, _stands(run)
    for at, (one, other) in enumerate(pairwise(run), 1):
        way_mm = (one.mmps + other.mmps) * other.spent_us // (2 * SECOND)
        crept += way_mm if not (still[at - 1] and still[at]) else 0
        only_seems = stands[at] and not still[at]
        driven.append(0 if only_seems else crept)
        crept = crept if only_seems else 0
    return driven


def _per_second(every_us: int) -> int:
    """Rounded up: after its time the level has gone the whole way."""
    return (FULL * SECOND + every_us - 1) // every_us


def _rests(one: Moved, policy: WorkPolicy) -> int:
    """How fast it is forgotten that a machine worked: who is slow may be turning."""
    return -_per_second(policy.turn_us if one.mmps < 3_000 else policy.lift_us)


def _push(one: Moved, work: int, policy: WorkPolicy) -> tuple[int, Evidence]:
    """Which way this fix speaks, in millionths a second."""
    profile, says, mmps = one.heard.profile, one.heard.asked[work], one.mmps
    lifted = -_per_second(policy.lift_us)
    if says is None or one.doubted[work]:
        if not (profile.ploughs, profile.spreads)[work]:
            return lifted, Evidence.BLADE
        return _guessed(one, policy), Evidence.INFERRED
    impossible = bool(says) and 0 < never(profile, work) < mmps
    if impossible or (not says and not one.changed[work]):
        return lifted, Evidence.BLADE
    holds = one.changed[work] or mmps < profile.stands_mmps
    return 0 if holds else _per_second(policy.down_us), Evidence.BLADE


def _guessed(one: Moved, policy: WorkPolicy) -> int:
    profile, leaves = one.heard.profile, _per_second(policy.leave_us)
    if not one.heard.on_road:
        return -leaves
    if one.mmps <= profile.fast_mmps:
        return _per_second(policy.guess_us) * (one.mmps >= profile.slow_mmps)
    return max(-leaves, -leaves * (one.mmps - profile.fast_mmps) // (profile.never_mmps - profile.fast_mmps))


def _stops(run: Sequence[Moved], policy: WorkPolicy) -> dict[int, int]:
    """Fixes at which the machine has stood for too long to be at work, and each one's first fix of the stand."""
    stops: dict[int, int] = {}
    for first, last in _groups(_stands(run)):
        long = (at for at in range(first, last + 1) if run[at].heard.at_us - run[first].heard.at_us > policy.idle_us)
        stops |= dict.fromkeys(long, first)
    return stops


def _stands(run: Sequence[Moved]) -> list[bool]:
    """By fix whether the machine seems to stand: it has not moved for long enough, nor fast enough, to be believed."""
    found: list[bool] = []
    left_us: int | None = None
    for at, one in enumerate(run):
        standing_mmps, stood = one.heard.profile.stands_mmps, bool(found) and found[-1]
        moves = one.mmps >= standing_mmps
        lasts = left_us is not None and one.heard.at_us - left_us >= 3 * SECOND
        found.append(not moves or (stood and not lasts and one.mmps < 2 * standing_mmps))
        left_us = (left_us or run[at - 1].heard.at_us) if moves and found[-1] else None
    return found


def _still(run: Sequence[Moved]) -> list[bool]:
    """By fix whether it turns out that the machine stood: not from where a movement began that was believed then."""
    still = _stands(run)
    for at in range(len(run) - 1, 0, -1):
        if not still[at] and still[at - 1] and run[at - 1].mmps >= run[at - 1].heard.profile.stands_mmps:
            still[at - 1] = False
    return still


def _groups(true: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """The first and the last of those that follow each other."""
    for value, those in groupby(range(len(true)), key=lambda at: true[at]):
        if value:
            first, *more = those
            yield first, (more or [first])[-1]


class _Level(NamedTuple):
    """After a fix: how sure, and what is certain if anything is; whether a stop took away what there was."""

    level: int
    certain: bool | None
    stopped: bool = False


def _levels(run: Sequence[Moved], rates: Sequence[int], stops: dict[int, int], policy: WorkPolicy) -> list[_Level]:
    levels, on, since_us = [_Level(0, certain=False)], False, run[0].heard.at_us
    for at, (one, rate) in enumerate(zip(run[1:], rates[1:], strict=True), 1):
        level = min(max(levels[-1].level + rate * one.spent_us // SECOND, 0), FULL)
        certain = {0: False, FULL: True}.get(level)
        if certain is None and one.heard.at_us - since_us > policy.zone_us:
            level, certain = FULL * on, on
        stopped = at in stops and level > 0
        if at in stops:
            level, certain = 0, False
        if certain is not None:
            on, since_us = certain, one.heard.at_us
        levels.append(_Level(level, certain, stopped))
    return levels


class _Worked(NamedTuple):
    """By fix: whether the way to it was worked, whether the machine worked when that was last certain before it, and
    whether it is certain at it that it does not."""

    worked: list[bool]
    before: list[bool]
    certainly_not: list[bool]


def _worked(levels: Sequence[_Level]) -> _Worked:
    """From the last fix back: what is not certain turns out at the next fix that is; at the end, what is likelier."""
    say = 2 * levels[-1].level >= FULL
    worked, before = [], [False]
    for one in reversed(levels):
        say = say if one.certain is None else one.certain
        worked.append(say)
    for one in levels:
        before.append(before[-1] if one.certain is None else one.certain)
    return _Worked(worked[::-1], before[:-1], [one.certain is False for one in levels])


def _ways(
    run: Sequence[Moved], levels: Sequence[_Level], pushes: Sequence[tuple[int, Evidence]], policy: WorkPolicy
) -> list[Way]:
    worked, zone, ways = _worked(levels), 0, []
    stops = _stops(run, policy)
    idle = {at for at in stops if at - 1 not in stops}
    for at, (one, level) in enumerate(zip(run, levels, strict=True)):
        zone += at == 0 or level.stopped or levels[at - 1].certain is not None
        by = Evidence.INFERRED if at and one.spent_us > policy.seen_us else pushes[at][1]
        ends = (Ends.TRACK if one.new else Ends.HOLE) if at == 0 else Ends(at in idle)
        ways.append(Way(worked.worked[at], worked.before[at] and not level.stopped, zone, ends, by))
    return ways


def _not_since(worked: list[bool], first: int, last: int) -> None:
    """Back to when the machine stopped."""
    at = last
    while at > first and (at == last or worked[at]):
        worked[at] = False
        at -= 1


def _spans(run: Sequence[Moved], whether: _Worked, policy: WorkPolicy) -> list[Span]:
    times = [one.heard.at_us for one in run]
    stands_by: dict[int, int] = {}
    slow = [one.mmps < one.heard.profile.stands_mmps for one in run]
    for first, last in _groups(_still(run)):
        at_work = [at for at in range(first + 1, last + 1) if whether.worked[at]]
        for idle, ends in pairwise([first, *at_work, last + 1]):
            known = [times[at] for at in range(idle, ends) if whether.certainly_not[at] and slow[at]]
            if known and known[-1] - times[idle] >= policy.stand_us:
                stands_by |= dict.fromkeys(range(idle + 1, ends), times[idle] + policy.parked_us)
    spans = []
    for at, (begins, until) in enumerate(pairwise(times), 1):
        if at in stands_by:
            parked_us = min(max(stands_by[at], begins), until)
            spans += [(begins, parked_us, Activity.STANDBY), (parked_us, until, Activity.PARKED)]
        else:
            spans.append((begins, until, Activity.WORKING if whether.worked[at] else Activity.TRAVELLING))
    return merged(spans)


def merged(spans: Sequence[Span]) -> list[Span]:
    """What follows without a change is one span, but for full ten minutes."""
    joined: list[Span] = []
    for begins, ends, activity in spans:
        if begins >= ends:
            continue
        if joined and joined[-1][1:] == (begins, activity):
            joined[-1] = (joined[-1][0], ends, activity)
        else:
            joined.append((begins, ends, activity))
    return [piece for span in joined for piece in _cut(*span)]


def _cut(begins: int, ends: int, activity: Activity) -> Iterator[Span]:
    borders = range(begins - begins % TEN_MINUTES + TEN_MINUTES, ends, TEN_MINUTES)
    for one, other in pairwise([begins, *borders, ends]):
        yield one, other, activity
