"""The clock of a night, and the file from which it goes on after a stop of any kind.

A night is a function of its start, so the file holds no more than that and a lease: no epoch after it is made before
the file has been written again. After a kill the night goes on at the end of its lease, with a power cut for every
tracker before it, so that no instant is ever reported twice.
"""

from pathlib import Path
from typing import Any

import orjson

from ploughsim.errors import StateError
from ploughsim.whole import write_whole

_FORMAT = 2
_KEYS = {"identity", "start_ms", "until_ms"}
_LEASE_S = 10
# After a stall of the machine the night does not try to catch up with more than this.
_ELAPSED_S_MAX = 1.0
_NEARLY_MS, _HURRY = 60_000, 5.0


class Pace:
    """Time runs at most `speed` times as fast as real time until it reaches the clock on the wall.

    `identity` is what must be equal for a night to go on; `start_ms` is when it began, `time_ms` the next instant.
    """

    def __init__(self, path: Path, identity: dict[str, Any], *, speed: float, step_ms: int) -> None:
        self.start_ms = self.time_ms = 0
        self._path, self._identity = path, identity
        self._speed, self._step_ms = speed, step_ms
        self._credit = 0.0
        self._lease_ms = 0
        self._wall_ms = 0

    def begin(self, earliest_ms: int) -> None:
        """Where the file says, or later: never before `earliest_ms`."""
        earliest_ms = earliest_ms // 1000 * 1000
        saved = _read(self._path)
        same = saved is not None and saved["identity"] == self._identity
        self.time_ms = max(earliest_ms, saved["until_ms"] if saved else 0)
        # A night of other roads or another fleet cannot go on, but time does.
        self.start_ms = saved["start_ms"] if saved and same else self.time_ms
        self._lease_ms = self.time_ms

    def due(self, elapsed_s: float, wall_ms: int) -> int:
        """How many steps are due `elapsed_s` after the last call; none may be later than the wall says."""
        # A start takes its time; what is little behind the clock hurries to it.
        nearly = self._speed >= 1 and wall_ms - self.time_ms < _NEARLY_MS
        speed = max(self._speed, _HURRY) if nearly else self._speed
        self._credit += min(elapsed_s, _ELAPSED_S_MAX) * speed * 1000 / self._step_ms
        possible = max(0, (wall_ms - self.time_ms) // self._step_ms + 1)
        self._wall_ms = wall_ms
        if possible <= self._credit:
            self._credit = 0.0
            return possible
        due = int(self._credit)
        self._credit -= due
        return due

    def go_on(self, steps: int) -> tuple[int, int]:
        """From when to when, with a lease that covers it."""
        first_ms, stop_ms = self.time_ms, self.time_ms + steps * self._step_ms
        if stop_ms > self._lease_ms:
            ahead_ms = 1000 * _LEASE_S
            by_the_wall_ms = max(stop_ms, self._wall_ms) + ahead_ms
            self._lease_ms = min(stop_ms + round(ahead_ms * max(self._speed, 1.0)), by_the_wall_ms)
            self._write(self._lease_ms)
        self.time_ms = stop_ms
        return first_ms, stop_ms

    def close(self) -> None:
        """Give back what is left of the lease."""
        self._write(self.time_ms)

    def _write(self, until_ms: int) -> None:
        content = {"format": _FORMAT, "identity": self._identity, "start_ms": self.start_ms, "until_ms": until_ms}
        write_whole(self._path, orjson.dumps(content))


def _read(path: Path) -> dict[str, Any] | None:
    try:
        saved = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except orjson.JSONDecodeError as error:
        raise StateError(f"{path}: {error}; remove the file to start a new night") from error
    if not isinstance(saved, dict) or saved.get("format") != _FORMAT or not saved.keys() >= _KEYS:
        raise StateError(f"{path}: not of this plough-sim; remove the file to start a new night")
    return saved
