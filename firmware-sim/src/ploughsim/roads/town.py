"""A made-up snow town: a jittered grid on both banks of a river with few bridges, avenues with footways, a one-way
centre, dead ends, a roundabout, and a national road with one-way frontage roads and ramps."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from ploughsim.roads.drawing import NATION, PREFECTURE, Drawing, Look, Metres, Places, kana, kanji
from ploughsim.roads.read import BRIDGE, FOOTWAY, FRONTAGE, LOCAL, MAIN, NATIONAL, PREFECTURAL, RAMP

SPACING_M, JITTER_M = 105.0, 9.0
FRONTAGE_M, FOOTWAY_M = 18.0, 8.0
RIVER_M = 140.0
BRIDGE_EVERY = AVENUE_EVERY = 6
RAMP_EVERY = 5
DROPPED_SHARE, STUB_SHARE = 0.07, 0.03
RING_M = 20.0
STREETS_PER_CROSSING = 2.09
"""All in all, within a town."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a town lies, how large it is, and the sea of numbers from which its names come."""

    east_m: float
    north_m: float
    columns: int
    rows: int
    number: int

    @property
    def river(self) -> int:
        """The column behind which the river flows."""
        return self.columns // 2

    @property
    def national(self) -> int:
        return self.rows * 3 // 7


class Gates(NamedTuple):
    """Places where roads may go on; the national road and an avenue lead there."""

    west: int
    east: int
    south: int
    north: int


def draw_town(drawing: Drawing, site: Site, chance: Generator) -> Gates:
    """Crossings stand by column and row; the rows beside the national road are its frontage roads."""
    norths, classes = _rows(site)
    east = site.east_m + np.arange(site.columns) * SPACING_M + RIVER_M * (np.arange(site.columns) > site.river)
    shape = (site.columns, len(norths))
    jitter_e, jitter_n = chance.uniform(-JITTER_M, JITTER_M, (2, *shape))
    straight = np.isin(classes, (NATIONAL, FRONTAGE))
    east_m, north_m = east[:, None] + jitter_e, site.north_m + norths[None, :] + np.where(straight, 0.0, jitter_n)
    bent_e, bent_n = _bent(east_m, north_m)
    places = drawing.places(bent_e, bent_n)
    ring = _roundabout(drawing, site, places, (bent_e, bent_n))
    _draw_rows(drawing, site, places, classes, chance)
    _draw_columns(drawing, site, (places, ring), classes, chance)
    _draw_ramps(drawing, site, places, classes)
    _draw_footways(drawing, site, places, (bent_e, bent_n))
    _draw_stubs(drawing, site, places, (bent_e, bent_n), chance)
    avenue, national = AVENUE_EVERY // 2, site.national + 1
    ends = places[0, national], places[-1, national], places[avenue, 0], places[avenue, -1]
    return Gates(*(int(end) for end in ends))


def _bent(east_m: Metres, north_m: Metres) -> tuple[Metres, Metres]:
    """No town is a chessboard: bent so gently that what lies side by side stays so."""
    return east_m + 190 * np.sin(north_m / 900), north_m + 150 * np.sin(east_m / 1_300) + 60 * np.sin(east_m / 480)


def _rows(site: Site) -> tuple[Metres, np.ndarray]:
    norths, classes = [], []
    for row in range(site.rows):
        north = row * SPACING_M
        if row == site.national:
            norths += [north - FRONTAGE_M, north, north + FRONTAGE_M]
            classes += [FRONTAGE, NATIONAL, FRONTAGE]
        else:
            norths.append(north)
            classes.append(MAIN if row % AVENUE_EVERY == 3 else LOCAL)
    return np.array(norths), np.array(classes)


def _district(site: Site, column: int) -> str:
    return f"第{2 * site.number + (1 if column <= site.river else 2)}工区"


def _draw_rows(drawing: Drawing, site: Site, places: Places, classes: np.ndarray, chance: Generator) -> None:
    columns = np.arange(site.columns - 1)
    over = columns == site.river
    sides = np.where(columns <= site.river, drawing.text(_district(site, 0)), drawing.text(_district(site, 10**6)))
    for row, road_class in enumerate(classes.tolist()):
        bridged = road_class == NATIONAL or (road_class != FRONTAGE and row % BRIDGE_EVERY == 3)
        kept = np.where(over, bridged, (road_class != LOCAL) | (chance.random(len(columns)) >= DROPPED_SHARE))
        drawing.straight(
            places[:-1, row][kept],
            places[1:, row][kept],
            _row_look(row, road_class, northern=row > site.national + 1),
            structure=(over * BRIDGE)[kept],
            level=over[kept],
            district=sides[kept],
        )


def _row_look(row: int, road_class: int, *, northern: bool) -> Look:
    """Traffic keeps left, so the northern frontage road leads east."""
    if road_class == NATIONAL:
        return Look(
            road_class=NATIONAL, manager=NATION, lanes=4, width_mm=14_000, priority=1,
            name="雪国街道", reading="ゆきぐにかいどう", route="国道900号",
        )  # fmt: skip
    if road_class == FRONTAGE:
        return Look(
            road_class=FRONTAGE, manager=NATION, lanes=1, width_mm=4_500, priority=3, oneway=1 if northern else -1,
            name="雪国街道側道", reading="ゆきぐにかいどうそくどう",
        )  # fmt: skip
    name, reading = f"{kanji(row + 1)}条通り", f"{kana(row + 1)}じょうどおり"
    if road_class == MAIN:
        return Look(road_class=MAIN, width_mm=8_000, priority=2, name=name, reading=reading)
    width_mm = 4_000 + 1_500 * (row % 2)
    return Look(road_class=LOCAL, lanes=1 + row % 2, width_mm=width_mm, priority=3, name=name, reading=reading)


