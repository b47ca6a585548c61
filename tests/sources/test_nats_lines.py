"""The lines of NATS, said and read."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.sources import nats_lines
from snowtrack.sources.nats_lines import END, Heard, MalformedLineError, Said

WORDS = st.text("abcXYZ019.$_-*", min_size=1, max_size=20).map(str.encode)
BODIES = st.binary(max_size=60)
MAX = 1_000_000


@st.composite
def messages(draw: st.DrawFn) -> tuple[bytes, Heard]:
    """As a server says it, and as it is to be heard."""
    subject, number, reply = draw(WORDS), draw(st.integers(1, 99)), draw(st.just(b"") | WORDS)
    header, payload = draw(st.just(b"") | BODIES), draw(BODIES)
    sizes = b"%d %d" % (len(header), len(header) + len(payload)) if header else b"%d" % len(payload)
    word = b"HMSG" if header else b"MSG"
    line = b" ".join(part for part in (word, subject, b"%d" % number, reply, sizes) if part)
    heard = Heard(subject, number, reply, header, payload, len(header) + len(payload))
    return line + END + header + payload + END, heard


SAID = st.lists(messages() | st.sampled_from([(b"PING\r\n", None), (b'INFO {"a": "b c"} \r\n', None)]), max_size=6)


def all_said(data: bytes) -> list[Said]:
    """Of which the end is there."""
    found: list[Said] = []
    at = 0
    while (said := nats_lines.said_at(data, at)) and said.end <= len(data):
        found.append(said)
        at = said.end
    return found


@given(SAID)
def test_what_is_said_is_read_again(parts: list[tuple[bytes, Heard | None]]) -> None:
    data = b"".join(part for part, _ in parts)
    read = [
        nats_lines.heard(data, said, MAX) if said.words[0] in nats_lines.WITH_BODY else None for said in all_said(data)
    ]
    assert read == [heard for _, heard in parts]


@given(SAID)
def test_cut_at_every_byte_it_is_what_stands_before_the_cut(parts: list[tuple[bytes, Heard | None]]) -> None:
    data, ends = b"".join(part for part, _ in parts), list(accumulate(len(part) for part, _ in parts))
    for cut in range(len(data) + 1):
        assert [said.end for said in all_said(data[:cut])] == [end for end in ends if end <= cut]


def test_the_size_of_a_message_is_known_before_its_end_is_there() -> None:
    said = nats_lines.said_at(b"HMSG a 1 12 1000000\r\nNATS", 0)
    assert said is not None
    assert said.end == len(b"HMSG a 1 12 1000000\r\n") + 1_000_000 + 2


@pytest.mark.parametrize("size", [0, 1, 9, 10, 11])
def test_of_a_payload_that_is_too_large_the_beginning_is_heard(size: int) -> None:
    data = b"HMSG a 1 3 %d\r\nabc%s\r\n" % (3 + size, b"x" * size)
    (said,) = all_said(data)
    heard = nats_lines.heard(data, said, 10)
    assert (heard.header, heard.payload, heard.size) == (b"abc", b"x" * min(size, 10), 3 + size)
    beginning = nats_lines.heard(data[: said.start + 5], said, 10)
    assert beginning.payload == heard.payload[:2]


@pytest.mark.parametrize("line", [b"MSG a 1\r\n", b"MSG a 1 x\r\n", b"HMSG a 1\r\n", b"MSG a 1 r s t 5\r\n"])
def test_a_message_without_a_size_is_refused(line: bytes) -> None:
    with pytest.raises(MalformedLineError):
        nats_lines.said_at(line, 0)


@pytest.mark.parametrize(
    "data",
    [b"MSG a x 1\r\ny\r\n", b"HMSG a 1 5 1\r\ny\r\n", b"MSG a 1 1\r\nyyyy", b"MSG a 1 r s 1\r\ny\r\n"],
)
def test_a_message_that_does_not_hold_together_is_refused(data: bytes) -> None:
    said = nats_lines.said_at(data, 0)
    assert said is not None
    with pytest.raises(MalformedLineError):
        nats_lines.heard(data, said, MAX)


def test_a_line_that_does_not_end_is_refused() -> None:
    assert nats_lines.said_at(b"x" * (nats_lines.LINE_BYTES_MAX - 1), 0) is None
    with pytest.raises(MalformedLineError):
        nats_lines.said_at(b"x" * nats_lines.LINE_BYTES_MAX, 0)


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (b"NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: 4\r\n\r\n", 100),
        (b"NATS/1.0 503\r\n\r\n", 503),
        (b"NATS/1.0\r\nNmqtt-Pub:1\r\n\r\n", 0),
        (b"", 0),
        (b"NATS/1.0 x\r\n", 0),
    ],
)
def test_a_status_is_told_from_a_message(header: bytes, status: int) -> None:
    assert nats_lines.status_of(header) == status


def test_a_number_in_a_header_is_found_by_its_name() -> None:
    header = b"NATS/1.0 408 Request Timeout\r\nNats-Pending-Messages: 6\r\nNats-Pending-Bytes: 99504\r\n\r\n"
    assert nats_lines.header_number(header, b"Nats-Pending-Messages") == 6
    assert nats_lines.header_number(header, b"Nats-Pending-Bytes") == 99_504
    assert nats_lines.header_number(header, b"Nats-Pending") is None
