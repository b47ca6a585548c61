"""What was worked along roads, to passes: the scalar twin of `passes.crediting`, visit by visit of segments."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from snowtrack.model.columns import ABSENT_32
from snowtrack.model.work import Evidence, Work
from tests.oracles.drives import Driven
from tests.oracles.working import Ends, Way

WAITING_MAX, VISITS_MAX, PIECES_MAX = 16, 6, 3
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


class Piece(NamedTuple):
    """Worked without a hole. `sure` and `spread` are sums over `driven_mm`, in which ways back count."""

    low_mm: int
    high_mm: int
    started_us: int
    ended_us: int
    evidence: Evidence
    driven_mm: int
    sure: int
    spread: int | None

    def part(self, low_mm: int, high_mm: int) -> "Piece":
        """Some of it, of the whole time."""
        share, whole = high_mm - low_mm, self.high_mm - self.low_mm
        return self._replace(
            low_mm=low_mm,
            high_mm=high_mm,
            driven_mm=self.driven_mm * share // whole,
            sure=self.sure * share // whole,
            spread=None if self.spread is None else self.spread * share // whole,
        )

    def touches(self, other: "Piece") -> bool:
        return self.low_mm <= other.high_mm and other.low_mm <= self.high_mm


@dataclass
class Visit:
    """Of a segment in one direction: what was worked and not told yet, and what was told."""

    row: int
    direction: int
    backs: bool
    away_mm: int = 0
    pieces: list[Piece] = field(default_factory=list)
    told: list[tuple[int, int]] = field(default_factory=list)

    def tell(self, work: Work) -> Iterator[Pass]:
        for piece in self.pieces:
            self.told.append((piece.low_mm, piece.high_mm))
            known = work is Work.SPREADING and piece.spread is not None
            yield (
                *(self.row, self.direction, piece.low_mm, piece.high_mm, piece.started_us, piece.ended_us),
                *(work, piece.evidence, piece.sure // max(piece.driven_mm, 1)),
                (piece.spread or 0) // 10_000 if known else ABSENT_32,
            )
        self.pieces = []

    def add(self, whole: Piece, work: Work) -> Iterator[Pass]:
        """But for what was told."""
        for low_mm, high_mm in _without(whole, self.told):
            piece = whole.part(low_mm, high_mm)
            apart = [one for one in self.pieces if not piece.touches(one)]
            joined = _joined([piece, *(one for one in self.pieces if piece.touches(one))])
            if len(apart) + len(self.told) == PIECES_MAX:
                self.pieces = apart
                yield from self.tell(work)
                apart, self.told = [], []
            self.pieces = [*apart, joined]


def passes(moments: Sequence[Moment], work: Work) -> list[Pass]:
    """All passes of one device and kind of work."""
    path = _Path(work)
    for _, same in groupby(moments, key=lambda one: (id(one) if one.way.ends else 0, one.way.zone)):
        zone = list(same)
        path.end(zone[0].way.ends)
        for stretch in _decided(zone):
            path.drive(stretch)
    path.end(Ends.TRACK)
    return path.passes


class _Path:
    """The visits of one machine that are open, each in its place."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.visits: list[Visit | None] = [None] * VISITS_MAX
        self.at: tuple[int, int] | None = None
        self.backs = False
        self.back_mm = self.behind_mm = 0
        self.passes: list[Pass] = []

    def end(self, ends: Ends) -> None:
        if ends in (Ends.HOLE, Ends.TRACK):
            self._go_on()
            self.behind_mm = 0
        for number, visit in enumerate(self.visits):
            if visit and not visit.backs and ends:
                self.passes += visit.tell(self.work)
            if ends is Ends.TRACK:
                self.visits[number] = None
        self.at = None if ends is Ends.TRACK else self.at

    def drive(self, way: Stretch) -> None:
        way_mm = abs(way.to_mm - way.from_mm)
        if self.at == (way.row, -way.direction):
            if self.backs:
                self._go_on()
            else:
                self.backs, self.back_mm = True, 0
        self.at = (way.row, way.direction)
        self._age(way_mm)
        visit = self._visit(way)
        if way.worked:
            low_mm, high_mm = sorted((way.from_mm, way.to_mm))
            said = (way.started_us, way.ended_us, way.evidence, way_mm, way.sure, way.spread)
            self.passes += visit.add(Piece(low_mm, high_mm, *said), self.work)
        self.back_mm += way_mm
        if self.backs and self.back_mm >= MANOEUVRE_MM:
            self._turn()

    def _age(self, way_mm: int) -> None:
        gone_mm = way_mm if self.backs else max(way_mm - self.behind_mm, 0)
        self.behind_mm = self.behind_mm + way_mm if self.backs else max(self.behind_mm - way_mm, 0)
        for number, visit in enumerate(self.visits):
            if visit and visit.backs == self.backs:
                visit.away_mm += gone_mm
                if visit.away_mm >= MANOEUVRE_MM and not self.backs and (visit.row, visit.direction) != self.at:
                    self._leave(number)

    def _visit(self, way: Stretch) -> Visit:
        for visit in self.visits:
            if visit and (visit.row, visit.direction, visit.backs) == (way.row, way.direction, self.backs):
                visit.away_mm = 0
                return visit
        if None not in self.visits:
            away = [visit.away_mm for visit in self.visits if visit]
            self._leave(away.index(max(away)))
        new = Visit(way.row, way.direction, self.backs)
        self.visits[self.visits.index(None)] = new
        return new

    def _go_on(self) -> None:
        """It had only backed off."""
        for number, visit in enumerate(self.visits):
            if visit and visit.backs:
                visit.backs = False
                before = [
                    one
                    for one in self.visits
                    if one and not one.backs and (one.row, one.direction) == (visit.row, -visit.direction)
                ]
                for piece in visit.pieces if before else []:
                    self.passes += before[0].add(piece, self.work)
                if before:
                    self.visits[number] = None
        self.backs = False

    def _turn(self) -> None:
        for number, visit in enumerate(self.visits):
            if visit and not visit.backs:
                self._leave(number)
            elif visit:
                visit.backs = False
        self.backs, self.behind_mm = False, 0

    def _leave(self, number: int) -> None:
        visit = self.visits[number]
        assert visit
        self.passes += visit.tell(self.work)
        self.visits[number] = None


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


def _without(piece: Piece, told: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What of a piece has not been told."""
    low_mm = piece.low_mm
    for begin_mm, end_mm in sorted(told):
        if low_mm < min(begin_mm, piece.high_mm):
            yield low_mm, min(begin_mm, piece.high_mm)
        low_mm = max(low_mm, end_mm)
    if low_mm < piece.high_mm:
        yield low_mm, piece.high_mm


def _joined(pieces: Sequence[Piece]) -> Piece:
    spread = [piece.spread for piece in pieces if piece.spread is not None]
    return Piece(
        low_mm=min(piece.low_mm for piece in pieces),
        high_mm=max(piece.high_mm for piece in pieces),
        started_us=min(piece.started_us for piece in pieces),
        ended_us=max(piece.ended_us for piece in pieces),
        evidence=max(piece.evidence for piece in pieces),
        driven_mm=sum(piece.driven_mm for piece in pieces),
        sure=sum(piece.sure for piece in pieces),
        spread=sum(spread) if len(spread) == len(pieces) else None,
    )