def _draw_columns(
    drawing: Drawing, site: Site, crossings: tuple[Places, Places], classes: np.ndarray, chance: Generator
) -> None:
    """`crossings` are the places at which a street from the south ends and from which it goes on north."""
    south, north = crossings
    starts = np.arange(len(classes) - 1)
    joins = np.isin(classes[:-1], (NATIONAL, FRONTAGE)) & np.isin(classes[1:], (NATIONAL, FRONTAGE))
    for column in range(site.columns):
        avenue = column % AVENUE_EVERY == 3
        kept = np.full(len(starts), fill_value=True) if avenue else (chance.random(len(starts)) >= DROPPED_SHARE)
        kept &= avenue | ~joins
        centre = (not avenue) & (abs(column - site.columns / 4) < site.columns / 8)
        in_centre = centre & (abs(starts - len(starts) / 4) < len(starts) / 8)
        drawing.straight(
            north[column, :-1][kept],
            south[column, 1:][kept],
            _column_look(site, column, avenue=avenue),
            oneway=(in_centre * (1 if column % 2 else -1))[kept],
        )


def _column_look(site: Site, column: int, *, avenue: bool) -> Look:
    district = _district(site, column)
    if not avenue:
        name, reading = f"{kanji(column + 1)}丁目通り", f"{kana(column + 1)}ちょうめどおり"
        return Look(road_class=LOCAL, width_mm=5_500, priority=3, name=name, reading=reading, district=district)
    name, reading = f"大通り{kanji(column + 1)}号", f"おおどおり{kana(column + 1)}ごう"
    if column % (2 * AVENUE_EVERY) != 3:
        return Look(road_class=MAIN, width_mm=9_000, priority=2, name=name, reading=reading, district=district)
    return Look(
        road_class=PREFECTURAL, manager=PREFECTURE, width_mm=11_000, priority=1,
        name=name, reading=reading, route="県道901号", district=district,
    )  # fmt: skip


def _draw_ramps(drawing: Drawing, site: Site, places: Places, classes: np.ndarray) -> None:
    """From the frontage roads to the national road."""
    national = int(np.flatnonzero(classes == NATIONAL)[0])
    columns = np.arange(1, site.columns - 2, RAMP_EVERY)
    columns = columns[(columns != site.river) & (columns + 1 != site.river)]
    look = Look(
        road_class=RAMP, manager=NATION, oneway=1, lanes=1, width_mm=4_000, priority=1,
        name="雪国街道連絡路", reading="ゆきぐにかいどうれんらくろ",
    )  # fmt: skip
    drawing.straight(places[columns, national + 1], places[columns + 1, national], look)
    drawing.straight(places[columns + 1, national - 1], places[columns, national], look)


def _draw_footways(drawing: Drawing, site: Site, places: Places, metres: tuple[Metres, Metres]) -> None:
    """Beside the avenues, joined to them at both ends only."""
    east_m, north_m = metres
    for column in range(3, site.columns, AVENUE_EVERY):
        look = Look(
            road_class=MAIN, kind=FOOTWAY, lanes=0, width_mm=2_500, priority=2,
            name=f"大通り{kanji(column + 1)}号歩道",
            reading=f"おおどおり{kana(column + 1)}ごうほどう", district=_district(site, column),
        )  # fmt: skip
        beside = (east_m[column, 1:-1] + FOOTWAY_M, north_m[column, 1:-1])
        drawing.bent(int(places[column, 0]), int(places[column, -1]), beside, look)


def _draw_stubs(drawing: Drawing, site: Site, places: Places, metres: tuple[Metres, Metres], chance: Generator) -> None:
    """Dead ends that lead off at a slant."""
    chosen = np.flatnonzero(chance.random(places.size) < STUB_SHARE)
    length, angle = chance.uniform(30, 60, len(chosen)), chance.uniform(0.5, 1.1, len(chosen))
    east_m = metres[0].reshape(-1)[chosen] + length * np.cos(angle)
    north_m = metres[1].reshape(-1)[chosen] + length * np.sin(angle)
    look = Look(road_class=LOCAL, lanes=1, width_mm=4_000, name="小路", reading="こうじ")
    ends = drawing.places(east_m, north_m)
    sides = np.array([drawing.text(_district(site, column)) for column in range(site.columns)])
    drawing.straight(places.reshape(-1)[chosen], ends, look, district=sides[chosen // places.shape[1]])


def _roundabout(drawing: Drawing, site: Site, places: Places, metres: tuple[Metres, Metres]) -> Places:
    """One avenue meets a ring where it crosses another: traffic from the south enters it below, and leaves it above.

    It changes `places` at that crossing, and gives those from which the columns go on north.
    """
    column, row = 3 + AVENUE_EVERY * (site.columns // (4 * AVENUE_EVERY)), 3
    goes_on = places.copy()
    if column >= site.columns - 1 or column == site.river:
        return goes_on
    centre = metres[0][column, row], metres[1][column, row]
    ring = drawing.places(centre[0] + np.array([0.0]), centre[1] + np.array([RING_M]))
    below = int(places[column, row])
    above = int(ring[0])
    look = Look(
        road_class=MAIN,
        oneway=1,
        lanes=1,
        width_mm=5_000,
        priority=2,
        name="環状交差点",
        reading="かんじょうこうさてん",
    )
    half = np.linspace(0, np.pi, 7)[1:-1]
    for start, end, turn in ((below, above, np.pi * 1.5 - half), (above, below, np.pi / 2 - half)):
        points = centre[0] + RING_M / 2 * np.cos(turn), centre[1] + RING_M / 2 * (1 + np.sin(turn))
        drawing.bent(start, end, points, look)
    goes_on[column, row] = above
    return goes_on
