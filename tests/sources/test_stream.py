"""What a server does to who reads its stream: it is lost, hangs, has another stream, or is no NATS at all."""

import asyncio
import shutil
import signal
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from paho.mqtt.client import Client

from snowtrack.addresses import BrokerAddress
from snowtrack.model.errors import SourceError
from snowtrack.sources.jetstream import JetStreamSource, cursors_of
from snowtrack.sources.nats import PAYLOAD_BYTES_MAX, Nats
from snowtrack.sources.source import Delivery, Limits
from snowtrack.sources.stream import STREAM, StreamSettings, make_stream, stream_state
from tests.nats import PlainNats
from tests.ports import free_port
from tests.services.waiting import until
from tests.sources.jetstreams import (
    D1,
    EVERY,
    SETTINGS,
    WITHIN_S,
    asking,
    batch,
    nothing_comes,
    numbered,
    own,
    payloads_of,
    published,
    reading,
    say_all,
    take,
)
from tests.sources.publisher import publishing

pytestmark = pytest.mark.anyio


async def test_a_lost_connection_loses_and_repeats_nothing(nats: PlainNats) -> None:
    sent = numbered(300)
    async with reading(nats.nodes) as source:
        await own(source, EVERY)
        with publishing(nats.running.address) as publisher:
            saying = asyncio.create_task(asyncio.to_thread(say_all, publisher, sent))
            taken: list[Delivery] = []
            while len(taken) < 300:
                deliveries = await batch(source)
                taken += deliveries
                source.settle(deliveries)
                if len(taken) % 3 == 0:
                    source._nats.reopen()
            await saying
        assert await nothing_comes(source)
    assert payloads_of(taken) == sent


async def test_a_server_that_starts_again_is_found_again(nats: PlainNats) -> None:
    async with reading(nats.nodes) as source:
        await own(source, EVERY)
        with published(nats.running.address, numbered(5)):
            assert payloads_of(await take(source, 5)) == numbered(5)
        await asyncio.to_thread(nats.running.stop)
        await until(lambda: source.refusal is not None)
        await asyncio.to_thread(nats.running.start)
        await until(lambda: source.refusal is None)
        with published(nats.running.address, numbered(5, start=5)):
            assert payloads_of(await take(source, 5)) == numbered(5, start=5)


@pytest.mark.slow
async def test_a_server_that_hangs_is_left_and_called_again(nats: PlainNats) -> None:
    async with reading(nats.nodes) as source:
        await own(source, EVERY)
        with published(nats.running.address, numbered(5)):
            assert payloads_of(await take(source, 5)) == numbered(5)
        assert nats.running.process
        nats.running.process.send_signal(signal.SIGSTOP)
        try:
            await until(lambda: "the server is silent" in (source.refusal or ""))
        finally:
            nats.running.process.send_signal(signal.SIGCONT)
        await until(lambda: source.refusal is None)
        with published(nats.running.address, numbered(5, start=5)):
            assert payloads_of(await take(source, 5)) == numbered(5, start=5)


async def test_a_stream_that_was_made_anew_is_read_from_its_beginning(nats: PlainNats) -> None:
    async with reading(nats.nodes) as source:
        await own(source, EVERY)
        with publishing(nats.running.address) as publisher:
            await asyncio.to_thread(say_all, publisher, numbered(5))
            first = await take(source, 5)
            async with asking(nats) as operator:
                before = await stream_state(operator)
                await operator.request(f"$JS.API.STREAM.DELETE.{STREAM}")
                await make_stream(operator, SETTINGS)
                assert (await stream_state(operator)).created_us > before.created_us
            await asyncio.to_thread(say_all, publisher, numbered(3, start=5))
            assert payloads_of(await take(source, 3)) == numbered(3, start=5)
        # The same for one who comes with the place in the old stream.
        await own(source, EVERY, cursors_of(first))
        assert payloads_of(await take(source, 3)) == numbered(3, start=5)


async def test_a_place_in_another_stream_is_a_time_in_this_one(nats: PlainNats) -> None:
    async with reading(nats.nodes) as source:
        with published(nats.running.address, numbered(5)):
            await own(source, EVERY)
            places = cursors_of((await take(source, 5))[:3])
        ((place, cursor),) = places.items()
        await own(source, EVERY, {place: cursor._replace(created_us=cursor.created_us - 1)})
        assert payloads_of(await take(source, 3)) == numbered(3, start=2)


