"""What is gained by calling oneself by another's client id."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from snowtrack.sources.mqtt import MqttSource
from snowtrack.sources.source import Limits
from tests.brokers.callers import LET_IN, calling, knock
from tests.brokers.shipped import D1, D2, ShippedBroker
from tests.services.waiting import until
from tests.sources.test_mqtt_source import leave, take

pytestmark = pytest.mark.anyio


async def test_on_mosquitto_a_device_cannot_take_over_another_s_session(mosquitto_shipped: ShippedBroker) -> None:
    shipped = mosquitto_shipped
    async with calling(shipped.engine_door, "engine") as engine:
        async with calling(shipped.door(D1), "kanazawa.d1", clean=False) as victim:
            await victim.hear("snow/v1/kanazawa/d1/down")
            assert knock(shipped.door(D2), "kanazawa.d1") == LET_IN
            await engine.say("snow/v1/kanazawa/d1/down", b"first")
            await until(lambda: victim.heard)
            assert not victim.lost
        await engine.say("snow/v1/kanazawa/d1/down", b"while away")
        # It comes with a clean session, which would be the end of the other's.
        assert knock(shipped.door(D2), "kanazawa.d1") == LET_IN
        async with calling(shipped.door(D1), "whatever it says", clean=False) as victim:
            await until(lambda: victim.payloads == [b"while away"])


async def test_on_mosquitto_a_device_cannot_take_over_the_engine_s_session(mosquitto_shipped: ShippedBroker) -> None:
    shipped = mosquitto_shipped
    async with calling(shipped.engine_door, "snowtrack.ingest.live", clean=False) as engine:
        await engine.hear("snow/v1/+/+/up")
        assert knock(shipped.door(D2), "snowtrack.ingest.live") == LET_IN
        async with calling(shipped.door(D1), "kanazawa.d1") as device:
            await device.say("snow/v1/kanazawa/d1/up", b"own")
        await until(lambda: engine.heard)
        assert not engine.lost


async def test_on_nats_who_takes_over_a_session_hears_and_says_nothing_of_its_owner(
    nats_shipped: ShippedBroker,
) -> None:
    """NATS before 2.11.15 lets any certificate use any client id; docs/brokers.md says what that can do."""
    shipped = nats_shipped
    async with calling(shipped.engine_door, "engine") as engine:
        await engine.hear("snow/v1/+/+/up")
        async with calling(shipped.door(D1), "kanazawa.d1", clean=False) as victim:
            await victim.hear("snow/v1/kanazawa/d1/down", "snow/v1/kanazawa/d1/durable")
        await engine.say("snow/v1/kanazawa/d1/down", b"order", retain=True)
        async with calling(shipped.door(D2), "kanazawa.d1", clean=False) as forger:
            await engine.say("snow/v1/kanazawa/d1/durable", b"confirmed", retain=True)
            await forger.say("snow/v1/kanazawa/d1/up", b"forged")
            assert await forger.hear("snow/v1/kanazawa/d1/down") == [False]
            await forger.hear("snow/v1/kanazawa/d2/down")
            await engine.say("snow/v1/kanazawa/d2/down", b"mine")
            await until(lambda: forger.heard)
            assert forger.payloads == [b"mine"]
        async with calling(shipped.door(D1), "kanazawa.d1", clean=False) as victim:
            await victim.say("snow/v1/kanazawa/d1/up", b"own")
            await until(lambda: engine.heard and {b"order", b"confirmed"} <= set(victim.payloads))
        assert engine.payloads == [b"own"]


@asynccontextmanager
async def ingesting(shipped: ShippedBroker, client_id: str) -> AsyncIterator[MqttSource]:
    source = MqttSource(shipped.engine_door, client_id, Limits(100, 100))
    source.start()
    try:
        await until(lambda: source.refusal is None)
        yield source
    finally:
        await leave(source)


async def test_two_ingests_with_ids_of_their_own_do_not_disturb_each_other(shipped: ShippedBroker) -> None:
    async with (
        ingesting(shipped, "snowtrack.one") as one,
        ingesting(shipped, "snowtrack.two") as two,
        calling(shipped.door(D1), "kanazawa.d1") as device,
    ):
        for number in range(5):
            await device.say("snow/v1/kanazawa/d1/up", b"%d" % number)
        async with asyncio.timeout(10):
            assert {*await take(one, 5)} == {*await take(two, 5)} == {b"%d" % number for number in range(5)}
        connections = [session.connection for source in (one, two) for session in source.sessions]
        assert connections == [0, 0, 0, 0]
