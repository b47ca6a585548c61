"""The fixed-lag window: one device's newest fixes in observed order.

A fix stays until the newest one is `lag_us` younger, so that whatever comes late within the lag takes its place. What
leaves the window leaves it in order and for good; a fix that belongs before it is late, and makes its stretch dirty.
"""

from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from snowtrack.matching.halves import Pending, are_halves, join_halves
from snowtrack.model.columns import ABSENT_64
from snowtrack.model.tracks import DirtyStretch

# Room for a lag at 10 Hz and more; a clock that stands still would fill the window without end.
PENDING_MAX = 1_000
# Of one instant so many are remembered, for their halves.
BESIDE_MAX = 16


class Released(NamedTuple):
    """A fix that left the window, when its track began, and whether that track had been settled provisionally."""

    fix: Pending
    track_us: int
    resumes: bool = False


@dataclass(slots=True)
class Window:
    """One device. `newest_us` never goes back; `provisional` says that the last one was released before its time."""

    lag_us: int
    cut_us: int
    pending: list[Pending] = field(default_factory=list)
    newest_us: int = 0
    heard_us: int = 0
    track_us: int = 0
    released: tuple[int, int, int, int] | None = None
    last: list[Pending] = field(default_factory=list)
    provisional: bool = False

    @property
    def unsettled(self) -> bool:
        """Whether a flush would change anything."""
        return bool(self.pending) or not self.provisional

    @property
    def settled_us(self) -> int:
        """The instant of the newest fix that left; 0 before the first."""
        return 0 if self.released is None else self.released[0]

    def begin(self, at_us: int) -> None:
        """Start with the track that begins at this instant: what is older is settled elsewhere, and comes late."""
        self.released, self.last, self.track_us = (at_us, ABSENT_64, ABSENT_64, ABSENT_64), [], at_us

    def add(self, fix: Pending) -> DirtyStretch | None:
        """Take a fix in; say so when the passes made so far no longer hold."""
        self.heard_us = max(self.heard_us, fix.received_us)
        self.newest_us = max(self.newest_us, fix.observed_us)
        if self._is_late(fix):
            return DirtyStretch(device=fix.device, from_us=fix.observed_us, to_us=fix.observed_us)
        insort(self.pending, fix)
        return None

    def _is_late(self, fix: Pending) -> bool:
        """Before what has left, or a half of it."""
        if self.released is not None and fix[:4] < self.released:
            return True
        return any(one.observed_us == fix.observed_us and are_halves(one, fix) for one in self.last)

    def release(self) -> list[Released]:
        """What is older than the lag, and what there is no room for."""
        horizon = self.newest_us - self.lag_us
        count = next((at for at, fix in enumerate(self.pending) if fix.observed_us > horizon), len(self.pending))
        return self._release(max(count, len(self.pending) - PENDING_MAX))

    def flush(self) -> list[Released]:
        """Everything, before its time: the device is silent. Any later fix of this track makes it dirty."""
        released = self._release(len(self.pending))
        self.provisional = True
        return released

    def _release(self, count: int) -> list[Released]:
        leaving, self.pending = self.pending[:count], self.pending[count:]
        placed = [self._place(fix) for fix in join_halves(leaving)]
        self.released = leaving[-1][:4] if leaving else self.released
        return placed

    def _place(self, fix: Pending) -> Released:
        opens = self._opens_track(fix)
        resumes = self.provisional and not opens
        self.track_us = fix.observed_us if opens else self.track_us
        beside = [one for one in self.last if one.observed_us == fix.observed_us]
        self.released, self.last, self.provisional = fix[:4], [*beside, fix][-BESIDE_MAX:], False
        return Released(fix, self.track_us, resumes)

    def _opens_track(self, fix: Pending) -> bool:
        return self.released is None or fix.observed_us - self.released[0] > self.cut_us

    def snapshot(self) -> dict[str, Any]:
        return {
            "newest_us": self.newest_us,
            "heard_us": self.heard_us,
            "track_us": self.track_us,
            "released": None if self.released is None else list(self.released),
            "last": [list(fix) for fix in self.last],
            "provisional": self.provisional,
            "pending": [list(fix) for fix in self.pending],
        }

    def restore(self, kept: Mapping[str, Any]) -> None:
        self.newest_us, self.heard_us, self.track_us = kept["newest_us"], kept["heard_us"], kept["track_us"]
        self.released = None if kept["released"] is None else tuple(kept["released"])
        self.last = [Pending(*fix) for fix in kept["last"]]
        self.provisional = kept["provisional"]
        self.pending = [Pending(*fix) for fix in kept["pending"]]
