"""Bytes to frames: every sentence that is whole is found, everything else has its reason."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.nmea.framing import LINE_BYTES_MAX, digest_text
from tests.nmea.reading import decoded, names, rejects
from tests.oracles.nmea import checksum, sentence
from tests.oracles.nmea_fixes import murmur64a

FIRST, SECOND = sentence("GPRMC,153000.00,V,,,,,,,140126,,,N"), sentence("GPRMC,153001.00,V,,,,,,,140126,,,N")
CLEAN = FIRST.strip()
SECONDS = [1_768_404_600_000_000, 1_768_404_601_000_000]


def times(payload: bytes, *, unchecked: bool = False) -> list[int]:
    """Which of the two sentences were read."""
    times: list[int] = decoded(payload, unchecked=unchecked).fixes.time_us.tolist()
    return times


@pytest.mark.parametrize(
    "end", [b"\r\n", b"\n", b"\r", b"\n\n\n", b"\r\r\n", b" \r\n", b"\t\n", b"\x00\r\n", b"\x00", b" ", b""]
)
def test_after_a_sentence_may_come_any_line_end_or_none(end: bytes) -> None:
    payload = CLEAN + end + SECOND.strip() + end
    assert times(payload) == SECONDS
    assert not rejects(payload)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"GPRMC,1*00", "NO_START"),
        (b"\xff\xfe", "NO_START"),
        (b"*00", "NO_START"),
        (b"PRMC,153000.00,V,,,,,,,140126,,,N*6E", "NO_START"),
        (b"$GP\xe9MC*00", "NOT_ASCII"),
        (b"$GP\x00MC*00", "NOT_ASCII"),
        (b"$GP\x7fMC*00", "NOT_ASCII"),
        (b"$GP\x1fMC*00", "NOT_ASCII"),
        (b"$" + b"A" * (LINE_BYTES_MAX + 1), "TOO_LONG"),
        (b"$GPRMC*00", "BAD_CHECKSUM"),
        (b"$GPRMC*G1", "BAD_CHECKSUM"),
        (b"$GPRMC*1G", "BAD_CHECKSUM"),
        (b"$GPRMC*", "BAD_CHECKSUM"),
        (b"$GPRMC*4", "BAD_CHECKSUM"),
        (b"$*", "BAD_CHECKSUM"),
        (b"$", "NO_CHECKSUM"),
        (b"!", "NO_CHECKSUM"),
        (b"$GPRMC,1", "NO_CHECKSUM"),
        (b"!AIVDM,1", "NO_CHECKSUM"),
        (b"!AIVDM,1*00", "BAD_CHECKSUM"),
        (b"\\s:A1,c:1768404600*5B", "NO_START"),
        (b"\\s:A 1\\", "NO_START"),
    ],
)
def test_a_broken_line_has_its_reason_and_harms_no_other(line: bytes, reason: str) -> None:
    payload = FIRST + line + b"\r\n" + SECOND
    assert times(payload) == SECONDS
    assert rejects(payload) == [(reason, line[:256])]
    assert names(decoded(payload).counts) == {reason: 1}


@pytest.mark.parametrize(
    "cut", [b"$", b"$GPRMC", b"$GPRMC,153000.00,V,,,", b"$GPGGA,,*", b"$GPGGA,,*5", b"u-blox AG ", b"$GP\xff", b"\x02"]
)
def test_a_cut_line_harms_not_the_one_glued_to_it(cut: bytes) -> None:
    assert times(FIRST + cut + SECOND) == SECONDS
    assert [raw for _, raw in rejects(FIRST + cut + SECOND)] == [cut] * (cut != b"\x02")


def test_half_a_sentence_at_the_start_is_junk() -> None:
    assert rejects(FIRST[12:] + SECOND) == [("NO_START", FIRST[12:].strip())]
    assert times(FIRST[12:] + SECOND) == SECONDS[1:]


@pytest.mark.parametrize("tail", [b"", b"*", b"*4", b"*4G", b",", b"\xff"])
def test_what_the_payload_cuts_off_has_no_checksum(tail: bytes) -> None:
    reason = "NOT_ASCII" if tail == b"\xff" else "NO_CHECKSUM"
    assert rejects(FIRST + b"$GPGGA" + tail) == [(reason, b"$GPGGA" + tail)]


def test_the_rest_of_a_line_behind_a_whole_sentence_is_junk() -> None:
    assert rejects(CLEAN + b"00 #1 \\\r\n" + SECOND) == [("NO_START", b"00 #1 \\")]
    assert times(CLEAN + b"00 #1 \\\r\n" + SECOND) == SECONDS


@pytest.mark.parametrize("comment", [b"# $GPRMC,1", b"#", b" \x00# !AIVDM \xff", b"#" + CLEAN])
def test_a_comment_line_is_nothing_whatever_it_holds(comment: bytes) -> None:
    payload = comment + b"\r\n" + FIRST + comment + b"\n" + SECOND + comment
    assert times(payload) == SECONDS
    assert not decoded(payload).counts


@pytest.mark.parametrize("block", [b"\\s:A1,c:1768404600*5B\\", b"\\g:1-2-3*00\\", b"\\\\", b"\\a\\\\b\\"])
def test_a_tag_block_is_nothing(block: bytes) -> None:
    assert times(block + FIRST + block + SECOND) == SECONDS
    assert not decoded(block + FIRST + block + SECOND).counts


@pytest.mark.parametrize("blanks", [b"", b" \r\n\r\n\t\n", b"\x00\x00\x00", b"\r\n" * 1000])
def test_blanks_are_nothing(blanks: bytes) -> None:
    assert not decoded(blanks).counts
    assert not len(decoded(blanks).fixes)


def test_a_sentence_of_the_longest_length_is_taken() -> None:
    text = "GPTXT," + "A" * (LINE_BYTES_MAX - 6)
    assert names(decoded(sentence(text)).counts) == {"UNKNOWN_SENTENCE": 1}
    assert names(decoded(sentence(text + "A")).counts) == {"TOO_LONG": 1}


def test_a_sentence_of_very_many_fields_is_taken() -> None:
    text = f"GPRMC,153000.00,V,,,,,,,140126,,,N{',' * 200}"
    assert times(sentence(text) + SECOND) == SECONDS


def test_a_checksum_in_small_letters_is_right_too() -> None:
    text = "GPZDA,153000,14,01,2026,00,00"
    assert checksum(text) == "4D"
    assert times(f"${text}*4d\r\n".encode()) == SECONDS[:1]


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
def test_without_a_checksum_a_line_is_taken_where_its_agency_allows_it(end: bytes) -> None:
    payload = CLEAN[:-3] + end + SECOND
    assert times(payload, unchecked=True) == SECONDS
    assert not decoded(payload, unchecked=True).counts
    assert times(payload) == SECONDS[1:]
    assert rejects(payload) == [("NO_CHECKSUM", CLEAN[:-3])]


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (CLEAN[:-3], "NO_CHECKSUM"),
        (CLEAN[:-3] + b"$", "NO_CHECKSUM"),
        (CLEAN[:-2], "NO_CHECKSUM"),
        (CLEAN[:-1], "NO_CHECKSUM"),
        (CLEAN[:-2] + b"\r\n", "BAD_CHECKSUM"),
        (CLEAN[:-2] + b"00\r\n", "BAD_CHECKSUM"),
        (b"$GPRMC,153000.00,V\x00\r\n", "NOT_ASCII"),
        (b"$GPRMC,153000.00,V" + b"," * LINE_BYTES_MAX + b"\r\n", "TOO_LONG"),
    ],
)
def test_also_there_a_line_that_was_cut_or_damaged_is_refused(payload: bytes, told: str) -> None:
    assert not len(decoded(payload, unchecked=True).fixes)
    assert rejects(payload, unchecked=True)[0][0] == told


@given(st.binary(max_size=100).filter(lambda text: not set(text) & set(b"\r\n$*")))
def test_only_the_right_checksum_makes_bytes_a_sentence(text: bytes) -> None:
    right = checksum(text.decode("latin-1"))
    lines = b"".join(b"$%b*%02X\n" % (text, value) for value in range(256))
    counts = names(decoded(lines).counts)
    if all(0x20 <= byte < 0x7F for byte in text):
        assert counts["BAD_CHECKSUM"] == 255
        assert right.encode() not in {raw[-2:] for reason, raw in rejects(lines) if reason == "BAD_CHECKSUM"}
    else:
        assert counts == {"NOT_ASCII": 256}


@given(st.integers(0, 20), st.binary(max_size=80))
def test_the_digest_is_murmurhash_and_the_sum_an_xor(at: int, text: bytes) -> None:
    data = np.frombuffer(b"x" * at + text + b"$tail$tail$", np.uint8)
    summed, digest, printable = digest_text(data, at, at + len(text))
    assert summed == np.bitwise_xor.reduce(np.frombuffer(text, np.uint8), initial=0)
    assert digest % 2**64 == murmur64a(text)
    assert printable == all(0x20 <= byte < 0x7F for byte in text)


@pytest.mark.parametrize("size", [1, 7, 8, 9, 16])
def test_printable_is_told_of_every_byte_at_every_place(size: int) -> None:
    for byte, at in itertools.product(range(256), range(size)):
        text = b"A" * at + bytes([byte]) + b" " * (size - at - 1)
        _, _, printable = digest_text(np.frombuffer(text + bytes(8), np.uint8), 0, size)
        assert printable == (0x20 <= byte < 0x7F)


@pytest.mark.parametrize(
    ("text", "seed", "hashed"),
    [
        (b"fransisco", 1, 0x083FDAF4A6D0D3D9),
        (b"aaaa", 0x9747B28C, 0x41DA53FDABAF04C8),
        (b"hash me", 22, 15828218858260124487),
    ],
)
def test_the_oracles_hash_gives_the_numbers_that_others_publish(text: bytes, seed: int, hashed: int) -> None:
    assert murmur64a(text, seed) == hashed
