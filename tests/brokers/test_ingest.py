"""The engine with its certificate, from the settings to the broker."""

import asyncio
from typing import Any

import pytest

from snowtrack.background import running
from snowtrack.live.bus import Bus, News
from snowtrack.model.ids import DeviceId
from snowtrack.settings import as_environment, load_settings
from tests.brokers.callers import calling
from tests.brokers.shipped import D1, HOST, ShippedBroker
from tests.services.waiting import until
from tests.sources.test_mqtt_source import listening, take

pytestmark = pytest.mark.anyio


def settings_flags(shipped: ShippedBroker) -> list[str]:
    engine = shipped.register.folder / "engine"
    return [
        f"broker.url=mqtts://{HOST}:{shipped.engine_port}",
        f"broker.ca={engine / 'ca.pem'}",
        f"broker.certificate={engine / 'certificate.pem'}",
        f"broker.key={engine / 'key.pem'}",
    ]


async def test_ingest_hears_a_device_and_answers_it(shipped: ShippedBroker) -> None:
    settings = load_settings(environment={"SNOWTRACK_CONFIG": ""}, flags=settings_flags(shipped))
    # As `up` hands them to its services.
    address = load_settings(environment=as_environment(settings)).broker_address
    async with listening(address) as source, calling(shipped.door(D1), "kanazawa.d1") as device:
        await device.hear("snow/v1/kanazawa/d1/durable")
        await device.say("snow/v1/kanazawa/d1/up", b"live")
        async with asyncio.timeout(10):
            assert await take(source, 1) == [b"live"]
        await device.say("snow/v1/kanazawa/d1/log", b"backlog")
        async with asyncio.timeout(10):
            assert await take(source, 1) == [b"backlog"]
        source.tell_durable({DeviceId("kanazawa", "d1"): [{"boot": 1, "seq": 2}]})
        await until(lambda: device.payloads == [b'[{"boot":1,"seq":2}]'])


async def test_our_services_hear_each_other_s_news(shipped: ShippedBroker) -> None:
    address = load_settings(environment={"SNOWTRACK_CONFIG": ""}, flags=settings_flags(shipped)).broker_address
    heard: list[tuple[News, dict[str, Any]]] = []

    async def hear(news: News, content: dict[str, Any]) -> None:
        heard.append((news, content))

    listener, speaker = Bus([address], name="listener", listener=hear), Bus([address], name="speaker")
    async with running(listener.run(), speaker.run()):
        await until(lambda: listener.connected and speaker.connected)
        while not heard:
            speaker.say(News.DELTA, {"number": 7})
            await asyncio.sleep(0.05)
    assert heard[0] == (News.DELTA, {"number": 7})
