"""News between processes over a real broker: nobody waits, nobody falls, and what is too old is dropped."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from snowtrack.background import running
from snowtrack.live.bus import QUEUED_MAX, Bus, News
from tests.mosquitto import RunningBroker
from tests.services.waiting import until
from tests.sources.publisher import publishing

pytestmark = pytest.mark.anyio
WITHIN_S = 20.0
Heard = list[tuple[News, dict[str, Any]]]


@asynccontextmanager
async def listening(broker: RunningBroker, heard: Heard, name: str = "api") -> AsyncIterator[Bus]:
    """A bus that surely hears: what it says itself has come back."""

    async def listen(news: News, content: dict[str, Any]) -> None:
        if content == {"unreadable": 1}:
            raise KeyError("missing")
        heard.append((news, content))

    bus = Bus(addresses=[broker.address], name=name, listener=listen)
    async with running(bus.run()):
        await hears(bus, heard)
        yield bus


async def hears(bus: Bus, heard: Heard) -> None:
    heard.clear()

    def echoed() -> bool:
        bus.say(News.INGEST, {"mark": bus.name})
        return bool(heard)

    await until(echoed)
    await until(lambda: not bus.queue)
    heard.clear()


def deltas(heard: Heard) -> list[int]:
    return [content["number"] for news, content in heard if news is News.DELTA]


async def test_news_of_every_kind_reach_every_listener(broker: RunningBroker) -> None:
    one: Heard = []
    other: Heard = []
    async with listening(broker, one), listening(broker, other):
        speaker = Bus(addresses=[broker.address], name="fold-news")
        said = [(news, {"number": at, "text": "雪"}) for at, news in enumerate(News)]
        for news, content in said:
            speaker.say(news, content)
        async with running(speaker.run()):
            for heard in (one, other):
                await until(lambda heard=heard: all(item in heard for item in said))  # type: ignore[misc]


async def test_several_of_one_name_do_not_throw_one_another_out(mosquitto: RunningBroker) -> None:
    """Two folds, of which one waits, or two API processes."""
    one: Heard = []
    other: Heard = []
    async with listening(mosquitto, one, "api") as first, listening(mosquitto, other, "api"):
        for number in range(50):
            first.say(News.DELTA, {"number": number})
        await until(lambda: len(deltas(one)) == len(deltas(other)) == 50)
    assert "already connected" not in (mosquitto.folder / "broker.log").read_text()


async def test_what_is_said_without_a_connection_is_sent_later_and_the_oldest_is_dropped(
    mosquitto: RunningBroker,
) -> None:
    heard: Heard = []
    async with listening(mosquitto, heard):
        speaker = Bus(addresses=[mosquitto.address], name="fold-news")
        for number in range(QUEUED_MAX + 7):
            speaker.say(News.DELTA, {"number": number})
        assert speaker.dropped == 7
        async with running(speaker.run()):
            await until(lambda: len(deltas(heard)) == QUEUED_MAX)
    assert deltas(heard) == list(range(7, QUEUED_MAX + 7))


async def test_a_broker_that_starts_again_is_found_again(mosquitto: RunningBroker) -> None:
    heard: Heard = []
    speaker = Bus(addresses=[mosquitto.address], name="fold-news")
    async with running(speaker.run()), listening(mosquitto, heard) as listener:
        await until(lambda: speaker.connected)
        await asyncio.to_thread(mosquitto.stop)
        await until(lambda: not listener.connected)
        speaker.say(News.DELTA, {"number": 1})
        await until(lambda: not speaker.connected)
        await asyncio.to_thread(mosquitto.start)
        await hears(listener, heard)
        for number in (2, 3):
            speaker.say(News.DELTA, {"number": number})
        await until(lambda: deltas(heard)[-2:] == [2, 3])


async def test_what_waits_in_the_queue_is_sent_without_another_word(mosquitto: RunningBroker) -> None:
    """After a break in the middle of the queue, the rest of it does not wait for the next news."""
    heard: Heard = []
    async with listening(mosquitto, heard):
        speaker = Bus(addresses=[mosquitto.address], name="fold-news")
        speaker.say(News.DELTA, {"number": 1})
        speaker.filled.clear()
        async with running(speaker.run()):
            await until(lambda: deltas(heard) == [1])


async def test_news_that_are_none_are_passed_by(mosquitto: RunningBroker) -> None:
    heard: Heard = []
    async with listening(mosquitto, heard) as bus:
        with publishing(mosquitto.address) as stranger:
            for topic, payload in [
                ("heads", b""),
                ("delta", b"{"),
                ("delta", b"[1]"),
                ("fold", b"7"),
                ("ingest", b"null"),
                ("ingest", b'"text"'),
                ("ingest", b'{"unreadable": 1}'),
                ("delta", b"\xff\xfe"),
                ("gossip", b"{}"),
                ("delta/more", b"{}"),
            ]:
                await asyncio.to_thread(
                    stranger.client.publish(f"snow-live/v1/{topic}", payload, qos=1).wait_for_publish, WITHIN_S
                )
        bus.say(News.DELTA, {"number": 1})
        await until(lambda: heard)
    assert heard == [(News.DELTA, {"number": 1})]
