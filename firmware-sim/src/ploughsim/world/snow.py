"""Snowfall in space and time: bands that move over the land, so smooth that the sum of any time is a formula."""

import math

import numpy as np
from numpy.typing import NDArray

from ploughsim.chance import uniform
from ploughsim.world.settings import SnowSettings

Floats = NDArray[np.float64]

_BANDS = 3
_PHASE, _HEADING = 0x5310, 0x5311
_HOUR_MS = 3_600_000
RESIDUE_MM = 20
"""A plough leaves that much."""


class Snowfall:
    """The rate is the mean one times 1 + the sum of cosines whose amplitudes add up to 1: it is never below 0."""

    def __init__(self, settings: SnowSettings, *, seed: int, start_ms: int) -> None:
        self._mm_per_h = settings.mm_per_h
        self._lying_mm = settings.lying_mm
        self._start_ms = start_ms
        self._first_h = settings.after_min / 60
        self._last_h = self._first_h + settings.hours
        # Waves of decreasing length, each running its own way.
        lengths_km = settings.band_km / np.array([1.0, 0.62, 0.37])
        headings = np.array([uniform(seed, _HEADING, band) for band in range(_BANDS)]) * math.pi / 2
        self._waves = 2 * math.pi / lengths_km
        self._east, self._north = np.cos(headings), np.sin(headings)
        self._turns_per_h = self._waves * settings.band_kmh
        self._phases = np.array([uniform(seed, _PHASE, band) for band in range(_BANDS)]) * 2 * math.pi

    def fallen_mm(self, east_m: Floats, north_m: Floats, time_ms: int | Floats) -> Floats:
        """What has fallen on these places since the night began."""
        hours = np.clip((np.asarray(time_ms, np.float64) - self._start_ms) / _HOUR_MS, self._first_h, self._last_h)
        total = np.zeros(np.broadcast_shapes(east_m.shape, hours.shape)) + (hours - self._first_h)
        for band in range(_BANDS):
            along_km = (east_m * self._east[band] + north_m * self._north[band]) / 1000
            phase = self._waves[band] * along_km + self._phases[band]
            turns = self._turns_per_h[band]
            if turns < 1e-9:
                total += np.cos(phase) * (hours - self._first_h) / _BANDS
            else:
                total += (np.sin(phase - turns * self._first_h) - np.sin(phase - turns * hours)) / (turns * _BANDS)
        return np.asarray(self._mm_per_h * total)

    def depth_mm(self, places: tuple[Floats, Floats], cleared_ms: NDArray[np.int64], time_ms: int) -> Floats:
        """What lies there, where it was last cleared at such times; 0 stands for never."""
        east_m, north_m = places
        fallen = self.fallen_mm(east_m, north_m, time_ms)
        since = fallen - self.fallen_mm(east_m, north_m, np.maximum(cleared_ms, self._start_ms).astype(np.float64))
        lying = np.where(cleared_ms > 0, np.minimum(RESIDUE_MM, self._lying_mm + fallen - since), self._lying_mm)
        return np.asarray(lying + since)

    def reaches_ms(self, place: tuple[float, float], more_mm: float, from_ms: int) -> int | None:
        """When so much more has fallen on a place than until then, to the second; `None` where it never will."""
        east_m, north_m = np.array([place[0]]), np.array([place[1]])
        target = float(self.fallen_mm(east_m, north_m, from_ms)[0]) + more_mm
        low, high = from_ms, self._start_ms + math.ceil(self._last_h * _HOUR_MS)
        if high <= low or float(self.fallen_mm(east_m, north_m, high)[0]) < target:
            return None
        while high - low > 1000:
            middle = (low + high) // 2
            if float(self.fallen_mm(east_m, north_m, middle)[0]) < target:
                low = middle
            else:
                high = middle
        return high
