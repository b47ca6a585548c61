"""Snow-depth sensors: where they stand, and what they read of the snow that falls on open ground.

A pure function of seed, network and night: what a sensor reads at an instant does not depend on what was asked before.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ploughsim.chance import draw, normal_pair, uniform
from ploughsim.roads.read import RoadNetwork
from ploughsim.world.ground import METRES_PER_DEGREE
from ploughsim.world.settings import SnowSettings
from ploughsim.world.snow import Snowfall

EVERY_MS = 600_000
_HOUR_MS = 3_600_000
# Sensors that are stuck are so from some hour of the night on.
_STUCK_AFTER_H = (1, 4)
_BESIDE_M = 30.0
_PLACE, _SIDE, _NOISE, _STUCK, _STUCK_AT, _SILENT, _BATTERY = range(0xDE00, 0xDE07)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """One on its mast."""

    agency: str
    name: str
    lat_e7: int
    lon_e7: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """`sensor` is its place in the list."""

    sensor: int
    time_ms: int
    depth_mm: int
    battery_mv: int


class Sensors:
    """All of a night."""

    def __init__(
        self, network: RoadNetwork, settings: SnowSettings, agencies: list[str], *, seed: int, start_ms: int
    ) -> None:
        self._settings, self._seed, self._start_ms = settings, seed, start_ms
        self._snow = Snowfall(settings, seed=seed, start_ms=start_ms)
        self.sensors = place_sensors(network, settings.sensors, agencies, seed)
        south, west = network.node_lat_e7.min() / 1e7, network.node_lon_e7.min() / 1e7
        narrow = math.cos(math.radians(south))
        self._places = [
            ((one.lon_e7 / 1e7 - west) * METRES_PER_DEGREE * narrow, (one.lat_e7 / 1e7 - south) * METRES_PER_DEGREE)
            for one in self.sensors
        ]

    def readings(self, first_ms: int, stop_ms: int) -> list[Reading]:
        """All from an instant to before another, by time and sensor; a silent one reads nothing."""
        times = range(-(-first_ms // EVERY_MS) * EVERY_MS, stop_ms, EVERY_MS)
        return [
            self._reading(number, time_ms)
            for time_ms in times
            for number in range(len(self.sensors))
            if uniform(self._seed, _SILENT, number, time_ms // _HOUR_MS) >= self._settings.silent_hours
        ]

    def _reading(self, number: int, time_ms: int) -> Reading:
        at_ms = min(time_ms, self._stuck_from(number))
        east_m, north_m = (np.array([metres]) for metres in self._places[number])
        never: NDArray[np.int64] = np.zeros(1, np.int64)
        lying_mm = float(self._snow.depth_mm((east_m, north_m), never, at_ms)[0])
        noise, _ = normal_pair(self._seed, _NOISE, number, at_ms // EVERY_MS)
        depth_mm = round(lying_mm + noise * self._settings.sensor_noise_mm)
        battery_mv = 3_600 + draw(self._seed, _BATTERY, number, time_ms // _HOUR_MS) % 60
        return Reading(sensor=number, time_ms=time_ms, depth_mm=depth_mm, battery_mv=battery_mv)

    def _stuck_from(self, number: int) -> int:
        """When it begins to say the same for ever; for most, never."""
        if uniform(self._seed, _STUCK, number) >= self._settings.stuck_sensors:
            return 2**62
        low, high = _STUCK_AFTER_H
        hours = low + (high - low) * uniform(self._seed, _STUCK_AT, number)
        return self._start_ms + round(hours * _HOUR_MS) // EVERY_MS * EVERY_MS


def place_sensors(network: RoadNetwork, count: int, agencies: list[str], seed: int) -> list[Sensor]:
    """Beside crossings, spread over the network from west to east; the agencies take turns."""
    by_place = np.lexsort((network.node_lat_e7, network.node_lon_e7))
    sensors = []
    for number in range(count):
        low, high = number * len(by_place) // count, (number + 1) * len(by_place) // count
        node = int(by_place[low + draw(seed, _PLACE, number) % max(high - low, 1)])
        bearing = 2 * math.pi * uniform(seed, _SIDE, number)
        lat_e7, lon_e7 = int(network.node_lat_e7[node]), int(network.node_lon_e7[node])
        narrow = math.cos(math.radians(lat_e7 / 1e7))
        sensors.append(
            Sensor(
                agency=agencies[number % len(agencies)],
                name=f"snow-{number + 1:02d}",
                lat_e7=lat_e7 + round(_BESIDE_M * math.cos(bearing) / METRES_PER_DEGREE * 1e7),
                lon_e7=lon_e7 + round(_BESIDE_M * math.sin(bearing) / METRES_PER_DEGREE / narrow * 1e7),
            )
        )
    return sensors
