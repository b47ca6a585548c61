"""The fixed-lag window: one device's newest fixes in observed order.

A fix stays until the newest one is `lag_us` younger, so that whatever comes late within the lag takes its place. What
leaves the window leaves it in order and for good; a fix that belongs before it is late, and makes its stretch dirty.
"""

from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from snowtrack.model.tracks import DirtyStretch


class Pending(NamedTuple):
    """A row of an `ObservedBatch`, ordered by its first four fields."""

    observed_us: int
    boot: int
    seq: int
    digest: int
    device: int
    received_us: int
    lat_e7: int
    lon_e7: int
    speed_mmps: int
    course_cdeg: int
    blade: int


class Released(NamedTuple):
    """A fix that left the window, and when its track began."""

    fix: Pending
    track_us: int


@dataclass(slots=True)
class Window:
    """One device. `newest_us` never goes back; `provisional` says that the tail was released before its time."""

    lag_us: int
    cut_us: int
    pending: list[Pending] = field(default_factory=list)
    newest_us: int = 0
    heard_us: int = 0
    track_us: int = 0
    released: tuple[int, int, int, int] | None = None
    provisional: bool = False

    def add(self, fix: Pending) -> DirtyStretch | None:
        """Take a fix in; say so when the passes made so far no longer hold."""
        self.heard_us = max(self.heard_us, fix.received_us)
        self.newest_us = max(self.newest_us, fix.observed_us)
        late = self.released is not None and fix[:4] < self.released
        resumed = self.provisional and not self._opens_track(fix)
        if not late:
            insort(self.pending, fix)
            self.provisional = False
        if late or resumed:
            return DirtyStretch(device=fix.device, from_us=fix.observed_us, to_us=fix.observed_us)
        return None

    def release(self) -> list[Released]:
        """What is older than the lag."""
        horizon = self.newest_us - self.lag_us
        count = next((at for at, fix in enumerate(self.pending) if fix.observed_us > horizon), len(self.pending))
        return self._release(count)

    def flush(self) -> list[Released]:
        """Everything, before its time: the device is silent. Any later fix of this track makes it dirty."""
        self.provisional = True
        return self._release(len(self.pending))

    def _release(self, count: int) -> list[Released]:
        leaving, self.pending = self.pending[:count], self.pending[count:]
        return [self._place(fix) for fix in leaving]

    def _place(self, fix: Pending) -> Released:
        if self._opens_track(fix):
            self.track_us = fix.observed_us
        self.released = fix[:4]
        return Released(fix, self.track_us)

    def _opens_track(self, fix: Pending) -> bool:
        return self.released is None or fix.observed_us - self.released[0] > self.cut_us

    def snapshot(self) -> dict[str, Any]:
        return {
            "newest_us": self.newest_us,
            "heard_us": self.heard_us,
            "track_us": self.track_us,
            "released": None if self.released is None else list(self.released),
            "provisional": self.provisional,
            "pending": [list(fix) for fix in self.pending],
        }

    def restore(self, kept: Mapping[str, Any]) -> None:
        self.newest_us, self.heard_us, self.track_us = kept["newest_us"], kept["heard_us"], kept["track_us"]
        self.released = None if kept["released"] is None else tuple(kept["released"])
        self.provisional = kept["provisional"]
        self.pending = [Pending(*fix) for fix in kept["pending"]]
