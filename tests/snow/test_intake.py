"""Depth messages as they come from the broker: kept, kept aside or counted, in the batch's own transaction."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from psycopg import AsyncConnection

from snowtrack.model.calendar import DAY_US, SECOND_US
from snowtrack.model.snow import DepthFault, SensorId
from snowtrack.model.topics import Channel
from snowtrack.services.snow_intake import DepthTally, take_depths
from snowtrack.sources.session import Receipt
from snowtrack.sources.source import Delivery
from snowtrack.store.database import connect
from snowtrack.store.snow import read_depths, read_heard
from tests.mosquitto import RunningBroker
from tests.sources.publisher import publishing
from tests.sources.test_mqtt_source import batch, listening
from tests.store.databases import count

pytestmark = pytest.mark.anyio
NOW = 1_768_338_000 * SECOND_US
S1, S2 = SensorId("kahoku", "s1"), SensorId("kahoku", "s2")


@pytest.fixture
async def connection(clean_database: str) -> AsyncIterator[AsyncConnection]:
    async with connect(clean_database, name="test") as connection:
        yield connection


def delivery(content: object, sensor: SensorId = S1, received_us: int = NOW) -> Delivery:
    payload = content if isinstance(content, bytes) else orjson.dumps(content)
    return Delivery(sensor, Channel.DEPTH, payload, received_us, Receipt(1, 1, 0))


def reading(at_us: int, depth_mm: int = 300) -> dict[str, float]:
    return {"time": at_us / SECOND_US, "depth_mm": depth_mm}


async def kept(connection: AsyncConnection, sensor: SensorId = S1) -> list[int]:
    return (await read_depths(connection, sensor, 0, 2 * NOW, 100)).time_us.tolist()  # type: ignore[no-any-return]


async def test_a_batch_of_messages_of_several_sensors_is_kept(connection: AsyncConnection) -> None:
    messages = [
        delivery([reading(NOW), reading(NOW - SECOND_US)], S2),
        delivery(reading(NOW)),
        delivery(reading(NOW, 7)),
    ]
    assert await take_depths(connection, messages) == DepthTally(messages=3, new=3, conflicts=1)
    assert (await kept(connection), await kept(connection, S2)) == ([NOW], [NOW - SECOND_US, NOW])


@pytest.mark.parametrize(
    ("ahead_us", "good"),
    [(60 * SECOND_US, True), (60 * SECOND_US + 1, False), (-366 * DAY_US, True), (-366 * DAY_US - 1, False)],
)
async def test_a_time_that_cannot_be_is_kept_aside(
    connection: AsyncConnection, clean_database: str, ahead_us: int, good: bool
) -> None:
    when = NOW + ahead_us
    iso = orjson.dumps({"time": f"{_iso(when)}", "depth_mm": 1})
    tally = await take_depths(connection, [delivery(iso)])
    assert tally == DepthTally(messages=1, new=int(good), misdated=int(not good))
    assert (len(await kept(connection)), count(clean_database, "depth_misdated")) == (int(good), int(not good))


def _iso(time_us: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)).isoformat()


async def test_what_is_no_reading_is_counted_with_its_last_reason(connection: AsyncConnection) -> None:
    messages = [delivery(b"\x00"), delivery([reading(NOW), {"time": NOW}, {"depth_mm": 1}])]
    assert await take_depths(connection, messages) == DepthTally(messages=2, new=1, rejected=3)
    (heard,) = await read_heard(connection)
    assert (heard.sensor, heard.readings, heard.rejected) == (S1, 1, 3)
    assert (heard.last_fault, heard.heard_us) == (DepthFault.BAD_TIME, NOW)


async def test_the_batch_that_fails_takes_its_readings_with_it(connection: AsyncConnection) -> None:
    with pytest.raises(ZeroDivisionError):
        async with connection.transaction():
            await take_depths(connection, [delivery(reading(NOW))])
            raise ZeroDivisionError
    assert await kept(connection) == []


async def test_a_sensor_s_message_comes_through_a_real_broker(
    connection: AsyncConnection, mosquitto: RunningBroker
) -> None:
    with publishing(mosquitto.address) as sensor:
        async with listening(mosquitto.address) as source:
            await asyncio.to_thread(sensor.say, "depth", orjson.dumps(reading(NOW)), "kahoku/s1")
            taken = await batch(source)
            assert [(one.device, one.channel) for one in taken] == [(S1, Channel.DEPTH)]
            assert (await take_depths(connection, taken)).messages == 1
            source.settle(taken)
    assert (await read_heard(connection))[0].sensor == S1
