"""Pieces of the serial line against a plain reading of it."""

import re
from functools import reduce
from operator import xor

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ploughsim.tracker.lines import find_pieces

_BITS = [
    b"$",
    b"\n",
    b"\r\n",
    b"*",
    b"$GPGLL,1*4D\r\n",
    b"$GPGLL,1*4d\r\n",
    b"*4D\r\n",
    b"GPGLL,1",
    b"$*00\r\n",
    b"*0g\r\n",
]
_LINES = st.lists(st.sampled_from(_BITS) | st.binary(max_size=6), max_size=20).map(b"".join)


def _found(data: bytes) -> list[tuple[bytes, bool]]:
    ends, good = np.empty(len(data), dtype=np.int64), np.empty(len(data), dtype=np.bool_)
    count = find_pieces(np.frombuffer(data, dtype=np.uint8), ends, good)
    starts = [0, *ends[:count].tolist()]
    return [(data[start:end], bool(is_good)) for start, end, is_good in zip(starts, starts[1:], good, strict=False)]


def _is_good(piece: bytes) -> bool:
    match = re.fullmatch(rb"\$([^*]*)\*([0-9A-Fa-f]{2})\r\n", piece)
    return match is not None and int(match[2], 16) == reduce(xor, match[1], 0)


@given(_LINES)
def test_a_piece_ends_with_a_line_or_where_a_sentence_begins(data: bytes) -> None:
    pieces = re.findall(rb"(?s)\$?[^$\n]*(?:\n|(?=\$))", data)
    expected = [piece for piece in pieces if piece]
    assert [piece for piece, _ in _found(data)] == expected


@given(_LINES)
def test_a_good_piece_is_a_sentence_with_its_checksum_and_its_end(data: bytes) -> None:
    assert all(good == _is_good(piece) for piece, good in _found(data))


def test_a_sentence_is_good_whatever_was_lost_before_it() -> None:
    assert _found(b"GPGLL,1*4D\r$GPGLL,1*4D\r\n$GP") == [(b"GPGLL,1*4D\r", False), (b"$GPGLL,1*4D\r\n", True)]
