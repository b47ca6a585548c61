"""Bytes to frames: whole sentences with a right checksum, cut into fields. Everything else is a reason.

A frame begins at `$` or `!` and ends where its line does, or where the next `$` begins. One that was cut off anywhere
lacks its checksum and so can never give a wrong value. Between frames stand blanks, NULs, comment lines (`#`), tag
blocks (`\\…\\`), and junk.
"""

from typing import NamedTuple

import numpy as np

from snowtrack.compiled import compiled, part
from snowtrack.model.columns import Bools, Int32s, Int64s, UInt8s
from snowtrack.model.fixes import RejectReason

LINE_BYTES_MAX = 256
FIELDS_MAX = 64
LF, CR, BLANK, BANG, HASH, DOLLAR, STAR, COMMA, BACKSLASH = 10, 13, 32, 33, 35, 36, 42, 44, 92
NO_START, NOT_ASCII, TOO_LONG = int(RejectReason.NO_START), int(RejectReason.NOT_ASCII), int(RejectReason.TOO_LONG)
NO_CHECKSUM, BAD_CHECKSUM = int(RejectReason.NO_CHECKSUM), int(RejectReason.BAD_CHECKSUM)
WHOLE, UNCHECKED = 0, -1
"""What a frame can be that is not rejected."""


class Payloads(NamedTuple):
    """Payloads behind one another, with a word more at the end so that words can be read anywhere.

    `lenient`: frames without a checksum are taken if their line is whole. `adapter`: number of the adapter table.
    """

    data: UInt8s
    starts: Int64s
    lenient: Bools
    adapter: Int64s


class Frames(NamedTuple):
    """Whole frames. The fields of one end at the places from its `fields_from` up to that of the next."""

    payload: Int64s
    at: Int64s
    digest: Int64s
    unchecked: Bools
    fields_from: Int64s
    field_ends: Int32s


class Rejected(NamedTuple):
    """What was rejected as far as there is room, and how often by payload and reason."""

    payload: Int64s
    at: Int64s
    to: Int64s
    reason: Int64s
    counts: Int64s


@compiled
def find_frames(payloads: Payloads, frames: Frames, rejected: Rejected) -> tuple[int, int]:
    """Fill both; how many of each there are (rejects: perhaps more than there was room for)."""
    data = payloads.data
    count, rejects, fields = 0, 0, 0
    frames.fields_from[0] = 0
    for payload in range(len(payloads.starts) - 1):
        at, end = payloads.starts[payload], payloads.starts[payload + 1]
        opening = True
        while at < end:
            byte = data[at]
            if byte <= BLANK:
                opening = opening or byte in (LF, CR)
                at += 1
                continue
            if byte in (DOLLAR, BANG):
                to, fields_to = split(data, at + 1, end, frames.field_ends, fields)
                reason, after, digest = judge(data, at + 1, to, end)
                if reason == WHOLE or (reason == UNCHECKED and payloads.lenient[payload]):
                    frames.payload[count], frames.at[count], frames.digest[count] = payload, at, digest
                    frames.unchecked[count] = reason == UNCHECKED
                    count, fields = count + 1, fields_to
                    frames.fields_from[count] = fields
                    reason = WHOLE
                elif reason == UNCHECKED:
                    reason = NO_CHECKSUM
            else:
                reason, after = pass_over(data, at, end, opening)
            if reason != WHOLE:
                rejected.counts[payload, reason] += 1
                if rejects < len(rejected.reason):
                    rejected.payload[rejects], rejected.reason[rejects] = payload, reason
                    rejected.at[rejects], rejected.to[rejects] = at, after
                rejects += 1
            at, opening = after, False
    return count, rejects


@part
def split(data: UInt8s, at: int, end: int, field_ends: Int32s, fields: int) -> tuple[int, int]:
    """Where the text of a frame ends, and where the ends of its fields do."""
    fields_max = fields + FIELDS_MAX - 1
    while at < end:
        byte = data[at]
        if byte <= COMMA:
            if byte == COMMA:
                if fields < fields_max:
                    field_ends[fields] = at
                    fields += 1
            elif byte in (STAR, LF, CR, DOLLAR):
                break
        at += 1
    field_ends[fields] = at
    return at, fields + 1


