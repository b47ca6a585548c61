"""At which instant each fix was observed, written from the rules one fix at a time: the yardstick of `tracks.clock`.

A fix is judged alone first. Then all fixes of its boot are looked at again for each fix: nothing is kept or summed up.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from snowtrack.model.columns import ABSENT_32, ABSENT_64
from snowtrack.model.fixes import FixBatch, Remark
from snowtrack.model.tracks import TimeTrust

SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3_600 * SECOND, 86_400 * SECOND
WEEKS_LOST = (1_024 * 7 * DAY, 2_048 * 7 * DAY)
YEAR = 366 * DAY
# 1970-01-01, 1980-01-01, 1980-01-06, 1999-08-22, 2000-01-01
DEFAULT_DAYS = (0, 315_532_800, 315_964_800, 935_280_000, 946_684_800)
MINUTES_MAX = 64
TRUSTED = (TimeTrust.DATED, TimeTrust.CORRECTED, TimeTrust.STATED)

Placed = tuple[int | None, TimeTrust]


@dataclass(frozen=True)
class Sent:
    """What a fix says of time, in microseconds; None where it says nothing."""

    device: int
    boot: int | None
    seq: int | None
    uptime: int | None
    stated: int | None
    clock: int | None
    received: int
    valid: bool
    placed: bool


@dataclass(frozen=True)
class Vote:
    """A time beside a fix, and the instant of power-up that follows from it."""

    seq: int
    power_up: int
    at: int
    ahead: bool

    @property
    def minute(self) -> int:
        return self.power_up // MINUTE


def place_each(fixes: FixBatch) -> list[Placed]:
    """The instant (or none) and the trust of each fix."""
    sent = [_sent(fixes, at) for at in range(len(fixes))]
    return [_place(fix, sent) for fix in sent]


def alone(fix: Sent) -> Placed:
    """What a fix says of itself."""
    if fix.stated is None:
        return (None, TimeTrust.UNKNOWN) if fix.clock is None else (latest(fix.clock, fix.received), TimeTrust.RECEIVED)
    if _plausible(fix.stated, fix.received) and fix.stated // DAY * DAY // SECOND not in DEFAULT_DAYS:
        return fix.stated, TimeTrust.STATED
    for lost in WEEKS_LOST:
        if fix.valid and _plausible(fix.stated + lost, fix.received):
            return fix.stated + lost, TimeTrust.CORRECTED
    return None, TimeTrust.IMPLAUSIBLE


def latest(clock: int, until: int) -> int:
    """The last time that it was this time of day, up to a minute after an instant."""
    midnight = (until + MINUTE) // DAY * DAY
    return midnight + clock if midnight + clock <= until + MINUTE else midnight - DAY + clock


def nearest(clock: int, around: int) -> int:
    """When it was this time of day, nearest to an instant; of two as near the earlier one."""
    midnight = around // DAY * DAY
    return min((midnight + days * DAY + clock for days in (-1, 0, 1)), key=lambda at: (abs(at - around), at))


def _place(fix: Sent, every: Sequence[Sent]) -> Placed:
    if fix.seq is None:
        return alone(fix)
    boot = [one for one in every if (one.device, one.boot) == (fix.device, fix.boot)]
    return _place_by_sequence(fix, boot) if fix.uptime is None else _place_by_uptime(fix, fix.uptime, boot)


def _place_by_uptime(fix: Sent, uptime: int, boot: Sequence[Sent]) -> Placed:
    votes = [vote for one in boot if (vote := _vote(one)) is not None]
    groups = _groups(votes)
    punctual = [group for group in groups if not any(vote.ahead for vote in group)]
    trusted = [group for group in punctual if not any(_surrounds(other, group) for other in punctual)]
    own, mine = alone(fix), _vote(fix)
    believed = own[1] in TRUSTED
    if len({vote.minute for vote in votes}) > MINUTES_MAX or _overlap(trusted):
        return (own[0], TimeTrust.DISPUTED) if believed else own
    if not trusted:
        power_up = min(one.received - one.uptime for one in boot if one.uptime is not None)
        return own if believed and not votes else _by_receipt(fix, power_up + uptime)
    if mine is not None and any(mine in group for group in trusted):
        return own
    minute = _minute_of(fix, [vote for group in trusted for vote in group])
    expected = minute[0].power_up + uptime
    room = MINUTE + abs(expected - min(vote.at for vote in minute)) // 5_000
    if own[0] is not None and believed and mine is None and abs(own[0] - expected) <= room:
        return own
    if fix.clock is not None and abs(nearest(fix.clock, expected) - expected) <= room:
        trust = TimeTrust.DATED if fix.stated is None else TimeTrust.CORRECTED
        return nearest(fix.clock, expected), trust
    return expected, TimeTrust.CORRECTED


def _by_receipt(fix: Sent, expected: int) -> Placed:
    """A time of day without a date is right within the day before; one beside a wrong date only where it fits."""
    if fix.clock is None:
        return expected, TimeTrust.RECEIVED
    if fix.stated is None:
        return latest(fix.clock, expected), TimeTrust.RECEIVED
    snapped = nearest(fix.clock, expected)
    return (snapped if abs(snapped - expected) <= MINUTE else expected), TimeTrust.RECEIVED


def _place_by_sequence(fix: Sent, boot: Sequence[Sent]) -> Placed:
    own = alone(fix)
    hours: dict[int, int] = {}
    for one in boot:
        at, _ = alone(one)
        if one.uptime is None and one.valid and at is not None and one.stated is not None and one.seq is not None:
            hours[at // HOUR] = min(one.seq, hours.get(at // HOUR, one.seq))
    if not hours or fix.seq is None:
        return own
    number = fix.seq
    before = [(first, hour) for hour, first in hours.items() if first <= number]
    hour = max(before)[1] if before else min((first, hour) for hour, first in hours.items())[1]
    around = hour * HOUR + HOUR // 2
    if fix.clock is not None and (fix.stated is None or (fix.valid and own[1] is TimeTrust.IMPLAUSIBLE)):
        at = min(nearest(fix.clock, around), latest(fix.clock, fix.received))
        if fix.stated is None:
            return at, TimeTrust.DATED
        return (at, TimeTrust.CORRECTED) if abs(at - around) <= HOUR else own
    if not fix.valid and own[0] is not None and fix.stated is not None and abs(own[0] - around) > DAY:
        return None, TimeTrust.IMPLAUSIBLE
    return own


def _vote(fix: Sent) -> Vote | None:
    """Only what stands beside a fix has one, when it can be right or was later than its receipt."""
    if fix.seq is None or fix.uptime is None or fix.stated is None or not fix.valid:
        return None
    at, _ = alone(fix)
    if at is not None:
        return Vote(fix.seq, at - fix.uptime, at, ahead=False)
    return Vote(fix.seq, fix.stated - fix.uptime, fix.stated, ahead=True) if fix.stated > fix.received else None


def _groups(votes: Sequence[Vote]) -> list[list[Vote]]:
    """Votes of the same minute, and of neighbouring ones."""
    groups: list[list[Vote]] = []
    for vote in sorted(votes, key=lambda vote: vote.minute):
        if groups and vote.minute - groups[-1][-1].minute <= 1:
            groups[-1].append(vote)
        else:
            groups.append([vote])
    return groups


def _span(group: Sequence[Vote]) -> tuple[int, int]:
    return min(vote.seq for vote in group), max(vote.seq for vote in group)


def _surrounds(one: Sequence[Vote], other: Sequence[Vote]) -> bool:
    (first, last), (other_first, other_last) = _span(one), _span(other)
    return first < other_first and other_last < last


def _overlap(groups: Sequence[Sequence[Vote]]) -> bool:
    spans = [_span(group) for group in groups]
    return any(one[0] <= other[1] and other[0] <= one[1] for at, one in enumerate(spans) for other in spans[:at])


def _minute_of(fix: Sent, votes: Sequence[Vote]) -> list[Vote]:
    """The votes of the minute that began last before this number, else of the first; the earliest first."""
    minutes = [
        sorted((vote for vote in votes if vote.minute == minute), key=lambda vote: (vote.seq, vote.power_up))
        for minute in {vote.minute for vote in votes}
    ]
    minutes.sort(key=lambda minute: (minute[0].seq, minute[0].power_up))
    begun = [minute for minute in minutes if fix.seq is not None and minute[0].seq <= fix.seq]
    return begun[-1] if begun else minutes[0]


def _plausible(at: int, received: int) -> bool:
    return received - YEAR <= at <= received + MINUTE


def _sent(fixes: FixBatch, at: int) -> Sent:
    def said(name: str) -> int | None:
        value = int(getattr(fixes, name)[at])
        return None if value == ABSENT_64 else value

    uptime_ms = said("uptime_ms")
    return Sent(
        device=int(fixes.device[at]),
        boot=said("boot"),
        seq=said("seq"),
        uptime=None if uptime_ms is None else uptime_ms * 1_000,
        stated=said("time_us"),
        clock=said("day_us"),
        received=int(fixes.received_us[at]),
        valid=not int(fixes.remarks[at]) & Remark.VOID,
        placed=int(fixes.lat_e7[at]) != ABSENT_32,
    )
