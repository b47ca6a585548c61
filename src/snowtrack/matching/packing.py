"""Records of many devices to one row of bytes, device by device, and back."""

from snowtrack.compiled import Array, compiled, part


@compiled
def unpack(content: Array, sizes: Array, fixes: Array, columns: Array, states: Array) -> None:
    """Take contents apart, device by device: their fixes, columns and states."""
    at = fix = column = state = 0
    for device in range(len(sizes)):
        fix = _copy(content, at, fixes, fix, sizes[device, 0])
        at += sizes[device, 0]
        column = _copy(content, at, columns, column, sizes[device, 1])
        at += sizes[device, 1]
        state = _copy(content, at, states, state, sizes[device, 2])
        at += sizes[device, 2]


@compiled
def pack(content: Array, spans: Array, fixes: Array, columns: Array, states: Array) -> None:
    """Put contents together, device by device."""
    at = 0
    for device in range(len(spans)):
        at = _copy(fixes, spans[device, 0], content, at, spans[device, 1] - spans[device, 0])
        at = _copy(columns, spans[device, 2], content, at, spans[device, 3] - spans[device, 2])
        at = _copy(states, spans[device, 4], content, at, spans[device, 5] - spans[device, 4])


@part
def _copy(source: Array, start: int, target: Array, at: int, count: int) -> int:
    """Copy some bytes; where the next ones go. By slices: an index that may be negative is looked at each time."""
    own, room = source[start : start + count], target[at : at + count]
    for byte in range(count):
        room[byte] = own[byte]
    return at + count
