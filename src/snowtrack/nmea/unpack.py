"""Payloads as they were sent to plain lines: gzip and zstd, known by their first bytes, up to a bound.

What was cut off gives its beginning; what would grow beyond the bound gives nothing, so that a few kilobytes cannot
fill the memory.
"""

import sys
import zlib

from snowtrack.model.fixes import RejectReason

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PAYLOAD_BYTES_MAX = 256 * 1024
UNPACKED_BYTES_MAX = 4 * 1024 * 1024
ZstdError, ZstdFile = zstd.ZstdError, zstd.ZstdFile
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
FIRST_BYTES = {GZIP[:1], ZSTD[:1]}
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_ZSTD_OPTIONS = {int(zstd.DecompressionParameter.window_log_max): 22}


def unpack_all(payloads: list[bytes]) -> tuple[list[bytes], dict[int, RejectReason]]:
    """The lines of each payload, and what was wrong with some, by their places."""
    contents, faults = payloads.copy(), dict[int, RejectReason]()
    if (
        FIRST_BYTES.isdisjoint({payload[:1] for payload in payloads})
        and max(map(len, payloads), default=0) <= PAYLOAD_BYTES_MAX
    ):
        return contents, faults  # as nearly always
    for place, payload in enumerate(payloads):
        if payload[:1] in FIRST_BYTES or len(payload) > PAYLOAD_BYTES_MAX:
            contents[place], fault = unpack(payload)
            if fault is not None:
                faults[place] = fault
    return contents, faults


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
