"""Where a simulated plough goes: stretches, on streets and off them, with a pause after some.

A random walk from node to node that prefers to go straight on and where it has not been, as ploughs do. On the way it
turns round, backs up, stops, and leaves the roads for a yard and comes back.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import shapely

from benchmarks.match.streets import Street
from benchmarks.match.tracks import Path
from snowtrack.model.columns import Floats
from snowtrack.network.geometry import metres_per_e7

YARD_CLEAR_M = 30.0


class Stretch(NamedTuple):
    """A straight line driven in one go. `way` is a street's row; off the roads it is that of the street left."""

    way: int
    direction: int
    from_m: float
    to_m: float
    start: tuple[float, float]
    end: tuple[float, float]
    on_road: bool = True
    backing: bool = False
    pause_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How often per driven kilometre, and how long."""

    turn_round: float = 0.15
    back_up: float = 0.3
    yard: float = 0.1
    long_stop: float = 0.15
    short_stop: float = 1.0
    against_oneway: float = 0.02
    back_up_m: tuple[float, float] = (10.0, 50.0)
    long_stop_s: tuple[float, float] = (60.0, 400.0)
    short_stop_s: tuple[float, float] = (3.0, 40.0)


STEADY = Habits(turn_round=0, back_up=0, yard=0, long_stop=0, short_stop=0, against_oneway=0)


class Step(NamedTuple):
    """From one node of a street to the next one, along it or against."""

    way: int
    at: int
    direction: int


class Town:
    """Streets, and what a driver does at each of their nodes."""

    def __init__(self, streets: Sequence[Street]) -> None:
        self.streets = streets
        self.at_m = [street.at_m() for street in streets]
        self.places: dict[int, list[tuple[int, int]]] = {}
        for way, street in enumerate(streets):
            for at, node in enumerate(street.nodes):
                self.places.setdefault(node, []).append((way, at))
        self.tree = shapely.STRtree([shapely.linestrings(s.lon_deg, s.lat_deg) for s in streets])

    def itinerary(self, *, length_m: float, habits: Habits, seed: int) -> list[Stretch]:
        """A walk of at least this length, from anywhere."""
        random = np.random.default_rng(seed)
        found: list[Stretch] = []
        driven_m = 0.0
        step = self._start(random)
        visits: Counter[tuple[int, int]] = Counter()
        while driven_m < length_m:
            visits[step.way, min(step.at, step.at + step.direction)] += 1
            added, turned = self._drive(step, habits, random)
            found += added
            driven_m += max(sum(abs(s.to_m - s.from_m) for s in added), 0.1)
            here = step._replace(at=step.at + step.direction, direction=-step.direction) if not turned else step
            back = Step(here.way, here.at, here.direction) if not turned else None
            step = self._next(here, back, visits, habits, random)
        return found

    def along(self, steps: Sequence[Step]) -> list[Stretch]:
        """A route that is given, driven without ado."""
        return [self._part(step, 0.0, 1.0) for step in steps]

    def _start(self, random: np.random.Generator) -> Step:
        lengths = np.array([at_m[-1] for at_m in self.at_m])
        way = int(random.choice(len(lengths), p=lengths / lengths.sum()))
        return Step(way, 0, 1) if self.streets[way].oneway >= 0 else Step(way, len(self.at_m[way]) - 1, -1)

    def _next(
        self,
        here: Step,
        back: Step | None,
        visits: Counter[tuple[int, int]],
        habits: Habits,
        random: np.random.Generator,
    ) -> Step:
        """Choose at a node. `back` is the step that would undo the last one: only where there is no other way."""
        node = self.streets[here.way].nodes[here.at]
        choices = [
            Step(way, at, direction)
            for way, at in self.places[node]
            for direction in (1, -1)
            if 0 <= at + direction < len(self.at_m[way])
        ]
        choices = [step for step in choices if step != back] or choices
        allowed = [step for step in choices if self.streets[step.way].oneway * step.direction >= 0]
        if random.random() < habits.against_oneway or not allowed:
            allowed = choices
        weights = np.array([self._wish(here, step, visits) for step in allowed])
        return allowed[int(random.choice(len(allowed), p=weights / weights.sum()))]

    def _wish(self, here: Step, step: Step, visits: Counter[tuple[int, int]]) -> float:
        straight = 3.0 if step.way == here.way else 1.0
        return straight / (1 + visits[step.way, min(step.at, step.at + step.direction)]) ** 2

    def _drive(self, step: Step, habits: Habits, random: np.random.Generator) -> tuple[list[Stretch], bool]:
        """One step with all that happens on it, and whether it ended where it began."""
        at_m = self.at_m[step.way]
        length_m = max(abs(float(at_m[step.at + step.direction] - at_m[step.at])), 0.01)

        def happens(per_km: float) -> bool:
            return bool(random.random() < 1 - np.exp(-per_km * length_m / 1000))

        cut = float(random.uniform(0.2, 0.9))
        if happens(habits.turn_round) and self.streets[step.way].oneway == 0:
            there = self._part(step, 0.0, cut)._replace(pause_s=float(random.uniform(2, 8)))
            return [there, self._part(step, cut, 0.0)], True
        found = [self._part(step, 0.0, cut)]
        if happens(habits.long_stop):
            found[-1] = found[-1]._replace(pause_s=float(random.uniform(*habits.long_stop_s)))
        back_m = float(random.uniform(*habits.back_up_m))
        if happens(habits.back_up) and back_m < cut * length_m:
            found[-1] = found[-1]._replace(pause_s=max(found[-1].pause_s, 2.0))
            behind = cut - back_m / length_m
            backing = self._part(step, cut, behind)._replace(backing=True, pause_s=2.0)
            found += [backing, self._part(step, behind, cut)]
        if happens(habits.yard):
            found += self._yard(found[-1], random)
        found.append(self._part(step, cut, 1.0))
        if happens(habits.short_stop):
            found[-1] = found[-1]._replace(pause_s=float(random.uniform(*habits.short_stop_s)))
        return found, False

    def _part(self, step: Step, start: float, end: float) -> Stretch:
        """From one share of a step to another; backwards where the end is the smaller one."""
        street, at_m = self.streets[step.way], self.at_m[step.way]
        to = step.at + step.direction

        def at(values: Floats, share: float) -> float:
            return float(values[step.at] + share * (values[to] - values[step.at]))

        return Stretch(
            way=step.way,
            direction=step.direction if end >= start else -step.direction,
            from_m=at(at_m, start),
            to_m=at(at_m, end),
            start=(at(street.lat_deg, start), at(street.lon_deg, start)),
            end=(at(street.lat_deg, end), at(street.lon_deg, end)),
        )

    def _yard(self, last: Stretch, random: np.random.Generator) -> list[Stretch]:
        """Into a place away from all roads, about in it, and out again; nothing where there is none."""
        lat, lon = last.end
        for _ in range(8):
            bearing, far_m = random.uniform(0, 2 * np.pi), random.uniform(45, 110)
            centre = _moved((lat, lon), far_m * np.cos(bearing), far_m * np.sin(bearing))
            if self._clear(centre):
                about = [_moved(centre, *random.uniform(-15, 15, 2)) for _ in range(int(random.integers(3, 12)))]
                places = [(lat, lon), centre, *about, centre, (lat, lon)]
                off = last._replace(from_m=last.to_m, on_road=False, backing=False, pause_s=0.0)
                return [off._replace(start=a, end=b, pause_s=float(random.uniform(0, 20))) for a, b in pairwise(places)]
        return []

    def _clear(self, place: tuple[float, float]) -> bool:
        lat, lon = place
        north_m, east_m = _scale(lat)
        box = shapely.box(lon - 60 / east_m, lat - 60 / north_m, lon + 60 / east_m, lat + 60 / north_m)
        for way in self.tree.query(box):
            street = self.streets[int(way)]
            line = shapely.linestrings((street.lon_deg - lon) * east_m, (street.lat_deg - lat) * north_m)
            if shapely.distance(line, shapely.Point(0, 0)) < YARD_CLEAR_M:
                return False
        return True


def path_of(town: Town, stretches: Sequence[Stretch]) -> Path:
    """What of the streets is driven, in order; stretches that go on where the last one ended are one."""
    rows: list[tuple[int, int, float, float]] = []
    for stretch in _on_road(stretches):
        source_id = town.streets[stretch.way].source_id
        if rows and rows[-1][:2] == (source_id, stretch.direction) and abs(rows[-1][3] - stretch.from_m) < 1e-6:
            rows[-1] = (*rows[-1][:3], stretch.to_m)
        else:
            rows.append((source_id, stretch.direction, stretch.from_m, stretch.to_m))
    return Path.of(rows)


def _on_road(stretches: Sequence[Stretch]) -> Iterator[Stretch]:
    return (stretch for stretch in stretches if stretch.on_road and stretch.from_m != stretch.to_m)


def _scale(lat_deg: float) -> tuple[float, float]:
    """Metres per degree to the north and to the east."""
    north, east = metres_per_e7(np.array([round(lat_deg * 1e7)], np.int32))
    return float(north[0]) * 1e7, float(east[0]) * 1e7


def _moved(place: tuple[float, float], north_m: float, east_m: float) -> tuple[float, float]:
    north_scale, east_scale = _scale(place[0])
    return place[0] + float(north_m) / north_scale, place[1] + float(east_m) / east_scale
