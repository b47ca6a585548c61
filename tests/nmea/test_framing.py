"""Bytes to lines: every line that is not blank is a whole sentence or has a reason why not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.fixes import RejectReason
from snowtrack.nmea.framing import LINE_BYTES_MAX, RAW_BYTES_KEPT, BadLine, Line, split_lines
from tests.oracles.nmea import sentence

WHOLE = sentence("GPRMC,153000.00,V,,,,,,,140126,,,N")


def reasons(payload: bytes) -> list[RejectReason | None]:
    return [line.reason if isinstance(line, BadLine) else None for line in split_lines(payload)]


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r", b"\n\n\n", b"\r\r\n", b" \r\n"])
def test_any_line_end_ends_a_line(end: bytes) -> None:
    line = WHOLE.strip()
    assert [found.raw for found in split_lines(line + end + line)] == [line, line]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"GPRMC,1*00", RejectReason.NO_START),
        (b"!AIVDM,1*00", RejectReason.NO_START),
        (b"\xff\xfe", RejectReason.NO_START),
        (b"$GP\xe9MC*00", RejectReason.NOT_ASCII),
        (b"$" + b"A" * LINE_BYTES_MAX, RejectReason.TOO_LONG),
        (b"$", RejectReason.NO_CHECKSUM),
        (b"$*", RejectReason.NO_CHECKSUM),
        (b"*00", RejectReason.NO_START),
        (b"$GPRMC,1", RejectReason.NO_CHECKSUM),
        (b"$GPRMC,1*", RejectReason.NO_CHECKSUM),
        (b"$GPRMC,1*0", RejectReason.NO_CHECKSUM),
        (b"$GPRMC*00", RejectReason.BAD_CHECKSUM),
        (b"$GPRMC*G1", RejectReason.BAD_CHECKSUM),
        (WHOLE.strip() + b"x", RejectReason.NO_CHECKSUM),
    ],
)
def test_a_broken_line_has_its_reason(line: bytes, reason: RejectReason) -> None:
    assert reasons(line) == [reason]


def test_a_line_of_the_longest_length_is_taken() -> None:
    body = "GPTXT," + "A" * (LINE_BYTES_MAX - 10)
    assert len(sentence(body).strip()) == LINE_BYTES_MAX
    assert reasons(sentence(body)) == [None]
    assert reasons(sentence(body + "A")) == [RejectReason.TOO_LONG]


def test_a_checksum_in_small_letters_is_right_too() -> None:
    body = next(f"GPTXT,{n}" for n in range(100) if sentence(f"GPTXT,{n}").strip()[-1:] in b"ABCDEF")
    assert reasons(sentence(body).lower().replace(b"gptxt", b"GPTXT")) == [None]


def test_blank_lines_are_nothing() -> None:
    assert list(split_lines(b"")) == list(split_lines(b" \r\n\r\n\t\n")) == []


@given(st.binary(max_size=600))
def test_no_bytes_break_it_and_each_line_is_told_once(payload: bytes) -> None:
    expected = [line.strip() for line in payload.replace(b"\r", b"\n").split(b"\n") if line.strip()]
    found = list(split_lines(payload))
    assert [line.raw for line in found] == [line[:RAW_BYTES_KEPT] for line in expected]


@given(st.binary(max_size=100).filter(lambda raw: not set(raw) & set(b"\r\n")))
def test_only_the_right_checksum_makes_bytes_a_sentence(body: bytes) -> None:
    right = 0
    for byte in body:
        right ^= byte
    for value in range(256):
        found = list(split_lines(b"$%b*%02X" % (body, value)))
        assert isinstance(found[0], Line) == (value == right and body.isascii())
