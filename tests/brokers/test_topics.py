"""Who may say and hear what: a device its own, the engine of all devices, and nobody anything else.

MQTT 3.1.1 has no word for a publication that is refused: that it was is seen from what others hear. Whoever should hear
nothing is told something rightful afterwards, by which time what was forged would have come.
"""

import aiomqtt
import pytest

from tests.brokers.callers import calling, cut
from tests.brokers.shipped import D1, D2, ShippedBroker
from tests.services.waiting import until

pytestmark = pytest.mark.anyio

OF_DEVICES = ("up", "log", "status", "ack")
OF_THE_ENGINE = ("durable", "down")
OTHERS = [
    *(f"snow/v1/kanazawa/d1/{what}" for what in (*OF_DEVICES, *OF_THE_ENGINE)),
    *(f"snow/v1/kanazawa/d2/{what}" for what in OF_THE_ENGINE),
    "snow/v1/hakusan/d2/up",
    "snow/v1/kanazawa/d2/up/more",
    "snow/v1/kanazawa/d2",
    "snow-live/v1/delta",
    "$MQTT/msgs/snow/v1/kanazawa/d1/up",
    "$MQTT/rmsgs",
    "$JS/API/STREAM/DELETE/$MQTT_msgs",
    "$SYS/broker/uptime",
]


async def test_a_device_is_heard_and_hears_its_answers(shipped: ShippedBroker) -> None:
    async with calling(shipped.engine_door, "engine") as engine, calling(shipped.door(D1), "kanazawa.d1") as device:
        assert all(await engine.hear(*(f"snow/v1/+/+/{what}" for what in OF_DEVICES)))
        assert all(await device.hear(*(f"snow/v1/kanazawa/d1/{what}" for what in OF_THE_ENGINE)))
        for what in OF_DEVICES:
            await device.say(f"snow/v1/kanazawa/d1/{what}", what.encode())
        for what in OF_THE_ENGINE:
            await engine.say(f"snow/v1/kanazawa/d1/{what}", what.encode(), retain=True)
        await until(lambda: len(engine.heard) == len(OF_DEVICES) and len(device.heard) == len(OF_THE_ENGINE))
        assert set(engine.heard) == {(f"snow/v1/kanazawa/d1/{what}", what.encode(), False) for what in OF_DEVICES}
        assert {topic for topic, _, _ in device.heard} == {f"snow/v1/kanazawa/d1/{what}" for what in OF_THE_ENGINE}


@pytest.mark.parametrize("topic", OTHERS)
async def test_what_a_device_says_where_it_must_not_reaches_nobody(shipped: ShippedBroker, topic: str) -> None:
    async with (
        calling(shipped.engine_door, "engine") as engine,
        calling(shipped.door(D1), "kanazawa.d1") as victim,
        calling(shipped.door(D2), "kanazawa.d2") as forger,
    ):
        assert all(await engine.hear(*(f"snow/v1/+/+/{what}" for what in OF_DEVICES), "snow-live/v1/#"))
        assert all(await victim.hear(*(f"snow/v1/kanazawa/d1/{what}" for what in OF_THE_ENGINE)))
        await forger.say(topic, b"forged", qos=1)
        if shipped.kind == "mosquitto":
            await until(lambda: forger.lost)
        await victim.say("snow/v1/kanazawa/d1/up", b"own")
        await engine.say("snow/v1/kanazawa/d1/down", b"order")
        await engine.say("snow-live/v1/ingest", b"news")
        await until(lambda: len(engine.heard) > 1 and victim.heard)
        assert sorted(engine.payloads) == [b"news", b"own"]
        assert victim.payloads == [b"order"]


@pytest.mark.parametrize("topic", OTHERS)
async def test_it_reaches_nobody_either_when_nobody_acknowledges_it(shipped: ShippedBroker, topic: str) -> None:
    """Quality of service 0 goes another way through NATS."""
    async with (
        calling(shipped.engine_door, "engine") as engine,
        calling(shipped.door(D1), "kanazawa.d1") as victim,
        calling(shipped.door(D2), "kanazawa.d2") as forger,
    ):
        await engine.hear(*(f"snow/v1/+/+/{what}" for what in OF_DEVICES), "snow-live/v1/#")
        await victim.hear(*(f"snow/v1/kanazawa/d1/{what}" for what in OF_THE_ENGINE))
        await forger.say(topic, b"forged", qos=0)
        # What the same connection says next comes behind it, if the connection is still there.
        await forger.say("snow/v1/kanazawa/d2/up", b"next")
        await victim.say("snow/v1/kanazawa/d1/up", b"own")
        await engine.say("snow/v1/kanazawa/d1/down", b"order")
        await until(lambda: b"own" in engine.payloads and victim.heard)
        assert b"forged" not in engine.payloads
        assert victim.payloads == [b"order"]


