"""How far ahead of acknowledgements brokers send is found out as it is."""

from pathlib import Path

import aiomqtt
import pytest

from snowtrack.sources.window import window_of
from tests.mosquitto import mosquitto_in

pytestmark = pytest.mark.anyio
TOPIC = "snow-live/v1/window"


@pytest.mark.parametrize(
    ("lines", "window"),
    [
        ((), 20),
        (("max_inflight_messages 1",), 1),
        (("max_inflight_messages 150", "max_queued_messages 0"), 150),
        (("max_inflight_messages 60000", "max_queued_messages 0"), 300),
    ],
    ids=["as shipped", "one", "some", "more than wanted"],
)
async def test_the_window_is_what_the_broker_was_told(tmp_path: Path, lines: tuple[str, ...], window: int) -> None:
    broker = mosquitto_in(tmp_path / "mosquitto", *lines)
    broker.start()
    try:
        async with aiomqtt.Client(broker.address.host, broker.address.port) as publisher:
            assert await window_of(broker.address, publisher, TOPIC, 300) == window
    finally:
        broker.stop()
