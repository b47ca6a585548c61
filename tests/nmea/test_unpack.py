"""Packed payloads: their lines, up to a bound, and what is told of those that cannot be unpacked."""

import gzip
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snowtrack.model.fixes import Message, RejectReason
from snowtrack.nmea.decode import decode
from snowtrack.nmea.unpack import SHARE_BYTES_MAX, Share, unpack, unpack_shares
from tests.nmea.packing import PACKERS, in_two, zstd_in_blocks, zstd_with_checksum, zstd_with_window
from tests.oracles.nmea import sentence

LINES = b"".join(sentence(f"PSNOW,7,{seq}") for seq in range(1, 200))
NAMES = list(PACKERS)
# What the device protocol promises.
PAYLOAD_BYTES_MAX, UNPACKED_BYTES_MAX = 256 * 1024, 1024 * 1024
TOO_LARGE, BAD_COMPRESSION = RejectReason.TOO_LARGE, RejectReason.BAD_COMPRESSION


@given(st.binary(max_size=2_000), st.sampled_from(NAMES))
def test_what_was_packed_is_unpacked(content: bytes, name: str) -> None:
    pack = PACKERS[name]
    assert unpack(pack(content)) == (content, None)
    assert unpack(in_two(pack)(content)) == (content, None)


def test_members_of_both_kinds_may_follow_one_another() -> None:
    parts = [PACKERS[name](part) for name in NAMES for part in (LINES, b"", LINES)]
    assert unpack(b"".join(parts)) == (LINES * 4, None)


@pytest.mark.parametrize(
    "plain", [b"", b"\x1f", b"\x1f\x8a\x08", b"\x28\xb5\x2f", b"(\xb5/\xfe", b" \x1f\x8b", b"PK\x03\x04", LINES]
)
def test_what_is_not_packed_stays_as_it_is(plain: bytes) -> None:
    assert unpack(plain) == (plain, None)


def beginnings(packed: bytes) -> list[bytes]:
    """What is read of a payload that was cut behind its fourth byte, its fifth, and so on."""
    found = [unpack(packed[:size]) for size in range(4, len(packed))]
    assert {fault for _, fault in found} == {BAD_COMPRESSION}
    return [plain for plain, _ in found]


def test_of_gzip_that_was_cut_the_beginning_is_read() -> None:
    found = beginnings(gzip.compress(LINES))
    assert all(LINES.startswith(plain) for plain in found)
    assert len(set(found)) > 100
    assert found[-1] == LINES


def test_of_zstd_that_was_cut_the_whole_blocks_are_read() -> None:
    assert set(beginnings(zstd_in_blocks([LINES, LINES, b"$"]))) == {b"", LINES, LINES * 2, LINES * 2 + b"$"}


@pytest.mark.parametrize("name", NAMES)
def test_of_several_members_those_before_the_cut_are_read(name: str) -> None:
    packed = PACKERS[name](LINES)
    assert unpack(packed + packed[:5]) == (LINES, BAD_COMPRESSION)
    assert unpack(packed + packed[:1]) == (LINES, BAD_COMPRESSION)
    assert unpack(packed + b"\r\n") == (LINES, BAD_COMPRESSION)


@pytest.mark.parametrize("pack", [gzip.compress, zstd_with_checksum])
def test_a_damaged_payload_gives_nothing_else(pack: Callable[[bytes], bytes]) -> None:
    packed = pack(LINES)
    found = [unpack(packed[:at] + bytes([packed[at] ^ 0x10]) + packed[at + 1 :]) for at in range(4, len(packed))]
    assert {plain for plain, fault in found if fault is None} <= {LINES}
    assert {fault for _, fault in found} - {None} == {BAD_COMPRESSION}


