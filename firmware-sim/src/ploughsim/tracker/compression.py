"""Payloads made smaller within a microcontroller's memory: small windows, which hold ten epochs and need no more."""

import zlib
from typing import Any

from backports import zstd

_DEFLATE_BITS, _DEFLATE_LEVEL, _DEFLATE_MEMORY = 11, 6, 4
_GZIP_FRAME = 16
_OF = zstd.CompressionParameter
_ZSTD: dict[int, Any] = {
    _OF.window_log: 10,
    _OF.hash_log: 7,
    _OF.chain_log: 6,
    _OF.search_log: 1,
    _OF.min_match: 4,
    _OF.target_length: 0,
    _OF.strategy: zstd.Strategy.fast,
}
# zlib's zconf.h: window and chains, then the codes, and the state. For zstd it is what libzstd 1.5.4 answers to
# ZSTD_estimateCCtxSize_usingCParams with these parameters.
MEMORY_BYTES = {
    "none": 0,
    "gzip": (1 << _DEFLATE_BITS + 2) + (1 << _DEFLATE_MEMORY + 9) + 6 * 1024,
    "zstd": 29_856,
}


def compress(data: bytes, how: str) -> bytes:
    """The same data gives the same bytes: gzip without a time."""
    if how == "gzip":
        deflate = zlib.compressobj(_DEFLATE_LEVEL, zlib.DEFLATED, _GZIP_FRAME + _DEFLATE_BITS, _DEFLATE_MEMORY)
        return deflate.compress(data) + deflate.flush()
    if how == "zstd":
        return zstd.compress(data, options=_ZSTD)
    return data
