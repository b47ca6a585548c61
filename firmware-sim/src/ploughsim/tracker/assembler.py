"""The serial line: bytes as they come become lines, and lines the epochs of the receiver.

An epoch ends with the last kind of sentence that is kept, before the first kind, before a kind that it has already or
another time of day, or when the line falls silent. A broken line is kept as it came, a bad checksum and all, so that
the engine sees what the tracker saw; only good lines of other kinds are left out. Everything is bounded.
"""

from typing import NamedTuple

import numpy as np

from ploughsim.sentences.families import FAMILIES, Kind
from ploughsim.tracker.lines import find_pieces

LINE_BYTES_MAX = 256
EPOCH_BYTES_MAX = 1024
# With nothing on the line for so long an epoch is over, or what is no whole line or epoch will never be.
_SILENCE_MS = 250
_HOPELESS_MS = 2000
_LINE_END = b"\r\n"
_KEPT = (Kind.RMC, Kind.GGA)
# These come several times in an epoch; these have their time of day in another field than the first.
_MANY = (Kind.GSA, Kind.GSV)
_TIME_FIELD = {Kind.RMC: 1, Kind.GGA: 1, Kind.GNS: 1, Kind.ZDA: 1, Kind.GLL: 5}
_KINDS = {kind.name.encode(): kind for kind in Kind}


class Heard(NamedTuple):
    """An epoch as the receiver sent it, its time of day as text, and when its first line had come."""

    text: bytes
    time: bytes
    uptime_ms: int


class Assembler:
    def __init__(self, family: int, *, everything: bool) -> None:
        """It keeps every kind of sentence, or what all trackers keep."""
        order = FAMILIES[family].order
        self._wanted = tuple(kind for kind in order if everything or kind in _KEPT)
        self._everything = everything
        self.dropped_bytes = 0
        self._partial = b""
        self._text = b""
        self._kinds: set[Kind] = set()
        self._time = b""
        self._began_ms = 0
        self._heard_ms = 0

    def feed(self, data: bytes, uptime_ms: int) -> list[Heard]:
        """The epochs that are over now. Without data it only looks at the clock."""
        done: list[Heard] = []
        self._look_at_the_clock(done, uptime_ms)
        if not data:
            return done
        self._heard_ms = uptime_ms
        rest = self._take_pieces(done, self._partial + data, uptime_ms)
        # Of a line without an end no more than a line's bytes.
        self.dropped_bytes += max(0, len(rest) - LINE_BYTES_MAX)
        self._partial = rest[:LINE_BYTES_MAX]
        return done

    @property
    def waiting_bytes(self) -> int:
        return len(self._partial) + len(self._text)

    def _look_at_the_clock(self, done: list[Heard], uptime_ms: int) -> None:
        silent_ms = uptime_ms - self._heard_ms
        if silent_ms >= _HOPELESS_MS:
            if self._partial:
                self._take_pieces(done, self._partial + _LINE_END, self._heard_ms)
                self._partial = b""
            self._end(done)
        elif silent_ms >= _SILENCE_MS and self._kinds and not self._partial:
            self._end(done)

    def _take_pieces(self, done: list[Heard], data: bytes, uptime_ms: int) -> bytes:
        """What is left has not ended yet."""
        ends, good = np.empty(len(data), dtype=np.int64), np.empty(len(data), dtype=np.bool_)
        count = find_pieces(np.frombuffer(data, dtype=np.uint8), ends, good)
        start = 0
        for end, is_good in zip(ends[:count].tolist(), good[:count].tolist(), strict=True):
            self._take(done, data[start:end], is_good, uptime_ms)
            start = end
        return data[start:]

    def _take(self, done: list[Heard], line: bytes, is_good: bool, uptime_ms: int) -> None:
        kind = _KINDS.get(line[3:6]) if is_good else None
        if is_good and kind not in self._wanted and not self._everything:
            return
        if line[-1:] != b"\n" or len(line) > LINE_BYTES_MAX:
            room = LINE_BYTES_MAX - len(_LINE_END)
            self.dropped_bytes += max(0, len(line) - room)
            line = line[:room] + _LINE_END
        time = line.split(b",", 6)[_TIME_FIELD[kind]] if kind in _TIME_FIELD else b""
        if self._kinds and self._is_of_the_next(kind, time):
            self._end(done)
        if kind not in _MANY:
            self._make_room(len(line))
        self._add(line, uptime_ms)
        if kind:
            self._kinds.add(kind)
            self._time = self._time or time
            if kind is self._wanted[-1] and kind not in _MANY:
                self._end(done)

    def _is_of_the_next(self, kind: Kind | None, time: bytes) -> bool:
        again = kind in self._kinds and kind not in _MANY
        return kind is self._wanted[0] or again or bool(time and self._time and time != self._time)

    def _make_room(self, size: int) -> None:
        """For other sentences those that come in many lines are given up, the last ones first."""
        lines = self._text.splitlines(keepends=True)
        for at in reversed(range(len(lines))):
            if len(self._text) + size <= EPOCH_BYTES_MAX:
                return
            if _KINDS.get(lines[at][3:6]) in _MANY:
                self.dropped_bytes += len(lines.pop(at))
                self._text = b"".join(lines)

    def _add(self, line: bytes, uptime_ms: int) -> None:
        if len(self._text) + len(line) > EPOCH_BYTES_MAX:
            self.dropped_bytes += len(line)
            return
        if not self._text:
            self._began_ms = uptime_ms
        self._text += line

    def _end(self, done: list[Heard]) -> None:
        if self._text:
            done.append(Heard(self._text, self._time, self._began_ms))
        self._text, self._time = b"", b""
        self._kinds.clear()