@pytest.mark.parametrize("name", NAMES)
def test_a_bomb_is_refused_at_the_bound(name: str) -> None:
    pack = PACKERS[name]
    assert len(pack(bytes(UNPACKED_BYTES_MAX + 1))) < 8_192
    assert unpack(pack(bytes(UNPACKED_BYTES_MAX))) == (bytes(UNPACKED_BYTES_MAX), None)
    assert unpack(pack(bytes(UNPACKED_BYTES_MAX + 1))) == (b"", TOO_LARGE)
    assert unpack(pack(bytes(64 * UNPACKED_BYTES_MAX))) == (b"", TOO_LARGE)
    half = pack(bytes(UNPACKED_BYTES_MAX // 2))
    assert unpack(half * 2) == (bytes(UNPACKED_BYTES_MAX), None)
    assert unpack(half * 2 + pack(b"$")) == (b"", TOO_LARGE)
    assert unpack(half * 2 + pack(b"$")[:-1]) in [(b"", TOO_LARGE), (bytes(UNPACKED_BYTES_MAX), BAD_COMPRESSION)]


def test_what_was_packed_twice_is_unpacked_once() -> None:
    inner = gzip.compress(LINES)
    assert unpack(gzip.compress(inner)) == (inner, None)


def test_a_zstd_window_larger_than_the_bound_is_refused() -> None:
    assert unpack(zstd_with_window(LINES, 22)) == (LINES, None)
    assert unpack(zstd_with_window(LINES, 23)) == (b"", BAD_COMPRESSION)


@pytest.mark.parametrize("start", [b"", b"\x1f\x8b", b"\x28\xb5\x2f\xfd"])
def test_a_payload_that_is_too_large_is_refused_unread(start: bytes) -> None:
    assert unpack(start + bytes(PAYLOAD_BYTES_MAX + 1)) == (b"", TOO_LARGE)


def test_a_payload_of_the_largest_size_is_read() -> None:
    whole = LINES.ljust(PAYLOAD_BYTES_MAX, b"\n")
    assert unpack(whole) == (whole, None)


def test_of_many_payloads_each_has_its_own_fault() -> None:
    packed = gzip.compress(LINES)
    payloads = [LINES, packed, packed[:-1], bytes(PAYLOAD_BYTES_MAX + 1), b""]
    expected = Share(0, [LINES, LINES, LINES, b"", b""], {2: BAD_COMPRESSION, 3: TOO_LARGE})
    assert list(unpack_shares(payloads)) == [expected]


def test_payloads_that_are_too_much_together_come_in_shares() -> None:
    """Each within the bound, or of one payload; nothing of the others' lines is in memory meanwhile."""
    bomb = gzip.compress(LINES.ljust(UNPACKED_BYTES_MAX, b"\n"))
    payloads = [bomb] * (2 * SHARE_BYTES_MAX // UNPACKED_BYTES_MAX + 1)
    shares = list(unpack_shares(payloads))
    assert [share.first for share in shares] == [0, 16, 32]
    assert sum(len(share.contents) for share in shares) == len(payloads)
    messages = [Message(device=at, received_us=at, payload=payload) for at, payload in enumerate([*payloads, b"junk"])]
    decoded = decode(messages)
    alone = [decode([message]) for message in messages]
    assert decoded.fixes.rows() == [row for each in alone for row in each.fixes.rows()]
    assert decoded.begins.tolist() == [begin for each in alone for begin in each.begins.tolist()]
    assert decoded.counts == {key: count for each in alone for key, count in each.counts.items()}
    assert [(reject.message, reject.raw) for reject in decoded.rejects] == [(len(payloads), b"junk")]


def test_a_cut_payload_is_a_reject_beside_its_fixes() -> None:
    packed = gzip.compress(LINES)[:-1]
    decoded = decode([Message(device=5, received_us=6, payload=packed)])
    assert decoded.fixes.seq.tolist() == list(range(1, 200))
    (reject,) = decoded.rejects
    assert (reject.reason, reject.raw, reject.at) == (BAD_COMPRESSION, packed[:256], 0)
    assert decoded.counts == {(5, BAD_COMPRESSION): 1}
