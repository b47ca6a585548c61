"""What a broker has acknowledged reaches the engine: when it is slow, when it is away, when the broker starts again."""

import asyncio

import pytest

from tests.brokers.callers import Caller, calling
from tests.brokers.shipped import D1, D2, ShippedBroker
from tests.services.waiting import until
from tests.sources.test_mqtt_source import batch, listening

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

# Mosquitto by itself drops what is beyond 20 in flight and 1,000 queued; as we ship it 2,000 are in flight.
MANY = 4_000
SOME = 1_500
WINDOW = 50
TOPIC = "snow/v1/kanazawa/d1/up"
PADDING = b"." * 300


def numbered(start: int, count: int) -> list[bytes]:
    return [b"%d%s" % (number, PADDING) for number in range(start, start + count)]


async def say_all(device: Caller, payloads: list[bytes]) -> None:
    """Each of them acknowledged by the broker."""
    await asyncio.gather(*(device.client.publish(TOPIC, payload, 1) for payload in payloads))


async def test_a_slow_engine_gets_all_of_it(shipped: ShippedBroker) -> None:
    sent, got = numbered(0, MANY), set[bytes]()
    async with (
        listening(shipped.engine_door, live_max=WINDOW) as source,
        calling(shipped.door(D1), "kanazawa.d1") as device,
    ):
        await say_all(device, sent)
        # Only now does it look at any.
        while len(got) < MANY:
            for delivery in await batch(source):
                got.add(delivery.payload)
                source.settle([delivery])
    assert got == set(sent)


async def test_what_waits_for_the_engine_outlives_the_broker_s_restart(shipped: ShippedBroker) -> None:
    sent, late = numbered(0, SOME), numbered(SOME, SOME)
    async with calling(shipped.engine_door, "engine", clean=False) as engine:
        await engine.hear("snow/v1/+/+/up")
    async with calling(shipped.door(D1), "kanazawa.d1") as device:
        await say_all(device, sent)
    shipped.running.restart()
    # The engine is still away: its subscription and its rights are what the broker wrote down.
    async with calling(shipped.door(D1), "kanazawa.d1") as device:
        await say_all(device, late)
    async with calling(shipped.engine_door, "engine", clean=False) as engine:
        await until(lambda: {*engine.payloads} == {*sent, *late})


async def test_an_order_waits_for_a_device_through_the_broker_s_restart(shipped: ShippedBroker) -> None:
    async with calling(shipped.door(D1), "kanazawa.d1", clean=False) as device:
        await device.hear("snow/v1/kanazawa/d1/down")
    async with calling(shipped.engine_door, "engine") as engine:
        await engine.say("snow/v1/kanazawa/d1/down", b"first")
    shipped.running.restart()
    async with calling(shipped.engine_door, "engine") as engine:
        await engine.say("snow/v1/kanazawa/d1/down", b"second")
    async with calling(shipped.door(D1), "kanazawa.d1", clean=False) as device:
        await until(lambda: {*device.payloads} == {b"first", b"second"})


async def test_mosquitto_does_not_acknowledge_a_payload_that_it_will_not_pass_on(
    mosquitto_shipped: ShippedBroker,
) -> None:
    """`message_size_limit` would acknowledge it and drop it, and the tracker would wait for nothing."""
    shipped = mosquitto_shipped
    largest = b"x" * 256 * 1024
    async with (
        calling(shipped.engine_door, "engine") as engine,
        calling(shipped.door(D1), "kanazawa.d1") as device,
        calling(shipped.door(D2), "kanazawa.d2") as other,
    ):
        await engine.hear("snow/v1/+/+/log")
        await device.say("snow/v1/kanazawa/d1/log", largest)
        await until(lambda: engine.payloads == [largest])
        await other.say("snow/v1/kanazawa/d2/log", largest + b"x" * 100_000)
        assert other.lost
        await device.say("snow/v1/kanazawa/d1/log", b"small")
        await until(lambda: len(engine.heard) > 1)
        assert engine.payloads == [largest, b"small"]
