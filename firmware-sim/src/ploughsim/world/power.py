"""When a unit has power: while the engine runs, but for cuts of a few seconds; each time it comes back is a boot."""

import numpy as np

from ploughsim.chance import uniform
from ploughsim.world.positions import POWER, Pool
from ploughsim.world.timetable import Timetable

_MINUTE_MS = 60_000
_CUT, _CUT_MS, _CUT_AT = 0xC07, 0xC08, 0xC09
_CUTS_MS = (2_000, 58_000)
STILL_ON_MS = 1 << 62


class Power:
    """Spans of units; the last one is open while the engine runs."""

    def __init__(self, units: int, *, cuts_per_h: float, seed: int) -> None:
        self._spans = Timetable(POWER, units)
        self._share = cuts_per_h / 60
        self._seed = seed
        self._boots = np.zeros(units, np.int64)
        self._known_ms = np.zeros(units, np.int64)
        self._is_on = np.zeros(units, np.bool_)

    @property
    def pool(self) -> Pool:
        return self._spans.pool

    def switch_on(self, unit: int, time_ms: int) -> None:
        self._known_ms[unit] = -(-time_ms // _MINUTE_MS) * _MINUTE_MS
        self._is_on[unit] = True
        self._open(unit, time_ms)

    def know(self, unit: int, until_ms: int) -> None:
        """Work out the cuts of all whole minutes until then."""
        if self._share == 0 or not self._is_on[unit]:
            return
        while self._known_ms[unit] + _MINUTE_MS <= until_ms:
            minute_ms = int(self._known_ms[unit])
            self._known_ms[unit] += _MINUTE_MS
            if uniform(self._seed, _CUT, unit, minute_ms) < self._share:
                low, high = _CUTS_MS
                for_ms = low + int((high - low) * uniform(self._seed, _CUT_MS, unit, minute_ms))
                at_ms = minute_ms + int((_MINUTE_MS - for_ms) * uniform(self._seed, _CUT_AT, unit, minute_ms))
                self._close(unit, at_ms)
                self._open(unit, at_ms + for_ms)

    def switch_off(self, unit: int, time_ms: int) -> None:
        self._is_on[unit] = False
        self._close(unit, time_ms)

    def forget(self, before_ms: int) -> None:
        """Spans that were over by then are needed no more."""
        rows, first, stop = self._spans.pool
        starts = first.copy()
        for unit in np.flatnonzero(stop - first > 1).tolist():
            over = rows["off_ms"][first[unit] : stop[unit]] <= before_ms
            starts[unit] += int(over.sum())
        self._spans.drop(starts)

    def _open(self, unit: int, time_ms: int) -> None:
        self._boots[unit] += 1
        self._spans.add(unit, np.array([(time_ms, STILL_ON_MS, self._boots[unit])], POWER))

    def _close(self, unit: int, time_ms: int) -> None:
        self._spans.of(unit)["off_ms"][-1] = time_ms
