"""Simulated nights with truth on real roads: what ploughs do, in good and in bad reception, the same for the same seed.

A night is drives over one town. Half of them carry speed, course and dilution, as trackers do, the others only places.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as File

import numpy as np

from benchmarks.match.arcs import Arcs
from benchmarks.match.drives import Drive, Receiver, Style, drive
from benchmarks.match.itinerary import Habits, Town
from benchmarks.match.score import Score, on_route, score
from benchmarks.match.streets import arcs_of, read_streets
from benchmarks.match.tracks import Matched
from snowtrack.model.columns import Bools

EXTRACTS = ("osm_harrisburg/harrisburg.osm.pbf", "osm_andorra/andorra.osm.pbf")
STYLE = Style(slowest_kmh=5, fastest_kmh=60, lane_m=1.5)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Roads:
    """One town: its file, what can be driven there, and what is compared."""

    file: File
    town: Town
    arcs: Arcs


def read_roads(file: File) -> Roads:
    streets = read_streets(file)
    return Roads(file=file, town=Town(streets), arcs=arcs_of(streets))


def night(roads: Roads, *, drives: int, length_m: float, seed: int, every_s: float = 1.0) -> Iterator[Drive]:
    """Drives in all kinds of reception: noise of 1.5 to 10 m that lasts 10 to 60 s, 2 % of the time without fixes."""
    for number in range(drives):
        own = 1_000 * seed + number
        random = np.random.default_rng(own)
        receiver = Receiver(
            sigma_m=float(np.exp(random.uniform(np.log(1.5), np.log(10)))),
            lasting_s=float(random.uniform(10, 60)),
            every_s=every_s,
            gap_share=0.02,
            columns=number % 2 == 0,
        )
        stretches = roads.town.itinerary(length_m=length_m, habits=Habits(), seed=own)
        yield drive(roads.town, stretches, receiver, STYLE, own)


def judge(roads: Roads, driven: Drive, matched: Matched) -> Score:
    """By the general definitions; the fixes counted are those truly on a road."""
    routes = score(roads.arcs.length_mm, roads.arcs.along(driven.path), roads.arcs.along(matched.path))
    right = right_fixes(roads, driven, matched) & driven.on_road
    return routes + Score(fixes_near=int(driven.on_road.sum()), fixes_right=int(right.sum()))


def right_fixes(roads: Roads, driven: Drive, matched: Matched) -> Bools:
    """Which answers lie on the route driven; off the roads it is right to name none."""
    named = roads.arcs.at(matched.answers.source_id, matched.answers.direction, matched.answers.along_m)
    return np.where(driven.on_road, on_route(roads.arcs.along(driven.path), named), named < 0)