async def test_what_takes_the_numbers_of_messages_that_a_power_cut_took_is_read(
    nats: PlainNats, tmp_path: Path
) -> None:
    """By who was reading, and by who comes with the place; until then the place is behind the end."""
    server, data = nats.running, nats.running.folder / "data"
    async with reading(nats.nodes) as source:
        await own(source, EVERY)
        with published(server.address, numbered(5)):
            await take(source, 5)
        await asyncio.to_thread(server.stop)
        shutil.copytree(data, tmp_path / "before")
        await asyncio.to_thread(server.start)
        with published(server.address, numbered(3, start=5)):
            places = cursors_of(await take(source, 3))
        await asyncio.to_thread(server.stop)
        shutil.rmtree(data)
        shutil.copytree(tmp_path / "before", data)
        await asyncio.to_thread(server.start)
        await until(lambda: source.refusal is None)
        async with asking(nats) as operator:
            assert [cursor.sequence for cursor in places.values()] == [(await stream_state(operator)).last + 3]
        with published(server.address, numbered(6, start=8)):
            assert payloads_of(await take(source, 6)) == numbered(6, start=8)
        await own(source, EVERY, places)
        assert payloads_of(await take(source, 6)) == numbered(6, start=8)


async def test_a_place_whose_message_is_too_large_to_be_shown_is_a_time(nats: PlainNats) -> None:
    large = b"x" * PAYLOAD_BYTES_MAX
    async with reading(nats.nodes) as source:
        with published(nats.running.address, [b"0", large, b"2"]):
            await own(source, EVERY)
            places = cursors_of((await take(source, 3))[:2])
        await own(source, EVERY, places)
        assert payloads_of(await take(source, 2)) == [large, b"2"]


@pytest.mark.parametrize(
    "other", [SETTINGS._replace(max_bytes=1 << 20), SETTINGS._replace(max_age_s=60)], ids=["bytes", "age"]
)
async def test_a_stream_with_other_settings_is_neither_changed_nor_used(nats: PlainNats, other: StreamSettings) -> None:
    async with asking(nats) as operator:
        await make_stream(operator, other)
        await make_stream(operator, other)
        with pytest.raises(SourceError, match=r"max_(bytes|age) is \d+, not \d+; change"):
            await make_stream(operator, SETTINGS)
    source = JetStreamSource(nats.nodes, "test", Limits(640, 640), SETTINGS)
    source.start()
    try:
        await until(lambda: "other settings than ours" in (source.refusal or ""))
    finally:
        await source.stop()


async def test_the_stream_that_nats_makes_by_itself_is_refused(nats: PlainNats) -> None:
    with publishing(nats.running.address):
        async with asking(nats) as operator:
            with pytest.raises(SourceError, match="retention is interest, not limits"):
                await make_stream(operator, SETTINGS)


async def test_what_is_said_to_devices_is_kept_and_nothing_of_it_is_mapped(nats: PlainNats) -> None:
    topics = [f"snow/v1/kanazawa/d1/{what}" for what in ("durable", "down", "ack")] + ["snow-live/v1/delta"]
    heard: dict[str, bytes] = {}

    def hear(client: Client, _data: object, message: object) -> None:
        heard[message.topic] = message.payload  # type: ignore[attr-defined]

    async with reading(nats.nodes) as source:
        source.tell_durable({D1: [{"boot": 1, "seq": 7}]})
        with publishing(nats.running.address) as listener, publishing(nats.running.address) as publisher:
            listener.client.on_message = hear
            async with asyncio.timeout(WITHIN_S):
                while topics[0] not in heard:
                    listener.client.subscribe([(topic, 1) for topic in topics])
                    await asyncio.sleep(0.05)
            for topic in topics[1:]:
                await asyncio.to_thread(publisher.client.publish(topic, b"x", qos=1).wait_for_publish, WITHIN_S)
            await until(lambda: {*heard} == {*topics})
    assert orjson.loads(heard[topics[0]]) == [{"boot": 1, "seq": 7}]


async def test_who_speaks_otherwise_than_nats_is_left_and_called_again() -> None:
    calls = 0

    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        writer.write((b"HELLO\r\n", b"INFO x\r\n", b"MSG a 1\r\n", b"")[calls % 4])
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", port := free_port())
    address = BrokerAddress(host="127.0.0.1", port=port, secure=False)
    connection = Nats((address, replace(address)), "test")
    connection.start()
    try:
        await until(lambda: calls > 4)
        assert connection.refusal is not None
        with pytest.raises(SourceError):
            await connection.request("x")
    finally:
        await connection.stop()
        server.close()
        await server.wait_closed()
