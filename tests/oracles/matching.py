"""The scalar matcher: one track, plain Python, written from what the matcher says of itself.

For each fix all places near are found on all segments; every state is compared with every state before it; ways are
searched anew. `settling` has the answers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import cos, hypot, radians, sin
from typing import NamedTuple

from snowtrack.matching.costs import DEFAULT_COSTS, Costs
from snowtrack.matching.forward import BACKWARDS_MM, MOVING_MMPS, PHASE_SOLVED, RESIDUAL_MM_MAX
from snowtrack.matching.lattice import NEAR_STEP_MM, NEAR_STEP_US
from snowtrack.matching.motion import (
    CRAWLING_MMPS,
    GONE_MM_MAX,
    NOISE_MM,
    NOISE_MM_MAX,
    NOISE_MS_MAX,
    PACE_MMPS_MAX,
    STANDING_MMPS,
)
from snowtrack.model.columns import ABSENT_32
from snowtrack.network.arrays import Kind, Network
from snowtrack.network.reach import REACH_MM
from tests.oracles.halves import Pending
from tests.oracles.nearest import Place, metres_at, places_one
from tests.oracles.ways import Way, is_against, length_of, ways_from

OFF = -1


class State(NamedTuple):
    """Where the machine may be at a fix, and the two best ways there: each a cost and a state before."""

    edge: int
    at_mm: int
    cost: int
    ways: tuple[tuple[int, int], ...]


class Candidate(NamedTuple):
    """A directed segment at the place nearest to the fix, or `OFF`, and what it costs by itself."""

    edge: int
    at_mm: int
    own: int


@dataclass
class Column:
    """What is known at a fix. `east_mm`, `north_mm` and `spent_us` are the step to it, `gone_mm` is how far the machine
    has gone on its track beyond doubt, up to a bound; `pace_…` is its mean speed of late."""

    opens: bool
    places: list[Place]
    noise_mm: int = NOISE_MM
    residual_mm: int = 0
    east_mm: int = 0
    north_mm: int = 0
    spent_us: int = 0
    gone_mm: int = 0
    pace_east_mmps: int = 0
    pace_north_mmps: int = 0
    stands: bool = False
    states: list[State] = field(default_factory=list)

    @property
    def seen_mm(self) -> int:
        """How long the step looks."""
        return round(hypot(self.east_mm, self.north_mm))

    @property
    def moved_mm(self) -> int:
        return 0 if self.stands else self.seen_mm

    @property
    def is_long(self) -> bool:
        """Whether the step to it is too long for noise to lead back, and for what ends near."""
        return hypot(self.east_mm, self.north_mm) > NEAR_STEP_MM or self.spent_us > NEAR_STEP_US

    @property
    def best(self) -> int:
        """Of equals the first."""
        return min(range(len(self.states)), key=lambda at: self.states[at].cost)

    @property
    def noise_over_mm(self) -> int:
        return max(self.noise_mm - NOISE_MM, 0)


@dataclass(frozen=True, kw_only=True)
class ScalarMatcher:
    """All fixes of one machine, whole and in order."""

    network: Network
    cut_us: int
    kind: Kind = Kind.CARRIAGEWAY
    costs: Costs = DEFAULT_COSTS

    def columns(self, fixes: Sequence[Pending]) -> list[Column]:
        columns: list[Column] = []
        for fix in fixes:
            before = fixes[len(columns) - 1] if columns else None
            opens = before is None or fix.observed_us - before.observed_us > self.cut_us
            column = Column(opens, places_one(self.network, (fix.lat_e7, fix.lon_e7)))
            if before is not None and not opens:
                _move(column, columns[-1], fix, before)
            candidates = list(self._candidates(fix, column))
            reached = [self._begun(candidate) for candidate in candidates]
            if not opens:
                reached = self._reached(columns[-1], column, candidates)
            self._keep(column, candidates, reached)
            columns.append(column)
        return columns

    def _candidates(self, fix: Pending, column: Column) -> Iterator[Candidate]:
        """What the fix by itself says of each place."""
        costs = self.costs
        weight = 1000
        if not column.opens:
            weight = costs.weight_min + costs.weight_per_m * column.moved_mm // 1000
            weight = min(weight * 1000 // (1000 + costs.weight_per_noise * column.noise_over_mm // 1000), 1000)
        sigma_mm = self._sigma_mm(fix, column)
        heads = fix.course_cdeg != ABSENT_32 and fix.speed_mmps >= MOVING_MMPS
        course = radians(fix.course_cdeg / 100)
        for place in column.places:
            error = place.distance_mm * 1000 // sigma_mm
            quadratic, linear = error * error // 2000, costs.tail * (2 * error - costs.tail) // 2000
            own = (quadratic if error <= costs.tail else linear) * weight // 1000
            own += costs.other_kind if self.network.kind[place.row] != self.kind else 0
            cosine = place.east * sin(course) + place.north * cos(course)
            length_mm = int(self.network.length_mm[place.row])
            for against, along in ((0, cosine), (1, -cosine)):
                turned = round(costs.course * (1000 - along) / 2000) if heads else 0
                at_mm = length_mm - place.along_mm if against else place.along_mm
                yield Candidate(2 * place.row + against, at_mm, own + turned)
        yield Candidate(OFF, 0, costs.off_road * weight // 1000)

    def _sigma_mm(self, fix: Pending, column: Column) -> int:
        sigma_mm = self.costs.sigma_mm
        over_mm = max(column.residual_mm - sigma_mm // 2, 0)
        sigma_mm += self.costs.sigma_per_residual * over_mm // 1000
        if fix.hdop_centi != ABSENT_32:
            sigma_mm = sigma_mm * min(max(fix.hdop_centi, 100), 1000) // 100
        return sigma_mm // 2 if fix.quality in PHASE_SOLVED else sigma_mm

    def _begun(self, candidate: Candidate) -> list[tuple[int, int]]:
        """A track may begin anywhere."""
        if candidate.edge == OFF:
            return [(candidate.own + self.costs.start_off_road, OFF)]
        against = self.costs.against if is_against(self.network, candidate.edge) else 0
        return [(candidate.own + against, OFF)]

    def _reached(self, before: Column, column: Column, candidates: Sequence[Candidate]) -> list[list[tuple[int, int]]]:
        """For each candidate the ways there, best first; of equals those that come first stay first."""
        ways: list[list[tuple[int, int]]] = [[] for _ in candidates]
        for at, state in enumerate(before.states):
            for candidate, reached in zip(candidates, ways, strict=True):
                step = self._step(column, state, candidate)
                if step is not None:
                    reached.append((state.cost + step + candidate.own, at))
        for candidate, reached in zip(candidates, ways, strict=True):
            reached.append((before.states[before.best].cost + self.costs.jump + candidate.own, before.best))
            reached.sort(key=lambda way: way[0])
        return ways

    def _step(self, column: Column, state: State, candidate: Candidate) -> int | None:
        """What it costs to come from a state to a candidate; nothing where there is no way."""
        costs = self.costs
        if state.edge == OFF:
            return costs.off_road_per_m * column.moved_mm // 1000 if candidate.edge == OFF else costs.join
        if candidate.edge == OFF:
            return costs.leave
        if candidate.edge == state.edge:
            return self._differing(column, candidate.at_mm - state.at_mm)
        rest_mm = length_of(self.network, state.edge) - state.at_mm
        if candidate.edge == state.edge ^ 1:
            turn = costs.turn + costs.turn_per_noise * column.noise_over_mm // 1000
            against = costs.against if is_against(self.network, candidate.edge) else 0
            return turn + against + self._differing(column, abs(candidate.at_mm - rest_mm))
        return min(self._changes(column, state, candidate, rest_mm), default=None)

    def _changes(self, column: Column, state: State, candidate: Candidate, rest_mm: int) -> Iterator[int]:
        """To another segment: on, or, as noise has it, a little back to it, or back and on where it truly leads."""
        costs = self.costs
        enter = costs.enter + costs.enter_per_noise * column.noise_over_mm // 1000
        enter += costs.stand if column.stands else 0
        if (way := self._way(column, state.edge, candidate.edge)) is not None:
            driven_mm = rest_mm + way.way_mm + candidate.at_mm
            yield enter + self._detour(way) + self._differing(column, driven_mm)
        if column.is_long:
            return
        if (way := self._way(column, state.edge ^ 1, candidate.edge ^ 1)) is not None:
            back_mm = state.at_mm + way.way_mm + length_of(self.network, candidate.edge) - candidate.at_mm
            if back_mm < BACKWARDS_MM:
                yield enter + self._differing(column, -back_mm)
        if (way := self._way(column, state.edge ^ 1, candidate.edge)) is not None and state.at_mm < BACKWARDS_MM:
            mistaken = state.at_mm * 1000 // self._way_mm(column)
            yield enter + self._detour(way) + self._differing(column, way.way_mm + candidate.at_mm) + mistaken

    def _detour(self, way: Way) -> int:
        return way.detour_mm * self.costs.detour_per_m // 1000

    def _way_mm(self, column: Column) -> int:
        """How much of a difference costs 1,000."""
        costs = self.costs
        per_step = costs.way_per_m * column.moved_mm + costs.way_per_noise * column.noise_over_mm
        return costs.way_mm + costs.way_per_s * max(column.spent_us // 1_000_000 - 1, 0) + per_step // 1000

    def _differing(self, column: Column, driven_mm: int) -> int:
        """What it costs that the way driven is not as long as the step seems; some of the step may be noise."""
        least_mm = column.moved_mm - self.costs.slack_per_noise * column.noise_over_mm // 1000
        off_mm = max(least_mm - driven_mm, driven_mm - column.moved_mm, 0)
        return off_mm * 1000 // self._way_mm(column)

    def _way(self, column: Column, edge: int, target: int) -> Way | None:
        """Short steps end near; long ones are not searched further than a jump would cost."""
        limit_mm = REACH_MM
        if column.is_long:
            way_mm = self.costs.way_mm + self.costs.way_per_m * column.seen_mm // 1000
            way_mm += self.costs.way_per_s * column.spent_us // 1_000_000
            limit_mm = column.seen_mm + way_mm * self.costs.jump // 1000
        return ways_from(self.network, edge, limit_mm).get(target)

    def _keep(
        self, column: Column, candidates: Sequence[Candidate], reached: Sequence[Sequence[tuple[int, int]]]
    ) -> None:
        """What is not far behind the best becomes a state; costs are counted from the best."""
        best = min(range(len(candidates)), key=lambda at: reached[at][0][0])
        least = reached[best][0][0]
        for candidate, ways in zip(candidates, reached, strict=True):
            if ways[0][0] - least <= self.costs.beam:
                kept = tuple((cost - least, before) for cost, before in ways[:2])
                column.states.append(State(candidate.edge, candidate.at_mm, kept[0][0], kept))
        if candidates[best].edge != OFF:
            distance_mm = min(column.places[best // 2].distance_mm, RESIDUAL_MM_MAX)
            column.residual_mm = (31 * column.residual_mm + distance_mm) // 32


def _move(column: Column, last: Column, fix: Pending, before: Pending) -> None:
    """The step; what its bend says of the noise, and its length of the pace; and whether the machine stands."""
    north_m, east_m = metres_at(fix.lat_e7)
    column.east_mm = round((fix.lon_e7 - before.lon_e7) * east_m * 1000)
    column.north_mm = round((fix.lat_e7 - before.lat_e7) * north_m * 1000)
    column.spent_us = fix.observed_us - before.observed_us
    column.noise_mm, column.residual_mm = last.noise_mm, last.residual_mm
    spent_ms, last_ms = column.spent_us // 1000, last.spent_us // 1000
    if 0 < spent_ms <= NOISE_MS_MAX and 0 < last_ms <= NOISE_MS_MAX:
        bent_east = column.east_mm - last.east_mm * spent_ms // last_ms
        bent_north = column.north_mm - last.north_mm * spent_ms // last_ms
        column.noise_mm = (15 * last.noise_mm + min(round(hypot(bent_east, bent_north)), NOISE_MM_MAX)) // 16
    beyond_mm = max(column.seen_mm - 2 * column.noise_mm, 0)
    column.gone_mm = min(last.gone_mm + beyond_mm, GONE_MM_MAX)
    column.pace_east_mmps = _pace(last.pace_east_mmps, column.east_mm, spent_ms)
    column.pace_north_mmps = _pace(last.pace_north_mmps, column.north_mm, spent_ms)
    column.stands = _stands(column, fix, before)


def _pace(last_mmps: int, moved_mm: int, spent_ms: int) -> int:
    """A running mean over about 16 s."""
    if spent_ms <= 0:
        return last_mmps
    now_mmps = min(max(moved_mm * 1000 // spent_ms, -PACE_MMPS_MAX), PACE_MMPS_MAX)
    share = min(spent_ms, 16_000)
    return (last_mmps * (16_000 - share) + now_mmps * share) // 16_000


def _stands(column: Column, fix: Pending, before: Pending) -> bool:
    """By what the receiver says, unless the positions say otherwise; or by these alone, when it says nothing."""
    pace_mmps = round(hypot(column.pace_east_mmps, column.pace_north_mmps))
    if all(0 <= one.speed_mmps < STANDING_MMPS for one in (before, fix)):
        at_rest = column.seen_mm <= STANDING_MMPS + 3 * column.noise_mm
        return at_rest and pace_mmps <= STANDING_MMPS + column.noise_mm
    return fix.speed_mmps < 0 and pace_mmps <= min(CRAWLING_MMPS, column.noise_mm // 4)
