"""A made-up snow town, the same for the same seed: about 5,000 segments that hold what makes matching hard.

A grid town on both banks of a river with few bridges; a national road with one-way frontage roads 18 m beside it and
ramps between them; avenues with footways; one-way streets in the centre; a winding mountain road with a tunnel.
Drawn in metres in a Japanese plane (JGD2011, zone VII) and turned into degrees by pyproj. No road of it is real.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import sin
from random import Random

import numpy as np
from pyproj import Transformer

from snowtrack.network.arrays import Kind, Manager, Network, RoadClass, Structure
from snowtrack.roads.build import build_network
from snowtrack.roads.lines import Point, RoadLine

PLANE, DEGREES = "EPSG:6675", "EPSG:4326"
CENTRE_M = (-46_000.0, 63_000.0)
COLUMNS, ROWS = 56, 42
SPACING_M, JITTER_M = 105.0, 9.0
RIVER_COLUMN, RIVER_M = 27, 140.0
BRIDGE_EVERY = 6
AVENUE_EVERY = 6
NATIONAL_ROW = 18
FRONTAGE_M, FOOTWAY_M = 18.0, 8.0
RAMP_EVERY = 5
CENTRE_COLUMNS, CENTRE_ROWS = range(10, 24), range(8, 17)
DROPPED_SHARE = 0.07
MOUNTAIN_STEPS, MOUNTAIN_STEP_M, TUNNEL_STEPS = 420, 40.0, range(260, 285)
KANJI = "〇一二三四五六七八九"

Metres = tuple[float, float]
"""East and north of the town's south-west corner."""


def sample_network(seed: int = 1) -> Network:
    """Draw the town."""
    return build_network(list(Town(seed).lines()), name=f"yukimachi-{seed}", attribution="snowtrack sample (made up)")


