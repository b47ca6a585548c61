"""Messages from a real stream: of the partitions that are owned, each once, and never too many in hand."""

import asyncio

import pytest

from snowtrack.background import running
from snowtrack.model.ids import DeviceId
from snowtrack.model.topics import Channel
from snowtrack.sources.jetstream import JetStreamSource, cursors_of
from snowtrack.sources.nats import PAYLOAD_BYTES_MAX
from snowtrack.sources.partitions import BACKLOG, LIVE, PARTITIONS, device_subject, partition_of
from snowtrack.sources.source import Delivery, Limits, Place
from tests.nats import PlainNats
from tests.services.waiting import until
from tests.sources.jetstreams import (
    D1,
    D2,
    EVERY,
    WITHIN_S,
    Cursors,
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


async def test_messages_come_from_the_partition_of_their_device_with_the_time_of_the_stream(nats: PlainNats) -> None:
    async with reading(nats.nodes) as source:
        await own(source, EVERY)
        with publishing(nats.running.address) as publisher:
            for channel in Channel:
                await asyncio.to_thread(publisher.say, channel, b"%s" % channel.encode(), "hakusan/d-1_A")
            await asyncio.to_thread(publisher.say, "up", b"", "kanazawa/d3")
        taken = {(one.device, one.channel): one for one in await take(source, 5)}
    assert set(taken) == {(DeviceId("hakusan", "d-1_A"), channel) for channel in Channel} | {
        (DeviceId("kanazawa", "d3"), Channel.UP)
    }
    for (device, channel), delivery in taken.items():
        place = delivery.receipt
        assert isinstance(place, Place)
        assert (place.partition, place.kind) == (partition_of(device), BACKLOG if channel == "log" else LIVE)
        assert (place.stored_us, place.size) == (delivery.received_us, len(delivery.payload))
        assert delivery.payload in (channel.encode(), b"")


async def test_our_reckoning_of_partitions_is_the_server_s(nats: PlainNats) -> None:
    devices = [DeviceId(f"a{'g' * (at % 7)}-{at}", f"d_{at * 7919}") for at in range(150)]
    async with reading(nats.nodes) as source:
        await own(source, EVERY)
        with publishing(nats.running.address) as publisher:
            for device in devices:
                await asyncio.to_thread(publisher.say, "up", b"x", str(device))
        assert {delivery.device for delivery in await take(source, 150)} == {*devices}
        assert source.strangers == 0


async def test_a_message_in_another_s_partition_is_a_stranger(nats: PlainNats) -> None:
    right = device_subject(D1, Channel.UP)
    wrong = [right.replace(".2.", ".3."), right.replace("live", "backlog"), right.replace(".up", ".durable")]
    async with reading(nats.nodes) as source:
        await own(source, EVERY)
        with publishing(nats.running.address) as publisher:
            for subject in (*wrong, right):
                topic = subject.replace(".", "/")
                await asyncio.to_thread(publisher.client.publish(topic, subject, qos=1).wait_for_publish, WITHIN_S)
        assert payloads_of(await take(source, 1)) == [right.encode()]
        await until(lambda: source.strangers == 3)
        assert await nothing_comes(source)


async def test_only_what_is_owned_comes_and_two_split_all_of_it(nats: PlainNats) -> None:
    sent = numbered(400)
    async with reading(nats.nodes, name="one") as one, reading(nats.nodes, name="other") as other:
        await own(one, range(32))
        await own(other, range(32, 64))
        with publishing(nats.running.address) as publisher:
            await asyncio.to_thread(say_all, publisher, sent, devices=100)
        taken: dict[str, list[Delivery]] = {"one": [], "other": []}

        async def settle_all(name: str, source: JetStreamSource) -> None:
            while True:
                deliveries = await batch(source)
                taken[name] += deliveries
                source.settle(deliveries)

        async with running(settle_all("one", one), settle_all("other", other)):
            await until(lambda: len(taken["one"]) + len(taken["other"]) >= 400)
        assert await nothing_comes(one)
        assert await nothing_comes(other)
    assert sorted(payloads_of(taken["one"] + taken["other"])) == sorted(sent)
    assert {partition_of(delivery.device) < 32 for delivery in taken["one"]} == {True}
    assert {partition_of(delivery.device) < 32 for delivery in taken["other"]} == {False}


async def test_the_next_owner_goes_on_behind_what_was_committed(nats: PlainNats) -> None:
    """Owned by one, moved to the other in the middle, and back to a third one that is new."""
    cursors: Cursors = {}
    got: list[bytes] = []

    async def take_some(source: JetStreamSource, count: int) -> None:
        while count > 0:
            deliveries = await batch(source)
            committed, left = deliveries[:count], deliveries[count:]
            cursors.update(cursors_of(committed))
            source.settle(committed)
            got.extend(payloads_of(committed))
            count -= len(committed)
            if left:  # never committed, and so the next owner's
                return

    async with reading(nats.nodes, name="one") as one, reading(nats.nodes, name="other") as other:
        with publishing(nats.running.address) as publisher:
            await own(one, EVERY)
            for channel in ("up", "log"):
                await asyncio.to_thread(say_all, publisher, [b"%s%d" % (channel.encode(), at) for at in range(150)],
                                        channel=channel, devices=20)  # fmt: skip
            await take_some(one, 120)
            for partition in EVERY:
                await one.disown(partition)
            assert one.waiting == 0
            await own(other, EVERY, cursors)
            await take_some(other, 120)
        await asyncio.gather(*(other.disown(partition) for partition in EVERY))
    async with reading(nats.nodes, name="third") as third:
        await own(third, EVERY, cursors)
        await take_some(third, 300 - len(got))
        assert await nothing_comes(third)
    assert len(got) == 300
    assert {*got} == {b"%s%d" % (channel, at) for channel in (b"up", b"log") for at in range(150)}


async def test_what_waits_of_a_partition_that_is_given_away_is_dropped_and_nothing_else(nats: PlainNats) -> None:
    async with reading(nats.nodes) as source:
        await own(source, EVERY)
        with published(nats.running.address, numbered(10), devices=2) as publisher:
            await asyncio.to_thread(say_all, publisher, [b"log"] * 2, channel="log", devices=2)
            await until(lambda: source.waiting == 12)
            await source.disown(partition_of(D1))
            assert {delivery.device for delivery in await take(source, 6)} == {D2}
            await source.own(partition_of(D1), {})
            assert {delivery.device for delivery in await take(source, 6)} == {D1}


async def test_live_messages_go_before_backlog(nats: PlainNats) -> None:
    async with reading(nats.nodes) as source:
        with publishing(nats.running.address) as publisher:
            await asyncio.to_thread(say_all, publisher, [b"log"] * 5, channel="log", devices=5)
            await asyncio.to_thread(say_all, publisher, [b"up"] * 5, devices=5)
        await own(source, EVERY)
        await until(lambda: source.waiting == 10)
        assert payloads_of(await batch(source)) == [b"up"] * 5 + [b"log"] * 5


@pytest.mark.parametrize(
    ("limits", "in_hand"),
    [(Limits(3 * PARTITIONS, 1), 3), (Limits(100 * PARTITIONS, 1, PARTITIONS * 5_000), 5), (Limits(1, 1, 1), 1)],
    ids=["messages", "bytes", "less than one for each"],
)
async def test_what_is_not_settled_holds_the_window(nats: PlainNats, limits: Limits, in_hand: int) -> None:
    sent = [payload.rjust(1_000, b".") for payload in numbered(60)]
    async with reading(nats.nodes, limits=limits) as source:
        with published(nats.running.address, sent):
            await own(source, EVERY)
            await until(lambda: source.waiting)
        taken: list[bytes] = []
        held: list[Delivery] = []
        while len(taken) < 60:
            if not await nothing_comes_more(source, held):
                assert 0 < len(held) <= in_hand
            taken += payloads_of(held)
            source.settle(held)
            held.clear()
    assert taken == sent


async def nothing_comes_more(source: JetStreamSource, held: list[Delivery]) -> bool:
    """Hold what comes, until no more does."""
    before = len(held)
    while deliveries := await source.batch(batch_s=0, fixes_max=1_000, idle_s=0.05):
        held += deliveries
    return len(held) == before


async def test_payloads_of_all_sizes_come_and_of_large_ones_the_beginning(nats: PlainNats) -> None:
    """Some of them alone do not fit into the share of their partition, which is 100,000 bytes."""
    sizes = [0, 1, 99_000, 100_000, 120_000, PAYLOAD_BYTES_MAX - 1, PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MAX + 1, 5_000_000]
    sent = [b"x" * size for size in (*sizes, 10, *reversed(sizes), 20)]
    async with reading(nats.nodes, limits=Limits(640, 640, 100_000 * PARTITIONS)) as source:
        with published(nats.running.address, sent):
            await own(source, EVERY)
            taken = payloads_of(await take(source, len(sent)))
    assert [len(payload) for payload in taken] == [min(len(payload), PAYLOAD_BYTES_MAX) for payload in sent]


async def test_a_portion_ends_when_as_many_bytes_have_come_as_were_asked_for(nats: PlainNats) -> None:
    """Of this end NATS says nothing; a message counts with its names. One of these sizes is that of the first three."""
    place = (partition_of(D1), LIVE)
    async with reading(nats.nodes) as source:
        with published(nats.running.address, [b"x" * 100] * 9):
            for size in range(630, 690):
                source._shares[LIVE] = source._shares[LIVE]._replace(size=size)
                await source.own(place[0], {})
                reader = source._readers[place]
                assert len(await take(source, 9)) == 9
                assert reader._consumed == 9, "another consumer was made, since nothing more was heard of the first"


async def test_a_place_is_that_of_the_last_message_and_the_next_one_comes(nats: PlainNats) -> None:
    async with reading(nats.nodes) as source:
        with published(nats.running.address, numbered(10)):
            await own(source, EVERY)
            deliveries = await take(source, 10)
            for read in range(1, 10):
                await own(source, EVERY, cursors_of(deliveries[:read]))
                assert payloads_of(await take(source, 10 - read)) == numbered(10 - read, start=read)


async def test_what_is_owned_again_without_a_cursor_comes_again(nats: PlainNats) -> None:
    async with reading(nats.nodes) as source:
        with published(nats.running.address, numbered(3)):
            await own(source, EVERY)
            assert payloads_of(await take(source, 3)) == numbered(3)
            await own(source, EVERY)
            assert payloads_of(await take(source, 3)) == numbered(3)
