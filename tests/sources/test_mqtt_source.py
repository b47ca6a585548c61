"""Messages from a real broker: in batches, live first, again when they were not committed, and never too many."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from snowtrack.addresses import BrokerAddress, parse_broker
from snowtrack.model.ids import DeviceId
from snowtrack.model.topics import Channel
from snowtrack.nmea.unpack import PAYLOAD_BYTES_MAX
from snowtrack.sources.mqtt import MqttSource
from snowtrack.sources.session import PACKET_BYTES_MAX
from snowtrack.sources.source import Delivery, Limits
from tests.mosquitto import RunningBroker, mosquitto_in
from tests.ports import free_port
from tests.services.waiting import until
from tests.sources.publisher import Publisher, publishing

pytestmark = pytest.mark.anyio
WITHIN_S = 20.0
RMC = b"$GPRMC,\r\n"


@asynccontextmanager
async def listening(
    address: BrokerAddress, *, live_max: int = 100, backlog_max: int = 100
) -> AsyncIterator[MqttSource]:
    source = MqttSource(address, "test", Limits(live_max, backlog_max))
    source.start()
    try:
        await until(lambda: source.refusal is None)
        yield source
    finally:
        await leave(source)


async def leave(source: MqttSource) -> None:
    async with asyncio.timeout(5):
        await source.stop()


async def batch(source: MqttSource, *, batch_s: float = 0.05, fixes_max: int = 1_000) -> list[Delivery]:
    """The next one that is not empty."""
    async with asyncio.timeout(WITHIN_S):
        while not (taken := await source.batch(batch_s=batch_s, fixes_max=fixes_max, idle_s=0.1)):
            pass
    return taken


def reopen(source: MqttSource) -> None:
    """As when connections are lost: the broker sends again what was not settled."""
    for session in source.sessions:
        session.reopen()


async def take(source: MqttSource, count: int) -> list[bytes]:
    """So many messages, settled as they come."""
    payloads: list[bytes] = []
    while len(payloads) < count:
        for delivery in await batch(source, fixes_max=1):
            payloads.append(delivery.payload)
            source.settle([delivery])
    return payloads


async def acknowledged(source: MqttSource, publisher: Publisher) -> None:
    """Until the broker has had what was settled: what is told after it has come back from there."""
    heard = asyncio.Event()
    loop = asyncio.get_running_loop()

    def hear(*_: object) -> None:
        loop.call_soon_threadsafe(heard.set)

    publisher.client.on_message = hear
    publisher.client.subscribe("snow/v1/+/+/durable", 1)
    async with asyncio.timeout(WITHIN_S):
        while not heard.is_set():
            source.tell_durable({DeviceId("test", "test"): [{"boot": 1, "seq": 1}]})
            await asyncio.sleep(0.02)


def numbered(count: int, start: int = 0) -> list[bytes]:
    return [b"%d" % number for number in range(start, start + count)]


@pytest.fixture
def publisher(broker: RunningBroker) -> Iterator[Publisher]:
    with publishing(broker.address) as publisher:
        yield publisher


@pytest.fixture
def own(mosquitto: RunningBroker) -> Iterator[Publisher]:
    with publishing(mosquitto.address) as publisher:
        yield publisher


async def test_messages_come_with_their_device_channel_and_bytes(broker: RunningBroker, publisher: Publisher) -> None:
    async with listening(broker.address) as source:
        await asyncio.to_thread(publisher.say, "up", b"\x00\xff", "kanazawa/d-1_A")
        await asyncio.to_thread(publisher.say, "status", b"{}", "hakusan/d2")
        await asyncio.to_thread(publisher.say, "log", b"")
        found: dict[Channel, tuple[DeviceId, bytes]] = {}
        while len(found) < 3:
            for delivery in await batch(source):
                found[delivery.channel] = (delivery.device, delivery.payload)
                source.settle([delivery])
    assert found == {
        Channel.UP: (DeviceId("kanazawa", "d-1_A"), b"\x00\xff"),
        Channel.STATUS: (DeviceId("hakusan", "d2"), b"{}"),
        Channel.LOG: (DeviceId("kanazawa", "d1"), b""),
    }


async def test_a_batch_closes_when_its_time_is_over(mosquitto: RunningBroker, own: Publisher) -> None:
    async with listening(mosquitto.address) as source:
        await asyncio.to_thread(own.say, "up", b"first")
        await until(lambda: source.waiting)
        taking = asyncio.create_task(source.batch(batch_s=0.5, fixes_max=1_000, idle_s=1))
        await asyncio.to_thread(own.say, "up", b"second")
        assert [delivery.payload for delivery in await taking] == [b"first", b"second"]
        assert await source.batch(batch_s=0.05, fixes_max=1_000, idle_s=0.05) == []


async def test_a_batch_closes_when_it_is_full(mosquitto: RunningBroker, own: Publisher) -> None:
    async with listening(mosquitto.address) as source:
        for payload in (RMC * 3, RMC * 2, RMC, b""):
            await asyncio.to_thread(own.say, "log", payload)
        await until(lambda: source.waiting == 4)
        sizes = [len(await batch(source, batch_s=WITHIN_S, fixes_max=maximum)) for maximum in (4, 1, 1)]
    assert sizes == [2, 1, 1]


async def test_live_messages_go_before_backlog(mosquitto: RunningBroker, own: Publisher) -> None:
    async with listening(mosquitto.address) as source:
        for at in range(5):
            await asyncio.to_thread(own.say, "log", b"log %d" % at)
        for at in range(5):
            await asyncio.to_thread(own.say, "up", b"up %d" % at)
        await until(lambda: source.waiting == 10)
        taken = [delivery.payload for delivery in await batch(source)]
    assert taken == [*(b"up %d" % at for at in range(5)), *(b"log %d" % at for at in range(5))]


async def test_backlog_that_is_not_wanted_waits_and_what_is_live_comes(
    mosquitto: RunningBroker, own: Publisher
) -> None:
    async with listening(mosquitto.address) as source:
        await asyncio.to_thread(own.say, "log", b"old")
        await until(lambda: source.waiting == 1)
        assert await source.batch(batch_s=0.05, fixes_max=10, idle_s=0.1, backlog=False) == []
        await asyncio.to_thread(own.say, "up", b"new")
        await until(lambda: source.waiting == 2)
        live = await source.batch(batch_s=0.05, fixes_max=10, idle_s=0.1, backlog=False)
        assert [one.payload for one in live] == [b"new"]
        assert [one.payload for one in await batch(source)] == [b"old"]


async def test_a_full_window_of_backlog_does_not_hold_up_what_is_live(mosquitto: RunningBroker, own: Publisher) -> None:
    async with listening(mosquitto.address, backlog_max=2) as source:
        for payload in numbered(30):
            await asyncio.to_thread(own.say, "log", payload)
        await until(lambda: len(source.backlog) == 2)
        await asyncio.to_thread(own.say, "up", b"live")
        await until(lambda: source.live)
        assert (await batch(source))[0].payload == b"live"


async def test_what_was_not_committed_comes_again_and_the_rest_does_not(
    mosquitto: RunningBroker, own: Publisher
) -> None:
    async with listening(mosquitto.address) as source:
        for payload in numbered(6):
            await asyncio.to_thread(own.say, "up", payload)
        await until(lambda: source.waiting == 6)
        for at, delivery in enumerate(await batch(source)):
            if at < 4:
                source.settle([delivery])
        await acknowledged(source, own)
        reopen(source)
        assert sorted(await take(source, 2)) == [b"4", b"5"]
        await asyncio.to_thread(own.say, "up", b"last")
        assert await take(source, 1) == [b"last"]


async def test_what_a_process_left_unsettled_comes_to_the_next_one(mosquitto: RunningBroker, own: Publisher) -> None:
    async with listening(mosquitto.address) as source:
        for payload in numbered(6):
            await asyncio.to_thread(own.say, "up", payload)
        assert await take(source, 4) == numbered(4)
        await acknowledged(source, own)
    for payload in numbered(3, start=6):
        await asyncio.to_thread(own.say, "up", payload)
    async with listening(mosquitto.address) as source:
        assert await take(source, 5) == numbered(5, start=4)


async def test_a_word_about_an_earlier_connection_settles_nothing_on_this_one(
    mosquitto: RunningBroker, own: Publisher
) -> None:
    async with listening(mosquitto.address) as source:
        await asyncio.to_thread(own.say, "up", b"x")
        (delivery,) = await batch(source)
        reopen(source)
        await until(lambda: source.sessions[0].refusal is not None)
        source.settle([delivery])
        await until(lambda: source.refusal is None)
        assert await take(source, 1) == [b"x"]


async def test_the_same_holds_however_often_and_whenever_it_is_reopened(
    mosquitto: RunningBroker, own: Publisher
) -> None:
    """Reopened in the middle of the stream, at any moment: all come, and the source lives on."""
    wanted = set(numbered(300))
    got: set[bytes] = set()

    async def publish() -> None:
        for payload in numbered(300):
            await asyncio.to_thread(own.say, "up", payload)

    async with listening(mosquitto.address) as source:
        publishing_all = asyncio.create_task(publish())
        batches = 0
        while got < wanted:
            for delivery in await batch(source, batch_s=0.02):
                got.add(delivery.payload)
                source.settle([delivery])
            batches += 1
            if batches % 3 == 0 and batches < 10:
                reopen(source)
        await publishing_all


@pytest.fixture
def unbounded(tmp_path: Path) -> Iterator[RunningBroker]:
    """A broker that sends all it has at once, so that the bound is ours."""
    broker = mosquitto_in(tmp_path / "unbounded", "max_inflight_messages 0", "max_queued_messages 0")
    broker.start()
    yield broker
    broker.stop()


async def test_a_full_window_stops_reading_and_nothing_is_lost(unbounded: RunningBroker) -> None:
    with publishing(unbounded.address) as publisher:
        async with listening(unbounded.address, live_max=5) as source:
            for payload in numbered(400):
                await asyncio.to_thread(publisher.say, "up", payload + b" " * 1_000)
            await until(lambda: len(source.live) == 5)
            taken: list[bytes] = []
            while len(taken) < 400:
                deliveries = await batch(source, fixes_max=3)
                assert len(source.live) + len(deliveries) <= 5
                taken.extend(delivery.payload.strip() for delivery in deliveries)
                for delivery in deliveries:
                    source.settle([delivery])
    assert taken == numbered(400)


async def test_a_source_with_a_full_window_can_be_stopped_and_reopened(unbounded: RunningBroker) -> None:
    with publishing(unbounded.address) as publisher:
        async with listening(unbounded.address, live_max=2) as source:
            for payload in numbered(20):
                await asyncio.to_thread(publisher.say, "up", payload)
            await until(lambda: len(source.live) == 2)
            reopen(source)
            taken: set[bytes] = set()
            while len(taken) < 20:
                taken.update(await take(source, 1))
            for payload in numbered(20):
                await asyncio.to_thread(publisher.say, "up", payload)
            await until(lambda: len(source.live) == 2)


async def test_strangers_are_counted_and_not_heard_again(mosquitto: RunningBroker, own: Publisher) -> None:
    async with listening(mosquitto.address) as source:
        live = source.sessions[0]
        for device in ("a b/c", "雪/c", f"{'x' * 65}/c", "a/c.d"):
            await asyncio.to_thread(own.say, "up", b"x", device)
        await until(lambda: live.strangers == 4)
        reopen(source)
        await until(lambda: source.sessions[0].refusal is not None)
        await until(lambda: source.refusal is None)
        await asyncio.to_thread(own.say, "up", b"ours")
        assert await take(source, 1) == [b"ours"]
        assert live.strangers == 4


async def test_of_a_message_that_is_too_large_the_beginning_comes_once(
    mosquitto: RunningBroker, own: Publisher
) -> None:
    async with listening(mosquitto.address) as source:
        for payload in (b"before", b"x" * 3_000_000, b"after"):
            await asyncio.to_thread(own.say, "up", payload)
        before, large, after = await take(source, 3)
        assert (before, after) == (b"before", b"after")
        assert PAYLOAD_BYTES_MAX < len(large) < 2 * PACKET_BYTES_MAX
        await acknowledged(source, own)
        reopen(source)
        await asyncio.to_thread(own.say, "up", b"last")
        assert await take(source, 1) == [b"last"]


async def test_who_speaks_otherwise_than_a_broker_is_left_and_called_again() -> None:
    calls = 0

    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        writer.write(b"\x30\xff\xff\xff\xff\x01")
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", port := free_port())
    source = MqttSource(parse_broker(f"mqtt://127.0.0.1:{port}"), "test", Limits(5, 5))
    source.start()
    try:
        await until(lambda: calls > 4)
        assert source.refusal == "the broker sent a length of more than four bytes"
    finally:
        await leave(source)
        server.close()
        await server.wait_closed()


async def test_messages_without_a_guarantee_are_taken_too(mosquitto: RunningBroker, own: Publisher) -> None:
    async with listening(mosquitto.address) as source:
        await asyncio.to_thread(own.say, "up", b"x", qos=0)
        assert await take(source, 1) == [b"x"]


async def test_a_broker_that_starts_again_is_found_again(mosquitto: RunningBroker) -> None:
    async with listening(mosquitto.address) as source:
        await asyncio.to_thread(mosquitto.stop)
        await until(lambda: source.refusal is not None)
        await asyncio.to_thread(mosquitto.start)
        await until(lambda: source.refusal is None)
        with publishing(mosquitto.address) as publisher:
            await asyncio.to_thread(publisher.say, "up", b"after")
            assert await take(source, 1) == [b"after"]


async def test_a_broker_that_comes_later_is_waited_for_and_one_that_never_does_can_be_left(tmp_path: Path) -> None:
    broker = mosquitto_in(tmp_path / "later")
    source = MqttSource(broker.address, "test", Limits(5, 5))
    source.start()
    try:
        assert source.refusal == "not connected yet"
        reopen(source)
        await asyncio.to_thread(broker.start)
        await until(lambda: source.refusal is None)
        await asyncio.to_thread(broker.stop)
        await until(lambda: source.refusal is not None)
    finally:
        await leave(source)


async def test_what_is_durable_is_told_on_the_device_s_topic_and_retained(
    mosquitto: RunningBroker, own: Publisher
) -> None:
    async with listening(mosquitto.address) as source:
        source.tell_durable({DeviceId("kanazawa", "d1"): [{"boot": 1, "seq": 1}]})
        heard: list[tuple[str, bytes, bool]] = []
        own.client.on_message = lambda _client, _data, message: heard.append(
            (message.topic, bytes(message.payload), message.retain)
        )
        async with asyncio.timeout(WITHIN_S):
            while not any(retained for _, _, retained in heard):
                own.client.subscribe("snow/v1/+/+/durable", 1)
                await asyncio.sleep(0.02)
    assert {(topic, payload) for topic, payload, _ in heard} == {
        ("snow/v1/kanazawa/d1/durable", b'[{"boot":1,"seq":1}]')
    }