@part
def judge(data: UInt8s, at: int, to: int, end: int) -> tuple[int, int, int]:
    """What is wrong with the frame whose text lies from `at` to `to`, where reading goes on, and the text's digest."""
    checksum, digest, printable = digest_text(data, at, to)
    if to < end and data[to] == STAR:
        high = hexadecimal(data[to + 1]) if to + 1 < end else -1
        low = hexadecimal(data[to + 2]) if to + 2 < end else -1
        if high < 0 or low < 0:
            after = end_of_line(data, to, end)
            reason = BAD_CHECKSUM if after < end else NO_CHECKSUM
        else:
            after = to + 3
            reason = WHOLE if high * 16 + low == checksum else BAD_CHECKSUM
    else:
        after = to
        reason = UNCHECKED if to < end and data[to] != DOLLAR else NO_CHECKSUM
    if to - at > LINE_BYTES_MAX:
        reason = TOO_LONG
    elif not printable:
        reason = NOT_ASCII
    return reason, after, digest


@part
def digest_text(data: UInt8s, at: int, to: int) -> tuple[int, int, bool]:
    """The XOR of all bytes, their MurmurHash64A (Austin Appleby), and whether all are printable ASCII."""
    multiplier = np.uint64(0xC6A4A7935BD1E995)
    hashed = np.uint64(to - at) * multiplier
    blanks, ones = np.uint64(0x2020202020202020), np.uint64(0x0101010101010101)
    folded, strange = np.uint64(0), np.uint64(0)
    while at < to:
        word = np.uint64(0)
        for byte in range(8):
            word |= np.uint64(data[at + byte]) << np.uint64(8 * byte)
        shown = word
        if to - at < 8:
            beyond = ~np.uint64(0) << np.uint64(8 * (to - at))
            word, shown = word & ~beyond, word & ~beyond | blanks & beyond
            hashed = (hashed ^ word) * multiplier
        else:
            mixed = word * multiplier
            hashed = (hashed ^ ((mixed ^ (mixed >> np.uint64(47))) * multiplier)) * multiplier
        folded ^= word
        strange |= shown | (shown - blanks) | (shown + ones)
        at += 8
    hashed = (hashed ^ (hashed >> np.uint64(47))) * multiplier
    hashed ^= hashed >> np.uint64(47)
    folded ^= folded >> np.uint64(32)
    folded ^= folded >> np.uint64(16)
    folded ^= folded >> np.uint64(8)
    printable = strange & np.uint64(0x8080808080808080) == np.uint64(0)
    return int(folded & np.uint64(0xFF)), int(np.int64(hashed)), bool(printable)


@part
def hexadecimal(byte: int) -> int:
    """The value of a hexadecimal digit of either case, or -1."""
    if 48 <= byte <= 57:
        return byte - 48
    if 65 <= byte <= 70:
        return byte - 55
    if 97 <= byte <= 102:
        return byte - 87
    return -1


@part
def end_of_line(data: UInt8s, at: int, end: int) -> int:
    """Where this line ends or the next frame begins."""
    while at < end and data[at] != LF and data[at] != CR and data[at] != DOLLAR:
        at += 1
    return at


@part
def pass_over(data: UInt8s, at: int, end: int, opening: bool) -> tuple[int, int]:
    """What stands between frames: a reason if it is junk, and where it ends. A comment may hold anything."""
    if opening and data[at] == HASH:
        while at < end and data[at] != LF and data[at] != CR:
            at += 1
        return WHOLE, at
    if data[at] == BACKSLASH:
        closing = at + 1
        while closing < end and data[closing] > BLANK and data[closing] not in (BACKSLASH, DOLLAR):
            closing += 1
        if closing < end and data[closing] == BACKSLASH:
            return WHOLE, closing + 1
    after = at
    while after < end and data[after] != LF and data[after] != CR and data[after] != DOLLAR and data[after] != BANG:
        after += 1
    return NO_START, after
