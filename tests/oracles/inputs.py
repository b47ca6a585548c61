"""What the inputs of a machine say, and whether that is believed: a part of the scalar twin of `passes.judging`."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from snowtrack.passes.profiles import Profile

SECOND = 1_000_000
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
PLOUGHING, SPREADING = WORKS = (0, 1)


class Heard(NamedTuple):
    """A fix. `asked` is what inputs say of ploughing and of spreading; `opens` says that the track before was ended."""

    at_us: int
    track_us: int
    opens: bool
    on_road: bool
    stated_mmps: int | None
    stands: bool
    asked: tuple[int | None, int | None]
    way_mm: int
    profile: Profile


def held(heard: Sequence[Heard]) -> list[Heard]:
    """An input that says nothing says what it said at most half a minute ago on this track."""
    last: dict[int, tuple[int, int, int]] = {}
    found = []
    for one in heard:
        said = list(one.asked)
        for work in WORKS:
            value = one.asked[work]
            if value is not None:
                last[work] = (value, one.at_us, one.track_us)
            elif work in last and last[work][2] == one.track_us and one.at_us - last[work][1] <= 30 * SECOND:
                said[work] = last[work][0]
        found.append(one._replace(asked=(said[0], said[1])))
    return found


def doubts(heard: Sequence[Heard], mmps: Sequence[int], counted_ms: Sequence[int], work: int) -> list[bool]:
    """Whether the input is not believed: what it says is stuck, or it changes all the time."""
    chatters = _chatters(heard, counted_ms, work)
    doubted = set[int]()
    for _, same in groupby(range(len(heard)), key=lambda at: (heard[at].track_us, heard[at].asked[work])):
        doubted |= set(_stuck(heard, mmps, [(at, counted_ms[at]) for at in same], work))
    return [at in doubted or chatters[at] for at in range(len(heard))]


def _stuck(heard: Sequence[Heard], mmps: Sequence[int], same: Sequence[tuple[int, int]], work: int) -> Iterator[int]:
    """Which of fixes that say the same come when that has gone on against the evidence for too long."""
    moved = contrary = 0
    doubted = False
    for number, (at, counted_ms) in enumerate(same):
        profile, value = heard[at].profile, heard[at].asked[work]
        counted = counted_ms if number and mmps[at] >= profile.stands_mmps else 0
        moved += counted
        if value == 1:
            cannot = 0 < never(profile, work) < mmps[at]
            contrary = max(contrary + (counted if cannot else -(counted // 4)), 0)
            doubted |= contrary >= MINUTE_MS
        elif value == 0 and work == PLOUGHING:
            contrary += counted if profile.slow_mmps <= mmps[at] <= profile.fast_mmps else 0
            doubted |= contrary >= 2 * HOUR_MS and 4 * contrary >= 3 * moved
        if doubted:
            yield at


def _chatters(heard: Sequence[Heard], counted_ms: Sequence[int], work: int) -> list[bool]:
    """Ten seconds for each change, run down by the clock: from a hundred on, until they are used up."""
    left_ms, chatters, found = 0, False, []
    for at, one in enumerate(heard):
        before = heard[at - 1] if at and heard[at - 1].track_us == one.track_us else None
        if before is None:
            left_ms, chatters = 0, False
        left_ms = max(left_ms - counted_ms[at], 0)
        if before and None not in (before.asked[work], one.asked[work]) and before.asked[work] != one.asked[work]:
            left_ms = min(left_ms + 10_000, 100_000)
        chatters = left_ms == 100_000 or (chatters and left_ms > 0)
        found.append(chatters)
    return found


def never(profile: Profile, work: int) -> int:
    return 20_000 if work == SPREADING and profile.never_mmps else profile.never_mmps
