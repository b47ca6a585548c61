"""Snow-depth sensors against a broker: each with a connection of its own, which sends what waits, oldest first."""

import asyncio
from collections import deque

import orjson
from aiomqtt import MqttError

from ploughsim.chance import draw
from ploughsim.running.address import BrokerAddress
from ploughsim.running.connection import connection_to
from ploughsim.scenario import Scenario
from ploughsim.world.night import World
from ploughsim.world.sensors import Reading, Sensor, Sensors

# As in `running.night`: what falls on sensors is what falls on roads.
_WORLD = 0
_WAITING_MAX = 1_000
_TOGETHER = 100
_CALL_AGAIN_S = 2.0


def sensors_of(scenario: Scenario, world: World) -> Sensors:
    """The sensors of a night, in the snow of its world."""
    seed = draw(scenario.night.seed, _WORLD)
    return Sensors(world.network, scenario.snow, scenario.fleet.agencies, seed=seed, start_ms=world.start_ms)


class SensorLines:
    """All sensors of a night."""

    def __init__(self, sensors: Sensors, broker: BrokerAddress) -> None:
        self._sensors = sensors
        self.lines = [SensorLine(sensor, broker) for sensor in sensors.sensors]

    def go_on(self, first_ms: int, stop_ms: int) -> None:
        """Time passes, and they read."""
        for reading in self._sensors.readings(first_ms, stop_ms):
            self.lines[reading.sensor].say(reading)

    @property
    def held(self) -> int:
        """Readings that the broker has not confirmed."""
        return sum(len(line.waiting) for line in self.lines)


class SensorLine:
    """One sensor's modem. What finds no room is gone, the oldest first."""

    def __init__(self, sensor: Sensor, broker: BrokerAddress) -> None:
        self.waiting: deque[Reading] = deque(maxlen=_WAITING_MAX)
        self._wake = asyncio.Event()
        self._topic = f"snow/v1/{sensor.agency}/{sensor.name}/depth"
        self._client_id, self._broker = f"{sensor.agency}.{sensor.name}", broker

    def say(self, reading: Reading) -> None:
        self.waiting.append(reading)
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled; a broker that is away is called again."""
        while True:
            client = connection_to(self._broker, self._client_id, tls_context=self._broker.tls_context(self._client_id))
            try:
                async with client:
                    while True:
                        await self._wake.wait()
                        self._wake.clear()
                        while self.waiting:
                            sent = list(self.waiting)[:_TOGETHER]
                            await client.publish(self._topic, payload_of(sent), qos=1)
                            for _ in range(min(len(sent), len(self.waiting))):
                                self.waiting.popleft()
            except MqttError:
                self._wake.set()
            finally:
                client.cut()
            await asyncio.sleep(_CALL_AGAIN_S)


def payload_of(readings: list[Reading]) -> bytes:
    """One reading, or a list of several."""
    told = [{"time": one.time_ms // 1000, "depth_mm": one.depth_mm, "battery_mv": one.battery_mv} for one in readings]
    return orjson.dumps(told[0] if len(told) == 1 else told)
