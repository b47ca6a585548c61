"""Bytes to sentences for the NMEA oracle: regular expressions over lines.

A payload is cut into lines, a line into blanks, frames, tag blocks and junk. Why a frame is no sentence has a reason.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from operator import xor

from snowtrack.model.fixes import RejectReason

TEXT_BYTES_MAX = 256
RAW_BYTES_KEPT = 256
LINE = re.compile(rb"[^\r\n]+")
COMMENT = re.compile(rb"[\x00-\x20]*#")
PIECE = re.compile(
    rb"""
      (?P<blank> [\x00-\x20]+)
    | (?P<frame> [$!] (?P<text> [^*$]*) (?: [*] (?: (?P<checksum> [0-9A-Fa-f]{2}) | (?P<torn> [^$]*)))?)
    | (?P<tag>   \\ [^\x00-\x20\\$]* \\)
    | (?P<junk>  [^$!]+)
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A whole sentence, or (with a reason) what is none. `raw` is as it came, `text` what the checksum covers."""

    at: int
    raw: bytes
    text: bytes = b""
    checked: bool = True
    reason: RejectReason | None = None

    @property
    def is_private(self) -> bool:
        return self.raw[:2] == b"$P"


def pieces(payload: bytes, lenient: bool) -> Iterator[Piece]:
    """All that stands in a payload and means something, in order."""
    for line in LINE.finditer(payload):
        if COMMENT.match(line[0]):
            continue
        ended = line.end() < len(payload)
        for found in PIECE.finditer(line[0]):
            at, raw = line.start() + found.start(), found[0]
            if found["junk"]:
                yield Piece(at, raw, reason=RejectReason.NO_START)
            elif found["frame"]:
                last_of_line = found.end() == len(line[0])
                reason = _fault(found, torn_off=last_of_line and not ended, lenient=lenient and last_of_line and ended)
                yield Piece(at, raw, found["text"], found["checksum"] is not None, reason)


def _fault(frame: re.Match[bytes], *, torn_off: bool, lenient: bool) -> RejectReason | None:
    """`torn_off`: the payload ends with it. `lenient`: it may come without a checksum."""
    text, checksum = frame["text"], frame["checksum"]
    if len(text) > TEXT_BYTES_MAX:
        return RejectReason.TOO_LONG
    if not all(0x20 <= byte <= 0x7E for byte in text):
        return RejectReason.NOT_ASCII
    if checksum is not None:
        return None if int(checksum, 16) == reduce(xor, text, 0) else RejectReason.BAD_CHECKSUM
    if frame["torn"] is not None:
        return RejectReason.NO_CHECKSUM if torn_off else RejectReason.BAD_CHECKSUM
    return None if lenient else RejectReason.NO_CHECKSUM
