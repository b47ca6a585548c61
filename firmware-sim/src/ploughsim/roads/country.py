"""Made-up roads outside of towns: country roads, roads that run side by side for kilometres, and mountain passes."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ploughsim.roads.drawing import NATION, PREFECTURE, Drawing, Look, Metres
from ploughsim.roads.read import BRIDGE, GROUND, LOCAL, NATIONAL, PREFECTURAL, RAMP, TUNNEL

Spot = tuple[float, float]
"""East and north in metres."""

STEP_M = 40.0
WIND_M = 20.0
HAIRPIN_M, LEG_M, RISE_M = 14.0, 190.0, 45.0
GAPS_M = (10.0, 40.0)
JOINED_M = 800.0


def draw_country_road(drawing: Drawing, ends: tuple[int, int], spots: tuple[Spot, Spot], chance: Generator) -> None:
    """A road that winds a little from one town to the next."""
    (east, north), (to_east, to_north) = spots
    length_m = float(np.hypot(to_east - east, to_north - north))
    share = np.linspace(0, 1, max(int(length_m / STEP_M), 3))[1:-1]
    sway = chance.uniform(40, 160) * np.sin(np.pi * share) * np.sin(share * length_m / chance.uniform(150, 400))
    across = (-(to_north - north) / length_m, (to_east - east) / length_m)
    points = east + share * (to_east - east) + sway * across[0], north + share * (to_north - north) + sway * across[1]
    look = Look(
        road_class=PREFECTURAL, manager=PREFECTURE, width_mm=7_500, priority=1,
        name="里山街道", reading="さとやまかいどう", route="県道902号",
    )  # fmt: skip
    drawing.bent(ends[0], ends[1], points, look)


def draw_pair(drawing: Drawing, start: Spot, length_m: float, chance: Generator) -> tuple[int, int]:
    """A national road eastwards, and beside it a narrow one, 10 to 40 m away, joined now and then, and by ramps.

    The places of its western and eastern end.
    """
    steps = max(int(length_m / STEP_M), 40)
    along = np.arange(steps + 1) * STEP_M
    gap = np.interp(along, along[:: steps // 4], chance.uniform(*GAPS_M, len(along[:: steps // 4])))
    bend = 60 * np.sin(along / chance.uniform(300, 900))
    main = start[0] + along, start[1] + bend
    side = start[0] + along, start[1] + bend - gap
    joints = np.arange(0, steps + 1, int(JOINED_M / STEP_M))
    joints[-1] = steps
    main_places = drawing.places(main[0][joints], main[1][joints])
    side_places = drawing.places(side[0][joints], side[1][joints])
    looks = _pair_looks()
    for number, (first, last) in enumerate(pairwise(joints.tolist())):
        for places, line, look in ((main_places, main, looks[0]), (side_places, side, looks[1])):
            inner = line[0][first + 1 : last], line[1][first + 1 : last]
            drawing.bent(int(places[number]), int(places[number + 1]), inner, look)
    drawing.straight(main_places, side_places, looks[1])
    for number in range(0, len(joints) - 1, 3):
        drawing.bent(int(side_places[number]), int(main_places[number + 1]), _slip(main, joints, number), looks[2])
    return int(main_places[0]), int(main_places[-1])


def _slip(main: tuple[Metres, Metres], joints: np.ndarray, number: int) -> tuple[Metres, Metres]:
    """The points of a ramp: close to the main road all the way."""
    inner = slice(int(joints[number]) + 2, int(joints[number + 1]) - 1)
    nearer = np.linspace(8.0, 3.0, len(main[0][inner]))
    return main[0][inner], main[1][inner] - nearer


def _pair_looks() -> tuple[Look, Look, Look]:
    return (
        Look(
            road_class=NATIONAL, manager=NATION, lanes=2, width_mm=9_000, priority=1,
            name="雪国街道", reading="ゆきぐにかいどう", route="国道900号", district="第1工区",
        ),
        Look(
            road_class=LOCAL, lanes=1, width_mm=4_000, priority=3,
            name="並木農道", reading="なみきのうどう", district="第2工区",
        ),
        Look(
            road_class=RAMP, manager=NATION, oneway=1, lanes=1, width_mm=4_000, priority=1,
            name="雪国街道連絡路", reading="ゆきぐにかいどうれんらくろ", district="第1工区",
        ),
    )  # fmt: skip


class Pass(NamedTuple):
    """A mountain road from one place to another."""

    ends: tuple[int, int]
    spots: tuple[Spot, Spot]
    number: int


def draw_pass(drawing: Drawing, road: Pass, chance: Generator) -> None:
    """Up a valley, hairpins, the summit, hairpins, down a valley; cut where it goes into a tunnel or on a bridge."""
    east_m, north_m, is_hairpin = _mountain_line(road, chance)
    structure = _structures(is_hairpin[:-1] | is_hairpin[1:], chance)
    cuts = np.concatenate([[0], np.flatnonzero(np.diff(structure)) + 1, [len(structure)]])
    between = drawing.places(east_m[cuts[1:-1]], north_m[cuts[1:-1]])
    places = [road.ends[0], *between.tolist(), road.ends[1]]
    for part, (first, last) in enumerate(pairwise(cuts.tolist())):
        kind = int(structure[first])
        look = Look(
            road_class=PREFECTURAL, manager=PREFECTURE, structure=kind, level={GROUND: 0, BRIDGE: 1, TUNNEL: -1}[kind],
            width_mm=6_500, priority=1, name="雪見峠線", reading="ゆきみとうげせん",
            route=f"県道{910 + road.number % 80}号", district="峠工区",
        )  # fmt: skip
        inner = east_m[first + 1 : last], north_m[first + 1 : last]
        drawing.bent(places[part], places[part + 1], inner, look)


def _structures(is_hairpin: NDArray[np.bool_], chance: Generator) -> NDArray[np.int64]:
    """Of each piece: now and then a tunnel, and behind it a bridge; none where there are hairpins."""
    structure = np.zeros(len(is_hairpin), np.int64)
    at = 8
    while at < len(structure) - 60:
        tunnel, gap, bridge = (int(chance.integers(*range_)) for range_ in ((8, 40), (2, 8), (2, 6)))
        structure[at : at + tunnel] = TUNNEL
        structure[at + tunnel + gap : at + tunnel + gap + bridge] = BRIDGE
        at += tunnel + gap + bridge + int(chance.integers(30, 110))
    structure[is_hairpin] = GROUND
    return structure


def _mountain_line(road: Pass, chance: Generator) -> tuple[Metres, Metres, NDArray[np.bool_]]:
    """The points of the road, and whether each belongs to hairpins."""
    (east, north), (to_east, to_north) = road.spots
    straight_m = float(np.hypot(to_east - east, to_north - north))
    marks = (straight_m * np.array([0.0, 0.35, 0.45, 0.55, 0.65, 1.0])).tolist()
    parts = []
    for number, (first, last) in enumerate(pairwise(marks)):
        hairpins = number % 2 == 1
        line = _hairpins(first, last) if hairpins else _winding(first, last, chance)
        parts.append((*line, np.full(len(line[0]), hairpins)))
    along, across, is_hairpin = (np.concatenate(column) for column in zip(*parts, strict=True))
    along, across = np.append(along, straight_m), np.append(across, 0.0)
    unit = (to_east - east) / straight_m, (to_north - north) / straight_m
    east_m, north_m = east + along * unit[0] - across * unit[1], north + along * unit[1] + across * unit[0]
    return east_m, north_m, np.append(is_hairpin, np.False_)


def _winding(first: float, last: float, chance: Generator) -> tuple[Metres, Metres]:
    """Two waves, one in the other, that come to nothing at both ends."""
    along = np.arange(first, last - WIND_M / 2, WIND_M)
    share = (along - first) / (last - first)
    fade = np.minimum(np.minimum(5 * share, 5 * (1 - share)), 1.0)
    wide = chance.uniform(60, 130) * np.sin(2 * np.pi * along / chance.uniform(600, 900))
    narrow = chance.uniform(15, 35) * np.sin(2 * np.pi * along / chance.uniform(220, 320))
    return along, fade * (wide + narrow)


def _hairpins(first: float, last: float) -> tuple[Metres, Metres]:
    """Straight legs across the slope, joined by half circles; of the first and of the last one a half, and a quarter
    circle."""
    legs = max(int((last - first) / RISE_M), 2)
    rise = (last - first) / legs
    turn = np.linspace(-np.pi / 2, np.pi / 2, 7)[1:-1]
    share = np.linspace(0, 1, int(LEG_M / STEP_M) + 1)
    quarter = np.linspace(0, np.pi / 2, 5)[:-1]
    forward, aside = HAIRPIN_M * np.sin(quarter), HAIRPIN_M * (1 - np.cos(quarter))
    along, across = [first + forward], [-aside]
    for number in range(legs):
        way = 1 if number % 2 else -1
        begin, end = first + rise * number + HAIRPIN_M, first + rise * (number + 1) - HAIRPIN_M
        leg = share[(share > 0.6) | (number > 0)]
        leg = leg[(leg < 0.4) | (number + 1 < legs)]
        along.append(begin + leg * (end - begin))
        across.append(way * LEG_M * (leg - 0.5))
        if number + 1 < legs:
            along.append(end + HAIRPIN_M * (1 + np.sin(turn)))
            across.append(way * (LEG_M / 2 + HAIRPIN_M * np.cos(turn)))
    back = 1 if legs % 2 else -1
    return np.concatenate([*along, last - forward[:0:-1]]), np.concatenate([*across, back * aside[:0:-1]])
