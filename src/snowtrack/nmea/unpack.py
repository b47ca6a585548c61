"""Payloads as they were sent to plain lines: gzip and zstd, known by their first bytes, up to a bound.

What was cut off gives its beginning; what would grow beyond the bound gives nothing, so that a few kilobytes cannot
fill the memory.
"""

import sys
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from snowtrack.model.fixes import RejectReason

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PAYLOAD_BYTES_MAX = 256 * 1024
UNPACKED_BYTES_MAX = 1024 * 1024
SHARE_BYTES_MAX = 16 * 1024 * 1024
ZstdError, ZstdFile = zstd.ZstdError, zstd.ZstdFile
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
FIRST_BYTES = {GZIP[:1], ZSTD[:1]}
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_ZSTD_OPTIONS = {int(zstd.DecompressionParameter.window_log_max): 22}


class Share(NamedTuple):
    """Some payloads behind one another: the place of the first, the lines of each, and what was wrong with some."""

    first: int
    contents: list[bytes]
    faults: dict[int, RejectReason]


def unpack_shares(payloads: list[bytes]) -> Iterator[Share]:
    """The lines of all payloads, in shares that a decoder can hold at once; nearly always there is one."""
    longest, plain = max(map(len, payloads), default=0), FIRST_BYTES.isdisjoint({payload[:1] for payload in payloads})
    if plain and longest <= PAYLOAD_BYTES_MAX and sum(map(len, payloads)) <= SHARE_BYTES_MAX:
        yield Share(0, payloads, {})
        return
    share, size = Share(0, [], {}), 0
    for place, payload in enumerate(payloads):
        content, fault = unpack(payload)
        if share.contents and size + len(content) > SHARE_BYTES_MAX:
            yield share
            share, size = Share(place, [], {}), 0
        if fault is not None:
            share.faults[len(share.contents)] = fault
        share.contents.append(content)
        size += len(content)
    yield share


def unpack(payload: bytes) -> tuple[bytes, RejectReason | None]:
    """The lines of a payload, and what was wrong with it."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        return b"", RejectReason.TOO_LARGE
    if not payload.startswith((GZIP, ZSTD)):
        return payload, None
    plain, whole = _inflate(payload)
    if len(plain) > UNPACKED_BYTES_MAX:
        return b"", RejectReason.TOO_LARGE
    return plain, None if whole else RejectReason.BAD_COMPRESSION


def _inflate(payload: bytes) -> tuple[bytes, bool]:
    """All members or frames behind one another; at most one byte more than is allowed. Whether the end was right."""
    plain = bytearray()
    while payload and len(plain) <= UNPACKED_BYTES_MAX:
        room = UNPACKED_BYTES_MAX + 1 - len(plain)
        gzip = payload.startswith(GZIP)
        decompressor = zlib.decompressobj(_GZIP_WINDOW) if gzip else zstd.ZstdDecompressor(options=_ZSTD_OPTIONS)
        try:
            plain += decompressor.decompress(payload, room)
        except (zlib.error, ZstdError):
            return bytes(plain), False
        if not decompressor.eof:
            return bytes(plain), False
        payload = decompressor.unused_data
    return bytes(plain), True
