"""A session that only speaks, and that has more than one address to call."""

import asyncio
from dataclasses import replace

import pytest

from snowtrack.sources.packets import Published
from snowtrack.sources.session import Receipt, Session, Window
from tests.mosquitto import RunningBroker
from tests.ports import free_port
from tests.services.waiting import until
from tests.sources.publisher import publishing

pytestmark = pytest.mark.anyio
TOPIC = "snow/v1/kanazawa/d1/durable"


def nobody(_message: Published, _receipt: Receipt, _received_us: int) -> bool:
    return False


async def test_it_calls_the_next_address_when_one_does_not_answer_and_says_what_is_kept(
    mosquitto: RunningBroker,
) -> None:
    addresses = (replace(mosquitto.address, port=free_port()), mosquitto.address)
    session = Session(addresses, "speaker", (), Window(1, 1), nobody, lasting=False)
    session.start()
    try:
        assert not session.say(TOPIC, b"before it is connected")
        await until(lambda: session.refusal is None)
        assert session.address == mosquitto.address
        assert session.say(TOPIC, b"kept")
        heard: list[tuple[bytes, bool]] = []
        with publishing(mosquitto.address) as listener:
            listener.client.on_message = lambda _client, _data, message: heard.append(
                (bytes(message.payload), message.retain)
            )
            async with asyncio.timeout(10):
                while (b"kept", True) not in heard:
                    listener.client.subscribe(TOPIC, 1)
                    await asyncio.sleep(0.05)
        assert session.unsaid == 1
    finally:
        await session.stop()
