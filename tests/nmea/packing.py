"""How a tracker may pack its backlog: gzip and zstd of the standard library, by whatever name this Python has it."""

import gzip
import sys
from collections.abc import Callable, Mapping, Sequence

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PACKERS: Mapping[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "zstd": zstd.compress}


def in_two(pack: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """As two members or frames behind one another."""
    return lambda content: pack(content[: len(content) // 2]) + pack(content[len(content) // 2 :])


def zstd_with_checksum(content: bytes) -> bytes:
    """With the checksum that a frame of zstd may have and seldom has."""
    return zstd.compress(content, options={zstd.CompressionParameter.checksum_flag: 1})


def zstd_in_blocks(parts: Sequence[bytes]) -> bytes:
    """One frame, each part a block of its own; only whole blocks can be read."""
    packer = zstd.ZstdCompressor()
    return b"".join([*(packer.compress(part, packer.FLUSH_BLOCK) for part in parts), packer.flush()])


def zstd_with_window(content: bytes, window_log: int) -> bytes:
    """A frame that asks its reader to keep so much behind it."""
    packer = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: window_log})
    return packer.compress(content) + packer.flush()
