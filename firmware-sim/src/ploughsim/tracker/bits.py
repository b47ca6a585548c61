"""Numbers in the bits of a slot of flash, by a table: compiled, for thousands at a time.

A slot holds its kind and the fields of that kind, bit after bit, then bytes of text where there are any, then a CRC of
all that. Its very first bit is 1 until it is committed; the CRC takes it for 0. The table says of each field of each
kind how many bits it has, its lowest value, and the value that says nothing, for which all bits are set.
"""

from binascii import crc_hqx

import numpy as np

from ploughsim.compiled import Array, compiled, part

SLOT_BYTES = 45
CRC_AT = SLOT_BYTES - 2
COMMITTED = 0x7F
"""The bits of the first byte that stay."""
HEAD_BITS = 3
BLANK, UNCOMMITTED, BAD = -1, -2, -3
"""What else than a kind may be found: nothing; what a power cut left; a committed slot that is not what was written."""

_CRC_TABLE = np.array([crc_hqx(bytes([byte]), 0) for byte in range(256)], dtype=np.int64)


@compiled
def pack(table: Array, kind: int, values: Array, slot: Array) -> bool:
    """Write the fields of a kind into a slot of zeros and text, uncommitted; False if one of them does not fit."""
    slot[0] = kind << 5
    at = HEAD_BITS
    for number in range(table.shape[1]):
        bits = table[kind, number, 0]
        unsaid = (1 << bits) - 1
        word = unsaid
        if values[number] != table[kind, number, 2]:
            word = values[number] - table[kind, number, 1]
        if bits and (word < 0 or word > unsaid or (word == unsaid and values[number] != table[kind, number, 2])):
            return False
        at += bits
        put(slot, at, bits, word)
    crc = checksum(slot)
    slot[CRC_AT], slot[CRC_AT + 1] = crc >> 8, crc & 0xFF
    slot[0] |= 0x80
    return True


@compiled
def unpack(table: Array, slots: Array, values: Array, kinds: Array) -> None:
    """What each slot is, and its fields."""
    for row in range(len(slots)):
        slot = slots[row]
        kinds[row] = kind_of(slot)
        if kinds[row] < 0:
            continue
        at = HEAD_BITS
        for number in range(table.shape[1]):
            bits = table[kinds[row], number, 0]
            at += bits
            word = taken(slot, at, bits)
            values[row, number] = word + table[kinds[row], number, 1]
            if word == (1 << bits) - 1:
                values[row, number] = table[kinds[row], number, 2]


@part
def put(slot: Array, end: int, bits: int, word: int) -> None:
    """Set bits that end before the bit `end`."""
    while bits > 0:
        byte, above = (end - 1) // 8, 7 - (end - 1) % 8
        slot[byte] |= (word << above) & 0xFF
        count = min(bits, 8 - above)
        word >>= count
        bits -= count
        end -= count


@part
def taken(slot: Array, end: int, bits: int) -> int:
    """The number whose bits end before the bit `end`."""
    word = np.int64(0)
    for byte in range((end - bits) // 8, (end + 7) // 8):
        word = (word << 8) | np.int64(slot[byte])
    return int((word >> (-end % 8)) & ((np.int64(1) << bits) - 1))


@part
def kind_of(slot: Array) -> int:
    if slot[0] & 0x80:
        for byte in slot:
            if byte != 0xFF:
                return UNCOMMITTED
        return BLANK
    crc = (np.int64(slot[CRC_AT]) << 8) | np.int64(slot[CRC_AT + 1])
    return int(slot[0] >> 5) if checksum(slot) == crc else BAD


@part
def checksum(slot: Array) -> int:
    """CRC-16 as of `binascii.crc_hqx`."""
    crc = np.int64(0xFFFF)
    for at in range(CRC_AT):
        byte = slot[at] & COMMITTED if at == 0 else slot[at]
        crc = ((crc << 8) & 0xFFFF) ^ _CRC_TABLE[(crc >> 8) ^ byte]
    return int(crc)
