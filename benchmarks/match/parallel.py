"""Two roads side by side: how much is credited to the one that was not driven, by distance and by noise.

Straight or winding, two-way, joined by a cross street every 200 m. Half of the drives stay on their road, half change
over once; 20 to 40 km/h with stops. Noise lasts 60 s, so that near roads cannot always be told apart.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np

from benchmarks.match.drives import Drive, Receiver, Style, drive
from benchmarks.match.itinerary import Step, Town
from benchmarks.match.score import Calibration, calibrate, on_route
from benchmarks.match.streets import Street, arcs_of
from benchmarks.match.tracks import Matched, Track
from snowtrack.model.columns import Bools, Floats
from snowtrack.network.geometry import metres_per_e7

DISTANCES_M = (10.0, 15.0, 25.0, 40.0)
SIGMAS_M = (1.5, 3.0, 5.0, 10.0)
LASTING_S = 60.0
LENGTH_M, VERTEX_M, CROSS_M = 3_000.0, 20.0, 200.0
WINDING_M, WAVE_M = 60.0, 900.0
STYLE = Style(slowest_kmh=20, fastest_kmh=40)
STOP_SHARE, STOP_S = 0.02, (5.0, 60.0)
LAT_DEG, LON_DEG = 37.9, 139.0
ROADS = (1, 2)

Matcher = Callable[[Track], Matched]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Credited:
    """Sums over drives, and each answer's confidence beside whether it is right."""

    truth_mm: int
    matched_mm: int
    wrong_mm: int
    confidence: Floats
    right: Bools

    @property
    def wrong_share(self) -> float:
        """Of the length driven."""
        return self.wrong_mm / self.truth_mm

    def calibration(self) -> Calibration:
        return calibrate(self.confidence, self.right)

    @classmethod
    def sum(cls, parts: Sequence["Credited"]) -> "Credited":
        """Of many drives."""
        names = [field.name for field in fields(cls)]
        columns = {name: [getattr(part, name) for part in parts] for name in names}
        return cls(
            truth_mm=sum(columns["truth_mm"]),
            matched_mm=sum(columns["matched_mm"]),
            wrong_mm=sum(columns["wrong_mm"]),
            confidence=np.concatenate(columns["confidence"]),
            right=np.concatenate(columns["right"]),
        )


def grid(matcher_of: Callable[[Sequence[Street]], Matcher], drives: int = 8) -> Iterator[tuple[float, float, Credited]]:
    """Noise, distance and what was credited, cell by cell; each cell holds so many drives on either kind of road."""
    for distance_m in DISTANCES_M:
        pairs = [pair(distance_m, winding_m) for winding_m in (0.0, WINDING_M)]
        matchers = [matcher_of(streets) for streets in pairs]
        for sigma_m in SIGMAS_M:
            parts = [
                credit(streets, driven, matcher(driven.track))
                for streets, matcher in zip(pairs, matchers, strict=True)
                for driven in drives_along(streets, sigma_m, drives)
            ]
            yield sigma_m, distance_m, Credited.sum(parts)


def pair(distance_m: float, winding_m: float) -> list[Street]:
    """Roads 1 and 2, and the streets between them, numbered from 3."""
    east = np.arange(0.0, LENGTH_M + 1, VERTEX_M)
    phase = 2 * np.pi * east / WAVE_M
    north = winding_m * np.sin(phase)
    slope = winding_m * 2 * np.pi / WAVE_M * np.cos(phase)
    across = distance_m / np.sqrt(1 + slope * slope)
    count = len(east)
    roads = [
        _street(1, range(1, count + 1), east, north),
        _street(2, range(count + 1, 2 * count + 1), east - slope * across, north + across),
    ]
    every = round(CROSS_M / VERTEX_M)
    crossings = [
        Street(
            source_id=3 + number,
            nodes=(at + 1, count + at + 1),
            lat_deg=np.array([road.lat_deg[at] for road in roads]),
            lon_deg=np.array([road.lon_deg[at] for road in roads]),
        )
        for number, at in enumerate(range(0, count, every))
    ]
    return roads + crossings


def drives_along(streets: Sequence[Street], sigma_m: float, drives: int) -> Iterator[Drive]:
    """Alternately staying and changing over, in both directions and from either road."""
    town = Town(streets)
    for number in range(drives):
        random = np.random.default_rng([number, round(10 * sigma_m)])
        steps = _steps(streets, changing=number % 2 == 1, random=random)
        stretches = [
            stretch._replace(pause_s=float(random.uniform(*STOP_S))) if random.random() < STOP_SHARE else stretch
            for stretch in town.along(steps)
        ]
        receiver = Receiver(sigma_m=sigma_m, lasting_s=LASTING_S)
        yield drive(town, stretches, receiver, STYLE, seed=number + round(1000 * sigma_m))


def credit(streets: Sequence[Street], driven: Drive, matched: Matched) -> Credited:
    """What was matched and not driven is wrong, be it the other road or a street between the two."""
    arcs = arcs_of(streets)
    truth, credited = arcs.along(driven.path), arcs.along(matched.path)
    wrong = ~np.isin(credited >> 1, truth >> 1)
    answers = matched.answers
    at = arcs.at(answers.source_id, answers.direction, answers.along_m)
    return Credited(
        truth_mm=int(arcs.length_mm[truth >> 1].sum()),
        matched_mm=int(arcs.length_mm[credited >> 1].sum()),
        wrong_mm=int(arcs.length_mm[credited[wrong] >> 1].sum()),
        confidence=answers.confidence,
        right=on_route(truth, at),
    )


def _steps(streets: Sequence[Street], *, changing: bool, random: np.random.Generator) -> list[Step]:
    """Whole length, on one road or, from a crossing on, on the other."""
    last = len(streets[0].nodes) - 1
    direction = int(random.choice((1, -1)))
    first_road = int(random.integers(2))
    order = range(last) if direction > 0 else range(last, 0, -1)
    if not changing:
        return [Step(first_road, at, direction) for at in order]
    every = round(CROSS_M / VERTEX_M)
    crossing = int(random.integers(2, last // every - 1))
    change_at = crossing * every
    across = Step(len(ROADS) + crossing, first_road, 1 if first_road == 0 else -1)
    before = [at for at in order if (change_at - at) * direction > 0]
    after = [at for at in order if (change_at - at) * direction <= 0]
    return [
        *(Step(first_road, at, direction) for at in before),
        across,
        *(Step(1 - first_road, at, direction) for at in after),
    ]


def _street(source_id: int, nodes: range, east_m: Floats, north_m: Floats) -> Street:
    north, east = metres_per_e7(np.array([round(LAT_DEG * 1e7)], np.int32))
    return Street(
        source_id=source_id,
        nodes=tuple(nodes),
        lat_deg=LAT_DEG + north_m / north[0] / 1e7,
        lon_deg=LON_DEG + east_m / east[0] / 1e7,
    )
