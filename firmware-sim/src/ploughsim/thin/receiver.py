"""The GPS receiver: what it makes of the truth.

Its error wanders: a first-order Gauss-Markov process for east, north and height, drawn anew at each power-up.
"""

import math

from ploughsim.chance import normal_pair, uniform
from ploughsim.thin.lanes import METRES_PER_DEGREE
from ploughsim.thin.sentences import Fix
from ploughsim.thin.world import Truth

_GROUND_M = 30.0
_SPEED_SIGMA_MPS = 0.05
_COURSE_SIGMA_DEG = 1.0

# What a draw decides.
_POSITION, _HEIGHT, _MOTION, _SKY = range(4)


class Receiver:
    """`correlation` is how much of an error is still there one epoch later."""

    def __init__(self, *, seed: int, power_up: int, sigma_m: float, correlation: float) -> None:
        self._seed = seed
        self._power_up = power_up
        self._sigma_m = sigma_m
        self._correlation = correlation
        east, north = normal_pair(seed, _POSITION, power_up, 0)
        height, _ = normal_pair(seed, _HEIGHT, power_up, 0)
        self._error_m = (sigma_m * east, sigma_m * north, 2.0 * sigma_m * height)

    def observe(self, truth: Truth, time_ms: int) -> Fix:
        self._wander(truth.tick)
        east_m, north_m, height_m = self._error_m
        about = (self._power_up, truth.tick)
        speed_error, course_error = normal_pair(self._seed, _MOTION, *about)
        sky = uniform(self._seed, _SKY, self._power_up, truth.tick // 60)
        return Fix(
            time_ms=time_ms,
            lat_deg=truth.lat_deg + north_m / METRES_PER_DEGREE,
            lon_deg=truth.lon_deg + east_m / (METRES_PER_DEGREE * math.cos(math.radians(truth.lat_deg))),
            speed_mps=abs(truth.speed_mps + _SPEED_SIGMA_MPS * speed_error),
            course_deg=truth.course_deg + _COURSE_SIGMA_DEG * course_error,
            altitude_m=_GROUND_M + height_m,
            satellites=8 + int(5 * sky),
            hdop=1.2 - 0.5 * sky,
        )

    def _wander(self, tick: int) -> None:
        east, north = normal_pair(self._seed, _POSITION, self._power_up, tick)
        height, _ = normal_pair(self._seed, _HEIGHT, self._power_up, tick)
        fresh_m = self._sigma_m * math.sqrt(1.0 - self._correlation**2)
        old_east_m, old_north_m, old_height_m = self._error_m
        self._error_m = (
            self._correlation * old_east_m + fresh_m * east,
            self._correlation * old_north_m + fresh_m * north,
            self._correlation * old_height_m + 2.0 * fresh_m * height,
        )
