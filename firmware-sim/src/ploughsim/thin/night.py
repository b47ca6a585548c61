"""One night: the world, its clock, and the file from which both go on after a stop of any kind.

The file names a lease: no epoch after it is made before the file has been written again. After a kill the world runs
on to the end of its lease with the trackers off, so that no instant is ever reported twice.
"""

import os
from pathlib import Path
from typing import Any

import orjson

from ploughsim.errors import StateError
from ploughsim.thin.world import World

_FORMAT = 1
_LEASE_S = 10
# After a stall of the machine the world does not try to catch up with more than this.
_ELAPSED_S_MAX = 1.0


class Night:
    """Simulated time runs `speed` times as fast as real time until it reaches the clock on the wall."""

    def __init__(self, world: World, path: Path, *, speed: float, rate_hz: int) -> None:
        self.world = world
        self.time_ms = 0
        self._path = path
        self._speed = speed
        self._rate_hz = rate_hz
        self._credit = 0.0
        self._lease_end = 0
        self._caught_up = False

    def resume(self, earliest_ms: int) -> None:
        """Goes on where the file says, or later: never before `earliest_ms`."""
        earliest_ms = earliest_ms // 1000 * 1000
        saved = _read(self._path)
        self.time_ms = max(earliest_ms, saved["resume_ms"] if saved else 0)
        # A night of other roads or another fleet cannot go on, but time does.
        if saved and saved["identity"] == self.world.identity:
            self.world.restore(saved["world"])
            for _ in range(saved["lease_ticks"]):
                self.world.step()
            self.world.stand_still((self.time_ms - saved["resume_ms"]) * self._rate_hz // 1000)
        self._lease_end = self.world.tick

    def due(self, elapsed_s: float, wall_ms: int) -> int:
        """How many epochs are due `elapsed_s` after the last call; none may be later than the wall says."""
        self._credit += min(elapsed_s, _ELAPSED_S_MAX) * self._speed * self._rate_hz
        possible = max(0, (wall_ms - self.time_ms) * self._rate_hz // 1000)
        self._caught_up = possible <= self._credit
        if self._caught_up:
            self._credit = 0.0
            return possible
        due = int(self._credit)
        self._credit -= due
        return due

    def step(self) -> None:
        if self.world.tick >= self._lease_end:
            pace = 1.0 if self._caught_up else self._speed
            self._lease_end = self.world.tick + max(1, round(_LEASE_S * pace * self._rate_hz))
            self._write()
        self.world.step()
        self.time_ms += 1000 // self._rate_hz

    def close(self) -> None:
        """Gives back what is left of the lease."""
        self._lease_end = self.world.tick
        self._write()

    def _write(self) -> None:
        lease_ticks = self._lease_end - self.world.tick
        content = {
            "format": _FORMAT,
            "identity": self.world.identity,
            "lease_ticks": lease_ticks,
            "resume_ms": self.time_ms + lease_ticks * 1000 // self._rate_hz,
            "world": self.world.state(),
        }
        fresh = self._path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.write(orjson.dumps(content))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        saved = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except orjson.JSONDecodeError as error:
        raise StateError(f"{path}: {error}; remove the file to start a new night") from error
    if not isinstance(saved, dict) or saved.get("format") != _FORMAT:
        raise StateError(f"{path}: not of this plough-sim; remove the file to start a new night")
    return saved
