"""Scenes in metres: where a machine truly is, second by second, and what its receiver makes of it."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from math import atan2, degrees, exp, hypot
from random import Random
from typing import NamedTuple

from snowtrack.model.columns import ABSENT_32
from snowtrack.model.fixes import BLADE_DOWN, Source
from snowtrack.model.machines import MachineKind
from snowtrack.network.arrays import Kind, Network
from tests.matching.parts import part
from tests.matching.runs import Run, Told, driven
from tests.matching.worlds import START_US, matcher
from tests.oracles.drives import SECOND_US
from tests.oracles.fleets import fleet_of
from tests.oracles.halves import Pending
from tests.oracles.towns import Metres, point


class Seen(NamedTuple):
    """A machine at a moment."""

    second: float
    east_m: float
    north_m: float
    course_deg: float
    speed_mps: float


def along(*corners: Metres, speed_mps: float = 8, start_s: float = 0, every_s: float = 1) -> list[Seen]:
    """From corner to corner at one speed."""
    seen: list[Seen] = []
    done_m, step_m = 0.0, speed_mps * every_s
    for (x0, y0), (x1, y1) in pairwise(corners):
        length_m = hypot(x1 - x0, y1 - y0)
        course = degrees(atan2(x1 - x0, y1 - y0)) % 360
        while done_m <= length_m:
            share = done_m / length_m
            second = start_s + len(seen) * every_s
            seen.append(Seen(second, x0 + share * (x1 - x0), y0 + share * (y1 - y0), course, speed_mps))
            done_m += step_m
        done_m -= length_m
    return seen


def then(before: Sequence[Seen], *more: Sequence[Seen], after_s: float = 1) -> list[Seen]:
    """One after the other."""
    seen = list(before)
    for following in more:
        start_s = seen[-1].second + after_s - following[0].second
        seen += [one._replace(second=one.second + start_s) for one in following]
    return seen


def standing(at: Metres, seconds: int) -> list[Seen]:
    return [Seen(second, *at, 0, 0) for second in range(seconds)]


def with_noise(seen: Iterable[Seen], noise_m: float, lasts_s: float, seed: int = 0) -> Iterator[Seen]:
    """Errors of so many metres on each axis that last for so long."""
    random, east, north, last_s = Random(seed), 0.0, 0.0, None
    for one in seen:
        kept = 0.0 if last_s is None else exp((last_s - one.second) / lasts_s)
        fresh_m = noise_m * (1 - kept * kept) ** 0.5
        east, north = kept * east + random.gauss(0, fresh_m), kept * north + random.gauss(0, fresh_m)
        last_s = one.second
        yield one._replace(east_m=one.east_m + east, north_m=one.north_m + north)


def fixes(seen: Iterable[Seen], *, told: bool = True) -> list[Pending]:
    """As a receiver says it."""
    made = []
    for number, one in enumerate(seen, 1):
        lat, lon = point(one.east_m, one.north_m)
        made.append(
            part(
                Source.RMC,
                at_us=START_US + round(one.second * SECOND_US),
                boot=1,
                seq=number,
                lat_e7=lat,
                lon_e7=lon,
                speed_mmps=round(one.speed_mps * 1000) if told else ABSENT_32,
                course_cdeg=round(one.course_deg * 100) % 36_000 if told else ABSENT_32,
                blade=BLADE_DOWN,
            )
        )
    return made


def settled(
    network: Network, seen: Iterable[Seen], *, told: bool = True, kind: Kind = Kind.CARRIAGEWAY, lag_s: float = 10
) -> list[Told]:
    made = matcher(network, lag_s)
    made.fleet = fleet_of({7: MachineKind.SMALL} if kind is Kind.FOOTWAY else {})
    return Run(made).take(fixes(seen, told=told)).flush().only


def rows(told: Iterable[Told]) -> list[int]:
    return [one.answer.row for one in told]


def directions(told: Iterable[Told]) -> list[int]:
    return [one.answer.direction for one in told]


def driven_mm(told: Iterable[Told], *on: int) -> int:
    """How far was driven, on these segments or on all."""
    return sum(abs(one.to_mm - one.from_mm) for one in driven(told) if not on or one.row in on)


def turns(told: Iterable[Told]) -> int:
    """How often what was driven changed its way on one segment."""
    way = driven(told)
    return sum(one.row == other.row and one.direction != other.direction for one, other in pairwise(way))
