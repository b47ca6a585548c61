"""Nights on small roads, and their rows."""

import numpy as np

from ploughsim.compiled import Array
from ploughsim.roads.read import RoadNetwork
from ploughsim.world.night import World
from ploughsim.world.settings import FleetSettings, SnowSettings

# 2026-01-14 18:00 in Japan.
START_MS = 1_768_381_200_000
HOUR_MS = 3_600_000


def night(network: RoadNetwork, *, seed: int = 5, snow: SnowSettings | None = None, **fleet: object) -> World:
    settings = FleetSettings(**({"machines": 12} | fleet))  # type: ignore[arg-type]
    return World(network, settings, snow or SnowSettings(), seed=seed, start_ms=START_MS)


def rows_of(world: World, hours: float, *, step_ms: int = 1000, from_h: float = 0.0) -> Array:
    """The truth of some hours, minute by minute, by unit and time."""
    stop_ms = START_MS + round(hours * HOUR_MS)
    starts = range(START_MS + round(from_h * HOUR_MS), stop_ms, 60_000)
    rows = np.concatenate([world.truth(first, min(first + 60_000, stop_ms), step_ms) for first in starts])
    return rows[np.lexsort((rows["time_ms"], rows["unit"]))]
