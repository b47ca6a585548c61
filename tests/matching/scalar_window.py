"""The window over one device's newest fixes in plain Python: what is settled when, what comes late, what goes on."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from snowtrack.matching.window import BESIDE_MAX, PENDING_MAX
from snowtrack.model.tracks import DirtyStretch
from tests.oracles.halves import Pending, are_halves, join_halves


class Settled(NamedTuple):
    """A whole fix that was settled, and when its track began."""

    fix: Pending
    track_us: int


@dataclass
class ScalarWindow:
    """One device. `beside` are the fixes of the last settled instant, `last` the last of its parts."""

    lag_us: int
    late_us: int
    cut_us: int
    pending: list[Pending] = field(default_factory=list)
    beside: list[Pending] = field(default_factory=list)
    last: tuple[int, ...] = ()
    closed_us: int | None = None
    newest_us: int = 0
    track_us: int = 0

    def add(self, fixes: Iterable[Pending]) -> list[DirtyStretch]:
        """Fixes in any order; the late ones."""
        came = sorted(fixes)
        self.newest_us = max([self.newest_us, *(fix.observed_us for fix in came)])
        late = [fix for fix in came if self._is_late(fix)]
        self.pending = sorted(self.pending + [fix for fix in came if not self._is_late(fix)])
        return [stretch_of(fix) for fix in late]

    def settle(self, *, flushed: bool) -> tuple[list[Settled], list[DirtyStretch]]:
        """What can be settled now, and where a track goes on that had been settled before its time."""
        whole = join_halves(self.pending)
        count = 0
        while count < len(whole) and (flushed or self._is_due(whole[count], len(whole) - count)):
            instant_us = whole[count].observed_us
            while count < len(whole) and whole[count].observed_us == instant_us:
                count += 1
        settled: list[Settled] = []
        resumed: list[DirtyStretch] = []
        for fix in whole[:count]:
            before = settled[-1].fix if settled else (self.beside[-1] if self.beside else None)
            opens = before is None or fix.observed_us - before.observed_us > self.cut_us
            self.track_us = fix.observed_us if opens else self.track_us
            if not opens and not settled and self.closed_us is None:
                resumed.append(stretch_of(fix))
            settled.append(Settled(fix, self.track_us))
        if settled:
            self._leave([one.fix for one in settled])
        if flushed:
            self.closed_us = None
        return settled, resumed

    def _is_late(self, fix: Pending) -> bool:
        """Before what is settled, or where an answer has looked already, or a half of what was settled last."""
        if not self.last:
            return False
        if fix[:4] < self.last or (self.closed_us is not None and fix.observed_us <= self.closed_us):
            return True
        return any(one.observed_us == fix.observed_us and are_halves(one, fix) for one in self.beside)

    def _is_due(self, fix: Pending, pending: int) -> bool:
        return fix.observed_us + self.lag_us < self.newest_us - self.late_us or pending > PENDING_MAX

    def _leave(self, settled: list[Pending]) -> None:
        left_us = settled[-1].observed_us
        self.beside = [fix for fix in self.beside + settled if fix.observed_us == left_us][-BESIDE_MAX:]
        self.last = max(fix[:4] for fix in self.pending if fix.observed_us <= left_us)
        self.pending = [fix for fix in self.pending if fix.observed_us > left_us]
        self.closed_us = left_us + self.lag_us


def stretch_of(fix: Pending) -> DirtyStretch:
    return DirtyStretch(device=fix.device, from_us=fix.observed_us, to_us=fix.observed_us)
