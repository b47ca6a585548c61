"""The simulator's snow-depth sensors and snowtrack: what the ones send, the other reads, and finds the snow in it."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from ploughsim.ending import end_tasks
from ploughsim.roads.read import read_network
from ploughsim.running.address import parse_broker
from ploughsim.running.sensors import SensorLines, payload_of
from ploughsim.world.sensors import Sensors
from ploughsim.world.settings import SnowSettings
from snowtrack.model.calendar import HOUR_US
from snowtrack.model.columns import ABSENT_32
from snowtrack.model.snow import DepthBatch, Sensor, SensorId
from snowtrack.snow.curves import NOISE_MM
from snowtrack.snow.readings import read_depths
from snowtrack.snow.watching import Watched
from snowtrack.sources.source import Delivery
from tests.mosquitto import RunningBroker
from tests.services.waiting import until
from tests.sources.test_mqtt_source import batch, listening

pytestmark = pytest.mark.anyio
START_MS = 1_768_381_200_000
HOUR_MS = 3_600_000


def sensors_in(network_folder: Path, noise_mm: float) -> Sensors:
    settings = SnowSettings(sensors=4, mm_per_h=20.0, hours=10, after_min=240, sensor_noise_mm=noise_mm)
    return Sensors(read_network(network_folder), settings, ["ishikawa"], seed=7, start_ms=START_MS)


def watched(sensors: Sensors, until_ms: int) -> Watched:
    """What snowtrack makes of all that they send until then."""
    registered = [
        Sensor(id=SensorId(one.agency, one.name), name=one.name, lat_e7=one.lat_e7, lon_e7=one.lon_e7)
        for one in sensors.sensors
    ]
    state = Watched.of(registered, until_ms * 1000, 2)
    sent = sensors.readings(START_MS, until_ms)
    for row, sensor in enumerate(registered):
        read = read_depths(payload_of([one for one in sent if one.sensor == row]))
        assert read.rejects == ()
        state.take(sensor.id, read.readings.time_us, read.readings.depth_mm)
    return state.with_curves()


def test_new_snow_is_what_fell(network_folder: Path) -> None:
    end_ms = START_MS + 18 * HOUR_MS
    truth = sensors_in(network_folder, 0).readings(START_MS, end_ms)
    curves = watched(sensors_in(network_folder, 8), end_ms).curves
    everyone = np.arange(4)
    span = np.full(4, START_MS * 1000 + HOUR_US), np.full(4, end_ms * 1000)
    found = curves.new_mm(everyone, *span).tolist()
    assert ABSENT_32 not in found
    for sensor, millimetres in enumerate(found):
        depths = [one.depth_mm for one in truth if one.sensor == sensor]
        fell = depths[-1] - depths[0]
        assert fell > 100
        assert abs(millimetres - fell) <= 25
    dry = curves.new_mm(everyone, np.full(4, START_MS * 1000 + HOUR_US), np.full(4, START_MS * 1000 + 4 * HOUR_US))
    # What noise lays before the beginning is less than the floor.
    assert max(dry.tolist()) < NOISE_MM


async def test_what_a_sensor_sends_arrives_and_is_read(network_folder: Path, mosquitto: RunningBroker) -> None:
    lines = SensorLines(sensors_in(network_folder, 8), parse_broker(mosquitto.url))
    async with listening(mosquitto.address) as source:
        working = [asyncio.create_task(line.run()) for line in lines.lines]
        try:
            lines.go_on(START_MS, START_MS + HOUR_MS)
            await until(lambda: lines.held == 0)
            taken: list[Delivery] = []
            while sum(len(read_depths(one.payload).readings) for one in taken) < 4 * 6:
                taken += await batch(source)
            source.settle(taken)
        finally:
            await end_tasks(working)
    assert {str(one.device) for one in taken} == {f"ishikawa/snow-{number:02d}" for number in range(1, 5)}
    readings = DepthBatch.concat(read_depths(one.payload).readings for one in taken)
    assert len(set(readings.time_us.tolist())) == 6
