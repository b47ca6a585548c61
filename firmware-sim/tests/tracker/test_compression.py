"""Small windows compress what everyone can read."""

import gzip

from backports import zstd
from hypothesis import given
from hypothesis import strategies as st
from tracker.rows import FAMILY, row_of

from ploughsim.sentences.write import write_epoch
from ploughsim.tracker.compression import compress

_NIGHT = b"".join(write_epoch(row_of(37 * seq, boot=7, seq=seq, uptime_ms=1000 * seq), FAMILY) for seq in range(1, 101))


@given(st.binary(max_size=3000))
def test_what_was_compressed_comes_back(data: bytes) -> None:
    assert gzip.decompress(compress(data, "gzip")) == data
    assert zstd.decompress(compress(data, "zstd")) == data
    assert compress(data, "none") == data


def test_a_hundred_epochs_become_a_fourth() -> None:
    assert len(compress(_NIGHT, "gzip")) < len(_NIGHT) / 4
    assert len(compress(_NIGHT, "zstd")) < len(_NIGHT) / 4


def test_gzip_bears_no_time_so_that_the_same_night_gives_the_same_bytes() -> None:
    assert compress(_NIGHT, "gzip")[:10] == bytes.fromhex("1f8b0800000000000003")


def test_the_window_is_as_small_as_the_budget_says() -> None:
    """The third byte of the frame holds zstd's window: 1 KiB is 0."""
    frame = zstd.get_frame_info(compress(_NIGHT, "zstd"))
    assert frame.decompressed_size in (None, len(_NIGHT))
    assert _window_bytes(compress(_NIGHT, "zstd")) <= 1 << 10


def _window_bytes(frame: bytes) -> int:
    descriptor = frame[4]
    assert not descriptor & 0x20, "in one segment: then the content is the window"
    exponent, mantissa = frame[5] >> 3, frame[5] & 7
    return (1 << 10 + exponent) * (8 + mantissa) // 8