@pytest.mark.parametrize(
    "topic",
    [
        "#",
        "+/#",
        "snow/#",
        "snow/v1/+/+/durable",
        "snow/v1/kanazawa/+/down",
        "snow/v1/kanazawa/d1/#",
        "snow/v1/kanazawa/d1/durable",
        "snow/v1/kanazawa/d1/down",
        "snow/v1/kanazawa/d1/up",
        "snow-live/v1/#",
        "$MQTT/#",
        "$MQTT/sub/#",
        "$MQTT/msgs/#",
        "$JS/#",
        "$SYS/#",
    ],
)
async def test_a_device_hears_nothing_of_others(shipped: ShippedBroker, topic: str) -> None:
    async with (
        calling(shipped.engine_door, "engine") as engine,
        calling(shipped.door(D1), "kanazawa.d1") as other,
        calling(shipped.door(D2), "kanazawa.d2") as curious,
    ):
        await engine.say("snow/v1/kanazawa/d1/durable", b"kept", retain=True)
        granted = await curious.hear(topic)
        # Mosquitto grants it and then sends nothing; NATS says at once that it will not.
        assert granted == [shipped.kind == "mosquitto"]
        assert all(await curious.hear("snow/v1/kanazawa/d2/down"))
        await engine.hear("snow/v1/+/+/up")
        await engine.say("snow/v1/kanazawa/d1/durable", b"confirmed", retain=True)
        await engine.say("snow/v1/kanazawa/d1/down", b"order")
        await engine.say("snow-live/v1/delta", b"news")
        await other.say("snow/v1/kanazawa/d1/up", b"live")
        await until(lambda: engine.heard)
        await engine.say("snow/v1/kanazawa/d2/down", b"mine")
        await until(lambda: b"mine" in curious.payloads)
        assert set(curious.payloads) == {b"mine"}


async def test_the_engine_speaks_live_for_devices_and_not_otherwise(shipped: ShippedBroker) -> None:
    async with (
        calling(shipped.engine_door, "engine") as engine,
        calling(shipped.engine_door, "forger") as forger,
        calling(shipped.door(D1), "kanazawa.d1") as device,
    ):
        await engine.hear(*(f"snow/v1/+/+/{what}" for what in OF_DEVICES))
        await forger.say("snow/v1/kanazawa/d1/log", b"forged")
        await forger.say("snow/v1/kanazawa/d1/status", b"forged")
        await device.say("snow/v1/kanazawa/d1/log", b"own")
        await until(lambda: engine.heard)
        assert engine.payloads == [b"own"]


async def test_the_will_of_a_device_that_is_killed_is_heard_and_kept(shipped: ShippedBroker) -> None:
    status = "snow/v1/kanazawa/d1/status"
    will = aiomqtt.Will(status, b"offline", 1, retain=True)
    async with calling(shipped.engine_door, "engine") as engine:
        await engine.hear("snow/v1/+/+/status")
        async with calling(shipped.door(D1), "kanazawa.d1", will=will) as device:
            await device.say(status, b"online", retain=True)
            await until(lambda: engine.heard)
            await cut(device)
        await until(lambda: len(engine.heard) > 1)
        assert engine.payloads == [b"online", b"offline"]
    shipped.running.restart()
    async with calling(shipped.engine_door, "another") as later:
        await later.hear("snow/v1/+/+/status")
        await until(lambda: later.heard)
        assert later.heard == [(status, b"offline", True)]


async def test_a_will_in_another_s_name_is_not_executed(shipped: ShippedBroker) -> None:
    status = "snow/v1/kanazawa/d1/status"
    will = aiomqtt.Will(status, b"forged", 1, retain=True)
    async with (
        calling(shipped.engine_door, "engine") as engine,
        calling(shipped.door(D1), "kanazawa.d1") as victim,
    ):
        await engine.hear("snow/v1/+/+/status")
        await victim.say(status, b"online", retain=True)
        async with calling(shipped.door(D2), "kanazawa.d2", will=will) as forger:
            await cut(forger)
        # Its own will of the next life comes when the broker has seen to the first.
        own = aiomqtt.Will("snow/v1/kanazawa/d2/status", b"own", 1, retain=True)
        async with calling(shipped.door(D2), "kanazawa.d2", will=own) as forger:
            await cut(forger)
        await until(lambda: b"own" in engine.payloads)
        assert engine.payloads == [b"online", b"own"]
    async with calling(shipped.engine_door, "another") as later:
        await later.hear("snow/v1/+/+/status")
        await until(lambda: len(later.heard) > 1)
        assert {payload for topic, payload, _ in later.heard if topic == status} == {b"online"}


@pytest.mark.parametrize("qos", [0, 1])
@pytest.mark.parametrize("payload", [b"forged", b""])
async def test_what_is_kept_for_a_device_is_not_replaced_by_another(
    shipped: ShippedBroker, payload: bytes, qos: int
) -> None:
    durable = "snow/v1/kanazawa/d1/durable"
    async with calling(shipped.engine_door, "engine") as engine:
        await engine.say(durable, b"confirmed", retain=True)
        async with calling(shipped.door(D2), "kanazawa.d2") as forger:
            await forger.say(durable, payload, qos=qos, retain=True)
            await forger.say("snow/v1/kanazawa/d2/up", b"next")
    async with calling(shipped.door(D1), "kanazawa.d1") as device:
        await device.hear(durable)
        await until(lambda: device.heard)
        assert device.heard == [(durable, b"confirmed", True)]
