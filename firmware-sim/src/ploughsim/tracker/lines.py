"""The serial line cut into pieces: each ends with a line, or where the next sentence begins. Compiled."""

from ploughsim.compiled import Array, compiled, part

_LF, _CR, _DOLLAR, _STAR = 10, 13, 36, 42
# "$", "*", two digits, CR, LF.
_BYTES_MIN = 6


@compiled
def find_pieces(data: Array, ends: Array, good: Array) -> int:
    """How many pieces have ended; a good one is a sentence with its checksum, CR and LF."""
    count, start, checksum, star = 0, 0, 0, -1
    for at in range(len(data)):
        byte = int(data[at])
        if byte == _LF or (byte == _DOLLAR and at > start):
            ends[count] = at + 1 if byte == _LF else at
            good[count] = is_good(data[start : at + 1], star - start, checksum)
            start, checksum, star = ends[count], 0, -1
            count += 1
        elif byte == _STAR and star < 0:
            star = at
        elif star < 0 and byte != _DOLLAR:
            checksum ^= byte
    return count


@part
def is_good(piece: Array, star: int, checksum: int) -> bool:
    size = len(piece)
    if size < _BYTES_MIN or piece[0] != _DOLLAR or star != size - 5 or piece[-2] != _CR or piece[-1] != _LF:
        return False
    return hexadecimal(piece[star + 1]) * 16 + hexadecimal(piece[star + 2]) == checksum


@part
def hexadecimal(byte: int) -> int:
    """Of a digit in either case; far below nothing for what is none."""
    if 48 <= byte <= 57:
        return int(byte) - 48
    if 65 <= byte <= 70 or 97 <= byte <= 102:
        return (int(byte) & 0x5F) - 55
    return -1000
