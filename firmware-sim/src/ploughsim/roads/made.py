"""Networks of made-up roads, the same for the same settings: from a small town to a whole prefecture.

Drawn in metres in a Japanese plane (JGD2011, zone VII) and turned into degrees by pyproj. No road of it is real.
"""

import math
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.random import Generator
from pyproj import Transformer

from ploughsim.roads.country import Pass, draw_country_road, draw_pair, draw_pass
from ploughsim.roads.drawing import Drawing, Lines
from ploughsim.roads.parts import Shapes, cut
from ploughsim.roads.town import STREETS_PER_CROSSING, Site, draw_town
from ploughsim.roads.write import write_network
from ploughsim.rules import one_of, whole

_PLANE, _DEGREES = "EPSG:6675", "EPSG:4326"
_CENTRE_M = (-46_000.0, 63_000.0)
_TOWN_SEGMENTS = 5_000
_COUNTRY_M = 3_000.0
_PAIR_M, _PAIRS_APART_M = 12_000.0, 800.0
_VALLEY_SEGMENTS = 500
_VALLEY_M = 11_000.0
_PASS_SEGMENTS = 172
_PAIR_SEGMENTS, _HILL_SEGMENTS = 299, 60
_RIM = 1.65


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkSettings:
    """A network to be made."""

    kind: str = field(default="town", metadata=one_of("town", "parallel", "pass"))
    segments: int = field(default=5_000, metadata=whole(1_000, 1_000_000))
    seed: int = field(default=1, metadata=whole(0, 2**31 - 1))


def make_network(settings: NetworkSettings, folder: Path) -> None:
    """Draw the roads and write them; about as many segments as asked for."""
    lines = draw_roads(settings)
    name = f"{settings.kind}-{settings.segments}-{settings.seed}"
    write_network(lines, cut(lines, _shapes(lines)), folder, name=name)


def draw_roads(settings: NetworkSettings) -> Lines:
    drawing = Drawing()
    draw = {"town": _towns, "parallel": _parallel, "pass": _passes}[settings.kind]
    draw(drawing, settings.segments, np.random.default_rng(settings.seed))
    return drawing.lines()


def _towns(drawing: Drawing, segments: int, chance: Generator) -> None:
    """Towns on a grid of their own, each joined to those east and north of it."""
    count = max(round(segments / (_TOWN_SEGMENTS * 1.02)), 1)
    across = max(round(count**0.5), 1)
    columns, rows = _size(segments / count - _HILL_SEGMENTS)
    width_m, height_m = columns * 105.0 + 140 + _COUNTRY_M, (rows + 1) * 105.0 + _COUNTRY_M
    towns = []
    for number in range(count):
        column, row = number % across, number // across
        site = Site(east_m=column * width_m, north_m=row * height_m, columns=columns, rows=rows, number=number)
        towns.append(draw_town(drawing, site, chance))
    if count == 1:
        _hill_road(drawing, towns[0].east, chance)
    for number, town in enumerate(towns):
        if number % across + 1 < across and number + 1 < count:
            _join(drawing, town.east, towns[number + 1].west, chance)
        if number + across < count:
            _join(drawing, town.north, towns[number + across].south, chance)


def _join(drawing: Drawing, one: int, other: int, chance: Generator) -> None:
    draw_country_road(drawing, (one, other), (drawing.spot(one), drawing.spot(other)), chance)


def _size(segments: float) -> tuple[int, int]:
    """Columns and rows of a town with so many segments; three rows are one with its frontage roads."""
    # A crossing has two streets, those at the rim have less.
    side = _RIM / 2 + (_RIM**2 / 4 + segments / STREETS_PER_CROSSING) ** 0.5
    columns = round(side * (4 / 3) ** 0.5)
    return columns, max(round(side * side / columns) - 2, 8)


def _hill_road(drawing: Drawing, start: int, chance: Generator) -> None:
    """Up into the hills, winding ever more, to a dead end."""
    east, north = drawing.spot(start)
    end = east + 2_500.0, north + 2_000.0
    place = int(drawing.places(np.array([end[0]]), np.array([end[1]]))[0])
    draw_pass(drawing, Pass(ends=(start, place), spots=((east, north), end), number=0), chance)


def _parallel(drawing: Drawing, segments: int, chance: Generator) -> None:
    """Pairs of roads one above the other, joined at their ends; when there are many, in several columns."""
    joining = 16
    count = max(round(segments / (_PAIR_SEGMENTS + joining)), 1)
    length_m = _PAIR_M * (segments - joining * (count - 1)) / (count * _PAIR_SEGMENTS)
    rows = math.ceil((count * length_m / _PAIRS_APART_M) ** 0.5)
    ends = []
    for number in range(count):
        column, row = _as_an_ox_ploughs(number, rows)
        spot = column * (length_m + _COUNTRY_M), row * _PAIRS_APART_M
        ends.append(draw_pair(drawing, spot, length_m, chance))
    for number, ((west, east), (next_west, next_east)) in enumerate(pairwise(ends), 1):
        if number % rows == 0:
            _join(drawing, east, next_west, chance)
        else:
            _join(drawing, west, next_west, chance)
            _join(drawing, east, next_east, chance)


def _passes(drawing: Drawing, segments: int, chance: Generator) -> None:
    """Small towns in valleys, and a pass between each and the next."""
    count = max(round(segments / _VALLEY_SEGMENTS), 1) + 1
    roads = (count - 1) * _PASS_SEGMENTS
    columns, rows = _size(max((segments - roads) / count, 200.0))
    across = max(round(count**0.5), 1)
    towns = []
    for number in range(count):
        row, column = _as_an_ox_ploughs(number, across)
        site = Site(east_m=column * _VALLEY_M, north_m=row * _VALLEY_M, columns=columns, rows=rows, number=number)
        towns.append(draw_town(drawing, site, chance))
    for number, (one, other) in enumerate(pairwise(towns)):
        row, goes_up = number // across, (number + 1) % across == 0
        ends = (one.west, other.east) if row % 2 else (one.east, other.west)
        if goes_up:
            ends = one.north, other.south
        road = Pass(ends=ends, spots=(drawing.spot(ends[0]), drawing.spot(ends[1])), number=number)
        draw_pass(drawing, road, chance)


def _as_an_ox_ploughs(number: int, length: int) -> tuple[int, int]:
    """Which furrow, and where in it: each is beside the one before."""
    furrow, at = divmod(number, length)
    return furrow, at if furrow % 2 == 0 else length - 1 - at


def _shapes(lines: Lines) -> Shapes:
    """The lines' points with their ends, in degrees, rounded as the format keeps them."""
    counts = np.diff(lines.offsets) + 2
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    inner = np.ones(int(offsets[-1]), np.bool_)
    inner[offsets[:-1]] = inner[offsets[1:] - 1] = False
    axes = []
    for points, places in ((lines.east_m, lines.place_east_m), (lines.north_m, lines.place_north_m)):
        axis = np.empty(len(inner))
        axis[inner], axis[offsets[:-1]], axis[offsets[1:] - 1] = points, places[lines.start], places[lines.end]
        axes.append(axis)
    to_degrees = Transformer.from_crs(_PLANE, _DEGREES, always_xy=True)
    middle = [(axis.min() + axis.max()) / 2 for axis in axes]
    lon, lat = to_degrees.transform(*(axis - mid + at for axis, mid, at in zip(axes, middle, _CENTRE_M, strict=True)))
    return Shapes(offsets, np.rint(lat * 1e7).astype(np.int32), np.rint(lon * 1e7).astype(np.int32))