class Town:
    """Where the crossings are, and the roads through them."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - a drawing, not a secret
        self.to_degrees = Transformer.from_crs(PLANE, DEGREES, always_xy=True)
        self.source_id = 0
        self.norths = _norths()
        self.crossings = {(c, r): self._crossing(c, r) for c in range(COLUMNS) for r in range(len(self.norths))}

    def lines(self) -> Iterator[RoadLine]:
        for row, (_, row_class) in enumerate(self.norths):
            yield from self._row(row, row_class)
        for column in range(COLUMNS):
            yield from self._column(column)
        yield from self._ramps()
        yield from self._footways()
        yield from self._mountain()

    def _crossing(self, column: int, row: int) -> Metres:
        north, row_class = self.norths[row]
        east = column * SPACING_M + (RIVER_M if column > RIVER_COLUMN else 0)
        straight = row_class in (RoadClass.NATIONAL, RoadClass.FRONTAGE)
        return east + self._jitter(), north + (0 if straight else self._jitter())

    def _jitter(self) -> float:
        return self.random.uniform(-JITTER_M, JITTER_M)

    def _row(self, row: int, road_class: RoadClass) -> Iterator[RoadLine]:
        oneway = 0
        if road_class is RoadClass.FRONTAGE:
            oneway = 1 if self.norths[row][0] > _national_north() else -1
        name = {RoadClass.NATIONAL: "雪国街道", RoadClass.FRONTAGE: "雪国街道側道"}.get(road_class)
        for start, to in pairwise(range(COLUMNS)):
            over_river = start == RIVER_COLUMN
            if over_river and not self._has_bridge(row, road_class):
                continue
            if road_class is RoadClass.LOCAL and not over_river and self.random.random() < DROPPED_SHARE:
                continue
            yield self._line(
                [self.crossings[start, row], self.crossings[to, row]],
                road_class,
                name=name or f"{_kanji(row + 1)}条通り",
                oneway=oneway,
                structure=Structure.BRIDGE if over_river else Structure.GROUND,
            )

    def _has_bridge(self, row: int, road_class: RoadClass) -> bool:
        return road_class is RoadClass.NATIONAL or (road_class is not RoadClass.FRONTAGE and row % BRIDGE_EVERY == 3)

    def _column(self, column: int) -> Iterator[RoadLine]:
        road_class = RoadClass.LOCAL
        if column % AVENUE_EVERY == 3:
            road_class = RoadClass.PREFECTURAL if column % (2 * AVENUE_EVERY) == 3 else RoadClass.MAIN
        for start, to in pairwise(range(len(self.norths))):
            joins = {self.norths[start][1], self.norths[to][1]} == {RoadClass.NATIONAL, RoadClass.FRONTAGE}
            if road_class is RoadClass.LOCAL and (joins or self.random.random() < DROPPED_SHARE):
                continue
            in_centre = column in CENTRE_COLUMNS and start in CENTRE_ROWS and road_class is RoadClass.LOCAL
            yield self._line(
                [self.crossings[column, start], self.crossings[column, to]],
                road_class,
                name=f"{_kanji(column + 1)}丁目通り"
                if road_class is RoadClass.LOCAL
                else f"大通り{_kanji(column + 1)}号",
                oneway=(1 if column % 2 else -1) if in_centre else 0,
            )

    def _ramps(self) -> Iterator[RoadLine]:
        """From the frontage roads to the national road. Traffic keeps left, so the northern side goes east."""
        national = next(row for row, (_, kind) in enumerate(self.norths) if kind is RoadClass.NATIONAL)
        for column in range(1, COLUMNS - 2, RAMP_EVERY):
            if RIVER_COLUMN in (column, column + 1):
                continue
            east, west = (column, national + 1, column + 1), (column + 1, national - 1, column)
            for start, side, to in (east, west):
                points = [self.crossings[start, side], self.crossings[to, national]]
                yield self._line(points, RoadClass.RAMP, name="雪国街道連絡路", oneway=1)

    def _footways(self) -> Iterator[RoadLine]:
        """Beside the avenues, joined to them at both ends only."""
        for column in range(3, COLUMNS, AVENUE_EVERY):
            along = [self.crossings[column, row] for row in range(len(self.norths))]
            beside = [(east + FOOTWAY_M, north) for east, north in along[1:-1]]
            name = f"大通り{_kanji(column + 1)}号 歩道"
            road_class = RoadClass.MAIN
            yield self._line([along[0], *beside, along[-1]], road_class, name=name, kind=Kind.FOOTWAY)

    def _mountain(self) -> Iterator[RoadLine]:
        """Up into the hills, bending ever more, with a tunnel."""
        steps = np.arange(MOUNTAIN_STEPS)
        heading = 0.5 + 1.25 * np.sin(steps / 9) * np.minimum(steps / 120, 1) + 0.35 * np.sin(steps / 41)
        start = self.crossings[COLUMNS - 1, len(self.norths) - 3]
        east = start[0] + np.concatenate([[0], np.cumsum(np.cos(heading) * MOUNTAIN_STEP_M)])
        north = start[1] + np.concatenate([[0], np.cumsum(np.sin(heading) * MOUNTAIN_STEP_M)])
        points = list(zip(east.tolist(), north.tolist(), strict=True))
        parts = (
            (0, TUNNEL_STEPS.start, Structure.GROUND),
            (TUNNEL_STEPS.start, TUNNEL_STEPS.stop, Structure.TUNNEL),
            (TUNNEL_STEPS.stop, MOUNTAIN_STEPS, Structure.GROUND),
        )
        for begin, end, structure in parts:
            yield self._line(points[begin : end + 1], RoadClass.PREFECTURAL, name="雪見峠線", structure=structure)

    def _line(
        self,
        points: Sequence[Metres],
        road_class: RoadClass,
        *,
        name: str,
        kind: Kind = Kind.CARRIAGEWAY,
        oneway: int = 0,
        structure: Structure = Structure.GROUND,
    ) -> RoadLine:
        self.source_id += 1
        managers = {RoadClass.NATIONAL: Manager.NATION, RoadClass.PREFECTURAL: Manager.PREFECTURE}
        routes = {RoadClass.NATIONAL: "国道900号", RoadClass.PREFECTURAL: "県道901号"}
        return RoadLine(
            source_id=self.source_id,
            points=[self._degrees(point) for point in points],
            road_class=road_class,
            manager=managers.get(road_class, Manager.MUNICIPALITY),
            kind=kind,
            oneway=oneway,
            structure=structure,
            name=name,
            route=routes.get(road_class),
        )

    def _degrees(self, point: Metres) -> Point:
        east, north = _bent(point)
        lon, lat = self.to_degrees.transform(CENTRE_M[0] + east, CENTRE_M[1] + north)
        return round(lat * 1e7), round(lon * 1e7)


def _bent(point: Metres) -> Metres:
    """No town is a chessboard: bend it so gently that what lies side by side stays so."""
    east, north = point
    return east + 190 * sin(north / 900) - 0.12 * north, north + 150 * sin(east / 1_300) + 60 * sin(east / 480)


def _national_north() -> float:
    return NATIONAL_ROW * SPACING_M


def _norths() -> list[tuple[float, RoadClass]]:
    """The rows of the grid from south to north, with the frontage roads beside the national road."""
    rows: list[tuple[float, RoadClass]] = []
    for row in range(ROWS):
        north = row * SPACING_M
        if row == NATIONAL_ROW:
            rows.append((north - FRONTAGE_M, RoadClass.FRONTAGE))
            rows.append((north, RoadClass.NATIONAL))
            rows.append((north + FRONTAGE_M, RoadClass.FRONTAGE))
        else:
            rows.append((north, RoadClass.MAIN if row % AVENUE_EVERY == 3 else RoadClass.LOCAL))
    return rows


def _kanji(number: int) -> str:
    """1 to 99 as Japanese street signs write them."""
    tens, ones = divmod(number, 10)
    return (("" if tens == 1 else KANJI[tens]) + "十" if tens else "") + (KANJI[ones] if ones else "")
