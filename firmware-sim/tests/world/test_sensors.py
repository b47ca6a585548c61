"""Snow-depth sensors of a night: where they stand, and that they read the snow that falls."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import orjson
import pytest

from ploughsim.roads.read import RoadNetwork, read_network
from ploughsim.running.sensors import payload_of
from ploughsim.world.sensors import EVERY_MS, Reading, Sensors, place_sensors
from ploughsim.world.settings import SnowSettings

START_MS = 1_768_381_200_000
HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def network(roads: Path) -> RoadNetwork:
    return read_network(roads)


def sensors(network: RoadNetwork, *, seed: int = 5, **settings: float) -> Sensors:
    given = SnowSettings(**({"sensors": 4, "mm_per_h": 30.0} | settings))  # type: ignore[arg-type]
    return Sensors(network, given, ["kaga", "hakui"], seed=seed, start_ms=START_MS)


def of_one(readings: list[Reading], number: int = 0) -> list[int]:
    return [reading.depth_mm for reading in readings if reading.sensor == number]


def test_they_stand_beside_the_roads_from_west_to_east_and_belong_to_the_agencies_in_turn(network: RoadNetwork) -> None:
    found = place_sensors(network, 6, ["kaga", "hakui"], 5)
    assert [one.name for one in found] == [f"snow-{number:02d}" for number in range(1, 7)]
    assert [one.agency for one in found] == ["kaga", "hakui"] * 3
    assert np.all(np.diff([one.lon_e7 for one in found]) > -20_000)
    for one in found:
        assert network.node_lat_e7.min() - 3_000 <= one.lat_e7 <= network.node_lat_e7.max() + 3_000
        assert network.node_lon_e7.min() - 4_000 <= one.lon_e7 <= network.node_lon_e7.max() + 4_000
    assert place_sensors(network, 0, ["kaga"], 5) == []


def test_they_read_every_ten_minutes_however_the_time_is_cut(network: RoadNetwork) -> None:
    one, end_ms = sensors(network), START_MS + 3 * HOUR_MS
    whole = one.readings(START_MS, end_ms)
    parts = [
        reading
        for first in range(START_MS, end_ms, 420_000)
        for reading in one.readings(first, min(first + 420_000, end_ms))
    ]
    assert parts == whole
    assert len(whole) == 4 * 18
    assert all(reading.time_ms % EVERY_MS == 0 for reading in whole)
    assert whole == sensors(network).readings(START_MS, end_ms)
    assert whole != sensors(network, seed=6).readings(START_MS, end_ms)


def test_without_noise_the_depth_is_what_lay_and_what_fell(network: RoadNetwork) -> None:
    depths = of_one(sensors(network, sensor_noise_mm=0, lying_mm=200).readings(START_MS, START_MS + 6 * HOUR_MS))
    assert depths[0] in range(200, 206)
    assert all(later >= earlier for earlier, later in pairwise(depths))
    assert 60 <= depths[-1] - depths[0] <= 300


def test_noise_is_about_as_large_as_said(network: RoadNetwork) -> None:
    end_ms = START_MS + 100 * HOUR_MS
    quiet, noisy = (
        np.array(of_one(sensors(network, mm_per_h=0, sensor_noise_mm=noise).readings(START_MS, end_ms)))
        for noise in (0, 8)
    )
    assert 6 <= float(np.std(noisy - quiet)) <= 10


def test_a_stuck_sensor_reads_and_then_says_the_same_for_ever(network: RoadNetwork) -> None:
    depths = of_one(sensors(network, stuck_sensors=1).readings(START_MS, START_MS + 12 * HOUR_MS))
    assert len(set(depths[:6])) > 1
    assert len(set(depths[24:])) == 1


def test_in_silent_hours_nothing_is_read(network: RoadNetwork) -> None:
    assert sensors(network, silent_hours=1).readings(START_MS, START_MS + 12 * HOUR_MS) == []
    some = sensors(network, silent_hours=0.5).readings(START_MS, START_MS + 200 * HOUR_MS)
    hours = {(one.sensor, one.time_ms // HOUR_MS): 0 for one in some}
    for one in some:
        hours[one.sensor, one.time_ms // HOUR_MS] += 1
    assert set(hours.values()) <= {6, *range(1, 6)}
    assert 300 <= len(hours) <= 500


def test_what_is_sent_is_one_reading_or_a_list() -> None:
    one = Reading(sensor=0, time_ms=START_MS, depth_mm=312, battery_mv=3610)
    assert orjson.loads(payload_of([one])) == {"time": START_MS // 1000, "depth_mm": 312, "battery_mv": 3610}
    assert len(orjson.loads(payload_of([one, one]))) == 2
