"""One unit against a broker: its tracker while it has power, its flash for ever, its link."""

import time
from pathlib import Path

from ploughsim.compiled import Record
from ploughsim.running.link import Link
from ploughsim.tracker.flash import FileFlash
from ploughsim.tracker.recorder import Inputs
from ploughsim.tracker.settings import TrackerSettings
from ploughsim.tracker.tracker import Tracker

_OFF = -1
_MADE_AFTER_S = 1_577_836_800  # 2020


class Station:
    """`hear` is called for each instant at which the unit has power, `rest` for times at which it has none."""

    def __init__(self, path: Path, settings: TrackerSettings, family: int, seed: int, link: Link) -> None:
        self.link = link
        self.family = family
        self.epochs = 0
        self.boot = 0
        self._flash = FileFlash(path)
        self._settings, self._seed = settings, seed
        self._boot = _OFF
        self._on_ms = 0
        self._overwritten = 0

    @property
    def held(self) -> int:
        """Epochs that wait for their confirmation; while it has no power nobody knows."""
        return self.link.tracker.ring.held if self.link.tracker else 0

    @property
    def overwritten(self) -> int:
        """Epochs lost to a full ring since the start."""
        return self._overwritten + (self.link.tracker.ring.overwritten if self.link.tracker else 0)

    @property
    def connected(self) -> bool:
        return self.link.tracker is not None and self.link.tracker.connected_since is not None

    def hear(self, truth: Record, epoch: Record, data: bytes, *, covered: bool) -> list[tuple[int, int]]:
        """Instant and number of the epochs that were written. `data` is what the receiver sent of this instant."""
        time_ms = int(truth["time_ms"])
        tracker = self._powered(int(truth["boot"]), time_ms)
        inputs = Inputs(*(int(epoch[name]) for name in Inputs._fields))
        written = tracker.hear(data, time_ms - self._on_ms, inputs)
        self.epochs += len(written)
        if written or covered != self.link.covered:
            self.link.covered = covered
            self.link.wake.set()
        if tracker.restart_if_stuck(time.monotonic()):
            self.rest()
        self.boot = tracker.ring.boot
        return [(self._on_ms + uptime_ms, seq) for uptime_ms, seq in written]

    def rest(self) -> None:
        """The power is gone."""
        if self.link.tracker:
            self._overwritten += self.link.tracker.ring.overwritten
            self.link.tracker = None
            self.link.wake.set()
        self._boot = _OFF

    def come_home(self) -> None:
        """The night is over: there is power and network until all is confirmed."""
        if self.link.tracker is None or not self.link.covered:
            self.link.tracker = self.link.tracker or self._power_up()
            self.link.covered = True
            self.link.wake.set()

    def close(self) -> None:
        self._flash.close()

    def _powered(self, boot: int, time_ms: int) -> Tracker:
        """The tracker. Power that came again, or this program, makes a new one of what is on its flash."""
        tracker = self.link.tracker
        if tracker and boot == self._boot:
            return tracker
        self.rest()
        self._boot, self._on_ms = boot, time_ms
        tracker = self.link.tracker = self._power_up()
        self.link.wake.set()
        return tracker

    def _power_up(self) -> Tracker:
        # A tracker of this name may have been heard of before, with another flash.
        boots_before = time.time_ns() // 10**9 - _MADE_AFTER_S
        return Tracker(self._flash, self._settings, self.family, self._seed, boots_before)
