"""Where and when a tracker has network: a pure function of the seed, the unit, its place and the time.

Dropouts come once in each window of time, at a drawn moment, as long as drawn, and end with their window: so nothing
has to be remembered. Cells are squares of about 2 km.
"""

import math
from typing import NamedTuple

import numpy as np

from ploughsim.chance import drawn, evenly
from ploughsim.compiled import Array, Record, compiled, part
from ploughsim.radio.settings import RadioSettings

_MINUTE_MS, _HOUR_MS = 60_000, 3_600_000
_CELLS_PER_DEGREE = 50.0
_TUNNEL = 3
# What a draw decides.
_DEAD, _UNIT, _CELL, _LENGTH = 1, 2, 3, 4


class _Sky(NamedTuple):
    """The settings, as the compiled loop reads them; windows are 0 where nothing drops out."""

    seed: np.uint64
    away_from_ms: int
    away_until_ms: int
    unit_window_ms: int
    unit_length_ms: float
    cell_window_ms: int
    cell_length_ms: float
    dead_cells: float
    in_tunnels: bool


class Coverage:
    """`start_ms` is when the night began."""

    def __init__(self, settings: RadioSettings, *, seed: int, start_ms: int) -> None:
        away_from_ms = start_ms + round(settings.away_after_min * _MINUTE_MS)
        self._sky = _Sky(
            seed=np.uint64(seed),
            away_from_ms=away_from_ms,
            away_until_ms=away_from_ms + round(settings.away_min * _MINUTE_MS),
            unit_window_ms=_window_ms(settings.dropouts_per_h),
            unit_length_ms=settings.dropout_s * 1000.0,
            cell_window_ms=_window_ms(settings.cell_outages_per_h),
            cell_length_ms=settings.cell_outage_s * 1000.0,
            dead_cells=settings.dead_cells,
            in_tunnels=settings.in_tunnels,
        )

    def of(self, truth: Array) -> Array:
        """Whether there is network, for each row of TRUTH."""
        covered = np.empty(len(truth), np.bool_)
        _look(truth, self._sky, covered)
        return covered


def _window_ms(per_h: float) -> int:
    return round(_HOUR_MS / per_h) if per_h else 0


@compiled
def _look(truth: Array, sky: _Sky, covered: Array) -> None:
    for place in range(len(truth)):
        covered[place] = _is_covered(truth[place], sky)


@part
def _is_covered(row: Record, sky: _Sky) -> bool:
    if sky.away_from_ms <= row.time_ms < sky.away_until_ms or (row.sky == _TUNNEL and not sky.in_tunnels):
        return False
    unit = drawn(drawn(sky.seed, _UNIT), int(row.unit))
    if sky.unit_window_ms and _drops_out(unit, row.time_ms, sky.unit_window_ms, sky.unit_length_ms):
        return False
    north, east = math.floor(row.lat_deg * _CELLS_PER_DEGREE), math.floor(row.lon_deg * _CELLS_PER_DEGREE * 0.8)
    cell = drawn(drawn(drawn(sky.seed, _CELL), int(north) + 10_000), int(east) + 10_000)
    if evenly(drawn(cell, _DEAD)) < sky.dead_cells:
        return False
    return not (sky.cell_window_ms and _drops_out(cell, row.time_ms, sky.cell_window_ms, sky.cell_length_ms))


@part
def _drops_out(who: np.uint64, time_ms: int, window_ms: int, length_ms: float) -> bool:
    window = drawn(who, 10 + time_ms // window_ms)
    since_ms = time_ms % window_ms - evenly(window) * window_ms
    return 0.0 <= since_ms < -length_ms * math.log(1.0 - evenly(drawn(window, _LENGTH)))
