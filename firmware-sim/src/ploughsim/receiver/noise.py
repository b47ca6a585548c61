"""What a receiver measures: the truth, and an error that wanders.

The error of the position is a first-order Gauss-Markov process for east, north and up, drawn anew at each power-up: in
t seconds exp(-t / correlation) of it stays, and its size is always the same. Reflections add a second, faster one, as
large as the sky says. The velocity's error is new at each instant, so that the course is good for nothing when the
machine crawls.
"""

import math
from typing import NamedTuple

import numpy as np

from ploughsim.chance import drawn, normally
from ploughsim.compiled import Array, Record, compiled, part

MEASURED = np.dtype(
    [
        ("lat_deg", np.float64),
        ("lon_deg", np.float64),
        ("alt_m", np.float64),
        ("speed_mps", np.float64),
        ("course_deg", np.float64),
    ],
    align=True,
)
# All errors are of size 1.
STATE = np.dtype(
    [
        ("boot", np.int32),
        ("time_ms", np.int64),
        ("east", np.float64),
        ("north", np.float64),
        ("up", np.float64),
        ("reflected_east", np.float64),
        ("reflected_north", np.float64),
    ],
    align=True,
)

# What a draw decides; the first seven are the sky's.
_PLANE, _UP, _REFLECTED, _VELOCITY = range(100, 104)

_METRES_PER_DEGREE = 111_195.0
_UP_SIGMAS = 2.0
_REFLECTED_S = 8.0


class Errors(NamedTuple):
    """Sizes, and how long an error lasts (0: until the next instant)."""

    sigma_m: float
    correlation_s: float
    speed_sigma_mps: float


@compiled
def measure(truth: Array, sights: Array, errors: Errors, seed: np.uint64, states: Array, measured: Array) -> None:
    """What the receivers of `truth` measure; `states` is remembered between the calls, by unit."""
    step_ms, stays, reflected_stays = -1, 0.0, 0.0
    for row in range(len(truth)):
        instant, sight, shown = truth[row], sights[row], measured[row]
        state = states[instant.unit]
        word = drawn(drawn(seed, instant.unit), instant.time_ms)
        if state.boot != instant.boot:
            step_ms, stays, reflected_stays = -1, 0.0, 0.0
        elif instant.time_ms - state.time_ms != step_ms:
            step_ms = instant.time_ms - state.time_ms
            stays = math.exp(-1e-3 * step_ms / errors.correlation_s) if errors.correlation_s > 0.0 else 0.0
            reflected_stays = math.exp(-1e-3 * step_ms / _REFLECTED_S)
        state.boot, state.time_ms = instant.boot, instant.time_ms
        wander(state, stays, reflected_stays, word)
        reflected = errors.sigma_m * sight.spread
        north_m = errors.sigma_m * state.north + reflected * state.reflected_north
        east_m = errors.sigma_m * state.east + reflected * state.reflected_east
        shown.lat_deg = instant.lat_deg + north_m / _METRES_PER_DEGREE
        shown.lon_deg = instant.lon_deg + east_m / (_METRES_PER_DEGREE * math.cos(math.radians(instant.lat_deg)))
        shown.alt_m = 1e-3 * instant.alt_mm + _UP_SIGMAS * errors.sigma_m * state.up
        move(instant, errors.speed_sigma_mps, word, shown)


@part
def wander(state: Record, stays: float, reflected_stays: float, word: np.uint64) -> None:
    """As much comes in as was forgotten."""
    fresh, reflected_fresh = math.sqrt(1.0 - stays * stays), math.sqrt(1.0 - reflected_stays * reflected_stays)
    east, north = normally(drawn(word, _PLANE))
    up, _ = normally(drawn(word, _UP))
    reflected_east, reflected_north = normally(drawn(word, _REFLECTED))
    state.east = stays * state.east + fresh * east
    state.north = stays * state.north + fresh * north
    state.up = stays * state.up + fresh * up
    state.reflected_east = reflected_stays * state.reflected_east + reflected_fresh * reflected_east
    state.reflected_north = reflected_stays * state.reflected_north + reflected_fresh * reflected_north


@part
def move(instant: Record, sigma_mps: float, word: np.uint64, shown: Record) -> None:
    """Speed and course of the true velocity and its error."""
    course = math.radians(0.01 * instant.course_cdeg)
    speed_mps = 1e-3 * instant.speed_mmps
    east, north = normally(drawn(word, _VELOCITY))
    east_mps = speed_mps * math.sin(course) + sigma_mps * east
    north_mps = speed_mps * math.cos(course) + sigma_mps * north
    shown.speed_mps = math.hypot(east_mps, north_mps)
    shown.course_deg = math.degrees(math.atan2(east_mps, north_mps)) if shown.speed_mps > 0.0 else math.degrees(course)
