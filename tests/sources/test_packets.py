"""The bytes of MQTT 3.1.1, said and read."""

from contextlib import suppress
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.sources import packets
from snowtrack.sources.packets import Kind, MalformedError, Packet, Published

TOPICS = st.text(st.characters(codec="utf-8", exclude_characters="\0+#"), min_size=1, max_size=40)
IDS = st.integers(1, 65_535)
MESSAGES = st.tuples(TOPICS, st.binary(max_size=400), IDS)


def whole(data: bytes) -> list[Packet]:
    """The packets of which the end is there."""
    found: list[Packet] = []
    at = 0
    while (packet := packets.head_of(data, at)) and packet.end <= len(data):
        found.append(packet)
        at = packet.end
    return found


@given(st.lists(MESSAGES, max_size=6))
def test_what_is_published_is_read_again(messages: list[tuple[str, bytes, int]]) -> None:
    data = b"".join(packets.publish(topic, payload, number) for topic, payload, number in messages)
    read = [packets.read_publish(data, packet) for packet in whole(data)]
    assert read == [(topic.encode(), number, payload) for topic, payload, number in messages]


@given(st.lists(MESSAGES, min_size=1, max_size=3))
def test_cut_at_every_byte_it_is_the_packets_before_the_cut(messages: list[tuple[str, bytes, int]]) -> None:
    parts = [packets.publish(topic, payload, number) for topic, payload, number in messages]
    data, ends = b"".join(parts), list(accumulate(map(len, parts)))
    for cut in range(len(data) + 1):
        assert [packet.end for packet in whole(data[:cut])] == [end for end in ends if end <= cut]


def run_one_by_one(data: bytes, messages_max: int, size_max: int) -> list[tuple[Published, int]]:
    """The messages at the beginning of some bytes, and where each ends."""
    found: list[tuple[Published, int]] = []
    at = size = 0
    with suppress(MalformedError):
        while len(found) < messages_max and size < size_max:
            packet = packets.head_of(data, at)
            if packet is None or packet.end > len(data) or packet.first >> 4 != Kind.PUBLISH:
                break
            found.append((packets.read_publish(data, packet), packet.end))
            size += packet.end - packet.start
            at = packet.end
    return found


PACKETS = st.one_of(
    st.builds(packets.publish, TOPICS, st.binary(max_size=300), IDS),
    st.builds(lambda topic, payload: b"\x30" + packets.publish(topic, payload, 1)[1:], TOPICS, st.binary(max_size=9)),
    st.binary(max_size=6),
    st.just(packets.PINGREQ),
)


@given(st.lists(PACKETS, max_size=6).map(b"".join), st.integers(1, 4), st.integers(1, 600), st.data())
def test_a_run_of_messages_is_what_they_are_one_by_one(
    data: bytes, messages_max: int, size_max: int, drawn: st.DataObject
) -> None:
    data = data[: drawn.draw(st.integers(0, len(data)))] + b"\0" * (not data)
    run = packets.run_of_messages(data, 0, messages_max, size_max)
    read = [(Published(data[row[0] : row[1]], row[4], data[row[2] : row[3]]), row[3]) for row in run]
    assert read == run_one_by_one(data, messages_max, size_max)


@pytest.mark.parametrize("size", [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152])
def test_lengths_take_as_many_bytes_as_they_need(size: int) -> None:
    topic = "a"
    data = packets.publish(topic, b"x" * max(size - 5, 0), 7)
    (packet,) = whole(data)
    assert packet.end - packet.start == max(size, 5)
    assert packet.start == 1 + next(count for count in (1, 2, 3, 4) if max(size, 5) < 128**count)


def test_the_length_of_a_packet_is_known_before_its_end_is_there() -> None:
    data = packets.publish("a", b"x" * 1_000, 7)
    packet = packets.head_of(data[:10], 0)
    assert packet is not None
    assert packet.end == len(data)


def test_a_length_that_does_not_end_is_refused() -> None:
    with pytest.raises(MalformedError):
        packets.head_of(b"\x30\xff\xff\xff\xff\x01", 0)


@pytest.mark.parametrize("body", [b"", b"\x00", b"\x00\x05ab", b"\x00\x01a", b"\x00\x01a\x00"])
def test_a_message_that_does_not_hold_together_is_refused(body: bytes) -> None:
    data = bytes([Kind.PUBLISH << 4 | packets.QOS_1, len(body)]) + body
    with pytest.raises(MalformedError):
        packets.read_publish(data, whole(data)[0])


@given(st.lists(IDS, max_size=20))
def test_each_acknowledgement_is_a_packet_of_its_own(numbers: list[int]) -> None:
    data = packets.pubacks(numbers)
    read = whole(data)
    assert [int.from_bytes(data[packet.start : packet.end], "big") for packet in read] == numbers
    assert {packet.first >> 4 for packet in read} <= {Kind.PUBACK}
