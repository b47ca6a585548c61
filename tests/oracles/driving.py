"""What was worked along roads, to passes: the scalar twin of `passes.crediting`, stay by stay on a segment."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from snowtrack.model.columns import ABSENT_32
from snowtrack.model.intervals import union
from snowtrack.model.work import Evidence, Work
from tests.oracles.drives import Driven
from tests.oracles.working import Way

WAITING_MAX, PIECES_MAX = 16, 3
MANOEUVRE_MM = 50_000
Pass = tuple[int, ...]
"""Row, direction, from, to, started, ended, work, evidence, confidence, material."""


class Moment(NamedTuple):
    """A fix: what was driven to it since the one before, and how sure that is; what is spread on a metre, if known."""

    way: Way
    before_us: int
    at_us: int
    driven: tuple[Driven, ...]
    confidence: int
    dgpm: int | None


class Stretch(NamedTuple):
    """Driven in one go. `sure` and `spread` are sums over its millimetres."""

    row: int
    direction: int
    from_mm: int
    to_mm: int
    started_us: int
    ended_us: int
    evidence: Evidence
    sure: int
    spread: int | None
    worked: bool = False

    @property
    def low_mm(self) -> int:
        return min(self.from_mm, self.to_mm)

    @property
    def high_mm(self) -> int:
        return max(self.from_mm, self.to_mm)


def passes(moments: Sequence[Moment], work: Work) -> list[Pass]:
    """All passes of one device and kind of work, drive by drive in order."""
    return [
        one
        for stay in _stays(moments)
        for direction, drive in _drives(stay)
        for one in _pieces([stretch for stretch in drive if stretch.worked], direction, work)
    ]


def _stays(moments: Sequence[Moment]) -> Iterator[list[Stretch]]:
    """What was driven on a segment before the machine was elsewhere."""
    stay: list[Stretch] = []
    for _, same in groupby(moments, key=lambda one: (id(one) if one.way.begins else 0, one.way.zone)):
        zone = list(same)
        if zone[0].way.begins and stay:
            yield stay
            stay = []
        for stretch in _decided(zone):
            if stay and stay[-1].row != stretch.row:
                yield stay
                stay = []
            stay.append(stretch)
    if stay:
        yield stay


def _decided(zone: Sequence[Moment]) -> list[Stretch]:
    """What was decided at once. Of what is too much to wait, the oldest is as what was decided before."""
    joined: list[Stretch] = []
    for stretch in (stretch for moment in zone for stretch in _stretches(moment)):
        last = joined[-1] if joined else None
        if last and (last.row, last.direction, last.to_mm) == (stretch.row, stretch.direction, stretch.from_mm):
            joined[-1] = _and(last, stretch)
        else:
            joined.append(stretch)
    late, way = len(joined) - WAITING_MAX, zone[-1].way
    return [one._replace(worked=way.fallback if at < late else way.worked) for at, one in enumerate(joined)]


def _stretches(moment: Moment) -> Iterator[Stretch]:
    """When the machine was where is by distance."""
    whole_mm, done_mm = sum(abs(to_mm - from_mm) for *_, from_mm, to_mm in moment.driven), 0
    spent_us = moment.at_us - moment.before_us
    for row, direction, from_mm, to_mm in moment.driven:
        way_mm = abs(to_mm - from_mm)
        yield Stretch(
            row=row,
            direction=direction,
            from_mm=from_mm,
            to_mm=to_mm,
            started_us=moment.before_us + spent_us * done_mm // whole_mm,
            ended_us=moment.before_us + spent_us * (done_mm + way_mm) // whole_mm,
            evidence=moment.way.evidence,
            sure=way_mm * moment.confidence,
            spread=None if moment.dgpm is None else way_mm * moment.dgpm,
        )
        done_mm += way_mm


def _and(one: Stretch, other: Stretch) -> Stretch:
    return one._replace(
        to_mm=other.to_mm,
        ended_us=other.ended_us,
        evidence=max(one.evidence, other.evidence),
        sure=one.sure + other.sure,
        spread=None if one.spread is None or other.spread is None else one.spread + other.spread,
    )


def _drives(stay: Sequence[Stretch]) -> Iterator[tuple[int, list[Stretch]]]:
    """One after each turn. A way back that is too short for a turn belongs to none."""
    direction, drive = stay[0].direction, list[Stretch]()
    for towards, same in groupby(stay, key=lambda stretch: stretch.direction):
        gone = list(same)
        if towards == direction:
            drive += gone
        elif any(abs(stretch.to_mm - gone[0].from_mm) >= MANOEUVRE_MM for stretch in gone):
            yield direction, drive
            direction, drive = towards, gone
    yield direction, drive


def _pieces(ways: Sequence[Stretch], direction: int, work: Work) -> Iterator[Pass]:
    """Without holes. More of them than can be kept are told before the next one."""
    kept: list[Stretch] = []
    for way in ways:
        if len(_covered([*kept, way])) > PIECES_MAX:
            yield from _told(kept, direction, work)
            kept = []
        kept.append(way)
    yield from _told(kept, direction, work)


def _covered(ways: Sequence[Stretch]) -> Sequence[tuple[int, int]]:
    return union((way.low_mm, way.high_mm) for way in ways)


def _told(ways: Sequence[Stretch], direction: int, work: Work) -> Iterator[Pass]:
    for low_mm, high_mm in _covered(ways):
        own = [way for way in ways if low_mm <= way.low_mm <= high_mm]
        driven_mm = sum(way.high_mm - way.low_mm for way in own)
        spread = [way.spread for way in own if way.spread is not None]
        known = work is Work.SPREADING and len(spread) == len(own)
        yield (
            *(own[0].row, direction, low_mm, high_mm),
            *(min(way.started_us for way in own), max(way.ended_us for way in own)),
            *(work, max(way.evidence for way in own), sum(way.sure for way in own) // driven_mm),
            sum(spread) // 10_000 if known else ABSENT_32,
        )
