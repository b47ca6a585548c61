"""Small towns and machines in them, drawn by chance from a seed: no two ways in them are equally long."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from random import Random

from snowtrack.matching.costs import DEFAULT_COSTS, Costs
from snowtrack.matching.matcher import Matcher
from snowtrack.model.columns import ABSENT_8, ABSENT_32
from snowtrack.model.fixes import BLADE_DOWN, Source
from snowtrack.network.arrays import Kind, Network
from snowtrack.roads.lines import RoadLine
from tests.matching.parts import part
from tests.oracles.drives import SECOND_US, Spot, drive, route
from tests.oracles.halves import Pending
from tests.oracles.towns import Metres, road, town

CUT_US = 300 * SECOND_US
START_US = 1_000 * SECOND_US
METRE_E7 = (90, 112)
"""To the north and to the east, about."""


def matcher(network: Network, lag_s: float | None = 10, late_s: float = 0, costs: Costs = DEFAULT_COSTS) -> Matcher:
    return Matcher(
        network,
        lag_us=None if lag_s is None else round(lag_s * SECOND_US),
        late_us=round(late_s * SECOND_US),
        cut_us=CUT_US,
        silence_us=60 * SECOND_US,
        costs=costs,
    )


def drawn_streets(seed: int) -> list[RoadLine]:
    """A crooked grid of streets with gaps, one-way streets, footways beside them and a dead end."""
    random = Random(seed)
    columns, rows = random.randint(2, 4), random.randint(2, 3)
    spacing = random.choice([45, 80, 130])
    corners = {
        (x, y): (x * spacing + random.uniform(-15, 15), y * spacing + random.uniform(-15, 15))
        for x in range(columns)
        for y in range(rows)
    }
    blocks = [((x, y), (x + 1, y)) for x in range(columns - 1) for y in range(rows)]
    blocks += [((x, y), (x, y + 1)) for x in range(columns) for y in range(rows - 1)]
    streets = [_street(corners[one], corners[other], random) for one, other in blocks if random.random() < 0.9]
    end = corners[columns - 1, 0]
    streets.append(road(end, (end[0] + random.uniform(20, 90), end[1] - random.uniform(5, 40))))
    footways = [_beside(line, random) for line in streets if random.random() < 0.15]
    return [replace(line, source_id=number) for number, line in enumerate([*streets, *footways], 1)]


def _street(one: Metres, other: Metres, random: Random) -> RoadLine:
    bend = ((one[0] + other[0]) / 2 + random.uniform(-8, 8), (one[1] + other[1]) / 2 + random.uniform(-8, 8))
    places = [one, bend, other] if random.random() < 0.5 else [one, other]
    return road(*places, oneway=random.choice([0, 0, 0, 1, -1]))


def _beside(line: RoadLine, random: Random) -> RoadLine:
    """A footway that meets no street."""
    north, east = random.randint(5, 15) * METRE_E7[0], random.randint(5, 15) * METRE_E7[1]
    return replace(line, points=[(lat + north, lon + east) for lat, lon in line.points], kind=Kind.FOOTWAY, oneway=0)


@cache
def drawn_town(seed: int) -> Network:
    return town(*drawn_streets(seed))


@dataclass(frozen=True, kw_only=True)
class Weather:
    """What befalls a drive. `noise_m` lasts some seconds; `told` is how much receivers tell; of twins, two units under
    one name, each says where it is at the same instants."""

    noise_m: float = 0
    every_s: float = 1
    speed_mmps: int = 8_000
    turns: bool = False
    stands: bool = False
    strays: bool = False
    gap_s: int = 0
    told: float = 1
    twins: bool = False


def drawn_weather(random: Random) -> Weather:
    return Weather(
        noise_m=random.choice([0, 1.5, 4, 10]),
        every_s=random.choice([0.1, 1, 1, 1, 3, 12, 30]),
        speed_mmps=random.choice([1_500, 6_000, 9_000, 14_000]),
        turns=random.random() < 0.3,
        stands=random.random() < 0.3,
        strays=random.random() < 0.3,
        gap_s=random.choice([0, 0, 40, 400]),
        told=random.choice([0, 0.7, 1]),
        twins=random.random() < 0.2,
    )


def drawn_track(network: Network, seed: int, weather: Weather, most: int = 60) -> list[Pending]:
    """What a receiver says of a drive."""
    random = Random(seed)
    steps = route(network, random.randrange(len(network)), random.randint(2, 8), random)
    if weather.turns:
        row, direction = steps[-1]
        steps += [(row, -direction), *((row, -direction) for row, direction in steps[-2::-1])]
    step_mm = round(weather.speed_mmps * weather.every_s)
    spots = list(drive(network, steps, start_us=START_US, speed_mmps=step_mm))[:most]
    if weather.turns and len(spots) > 4:
        spots = spots + _turned(spots[len(spots) // 2 : -1])
    if weather.stands:
        at = random.randrange(len(spots))
        spots = [*spots[:at], *[replace(spots[at], speed_mmps=0)] * 10, *spots[at:]]
    return _heard(spots[:most], weather, random)


def heard(spots: Sequence[Spot], told: bool = True) -> list[Pending]:
    """What a receiver without noise says at these spots."""
    return [
        part(
            Source.RMC,
            at_us=spot.at_us,
            digest=number,
            boot=1,
            seq=number,
            lat_e7=spot.lat_e7,
            lon_e7=spot.lon_e7,
            speed_mmps=spot.speed_mmps if told else ABSENT_32,
            course_cdeg=spot.course_cdeg if told else ABSENT_32,
            blade=BLADE_DOWN,
        )
        for number, spot in enumerate(spots, 1)
    ]


def _turned(spots: Sequence[Spot]) -> list[Spot]:
    """The same places the other way: a turn in mid-road."""
    return [
        replace(spot, direction=-spot.direction, course_cdeg=(spot.course_cdeg + 18_000) % 36_000)
        for spot in spots[::-1]
    ]


def _heard(spots: Sequence[Spot], weather: Weather, random: Random) -> list[Pending]:
    east = north = 0.0
    at_us, last = START_US, 0.8**weather.every_s
    strays_at = random.randrange(len(spots)) if weather.strays else len(spots)
    gap_at = random.randrange(len(spots)) if weather.gap_s else -1
    fixes = []
    for number, spot in enumerate(spots):
        reflected = 6 if random.random() < 0.03 else 1
        fresh = (1 - last * last) ** 0.5 * weather.noise_m * reflected
        east, north = last * east + random.gauss(0, fresh), last * north + random.gauss(0, fresh)
        away_m = 12 * max(0, min(number - strays_at, strays_at + 16 - number))
        tells = random.random() < weather.told
        fix = part(
            Source.RMC,
            at_us=at_us,
            digest=number + 1,
            boot=1,
            seq=number + 1,
            lat_e7=spot.lat_e7 + round((north + away_m) * METRE_E7[0]),
            lon_e7=spot.lon_e7 + round((east + away_m) * METRE_E7[1]),
            speed_mmps=weather.speed_mmps * (spot.speed_mmps > 0) if tells else ABSENT_32,
            course_cdeg=spot.course_cdeg if tells else ABSENT_32,
            blade=BLADE_DOWN,
            hdop_centi=random.choice([ABSENT_32, 80, 100, 250, 2_000]) if tells else ABSENT_32,
            quality=random.choice([ABSENT_8, 1, 4, 5]) if tells else ABSENT_8,
        )
        fixes.append(fix)
        if weather.twins and random.random() < 0.3:
            lat_e7, lon_e7 = fix.lat_e7 + 30 * METRE_E7[0], fix.lon_e7 - 30 * METRE_E7[1]
            fixes.append(fix._replace(boot=2, digest=-number, lat_e7=lat_e7, lon_e7=lon_e7))
        at_us += round(weather.every_s * SECOND_US) + (weather.gap_s * SECOND_US if number == gap_at else 0)
    return fixes
