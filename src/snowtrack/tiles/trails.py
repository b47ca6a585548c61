"""Trails: the lines along which machines drove, in stretches on which they worked and on which they did not."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from snowtrack.model.calendar import SECOND_US
from snowtrack.model.columns import Bools, Rows, ranges
from snowtrack.model.trails import Sightings
from snowtrack.network.geometry import metres_per_e7
from snowtrack.tiles.simplify import HALF_A_PIXEL, needed_from

# A point that lies no farther from the line without it says nothing that GPS could tell.
TOLERANCE_M = 3.0
# What moved faster was not driven: the line ends there, and begins anew.
FASTEST_MPS = 50.0
NOISE_M = 30.0


class Stretch(NamedTuple):
    """Rows of the sightings that make one line, at least two, and whether the machine worked along it."""

    rows: Rows
    working: bool


def stretches(seen: Sightings, working: Bools, gap_us: int) -> Iterator[Stretch]:
    """In the order of the sightings. Nothing is drawn over a time of silence that is longer than the gap; where work
    begins or ends, one line goes on where the other one ended."""
    if not len(seen):
        return
    apart = _apart(seen, gap_us)
    turned = ~apart
    turned[1:] &= working[1:] != working[:-1]
    turned[0] = False
    begins = np.flatnonzero(apart | turned)
    starts, ends = begins - turned[begins], np.append(begins[1:], len(seen))
    lines = ends - starts >= 2
    begins, starts, counts = begins[lines], starts[lines], (ends - starts)[lines]
    rows, offsets = ranges(starts, counts), np.append(0, np.cumsum(counts))
    kept = _needed(seen, rows, offsets)
    for line, (first, last) in enumerate(zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)):
        part = slice(first, last)
        yield Stretch(rows[part][kept[part]], bool(working[begins[line]]))


def _apart(seen: Sightings, gap_us: int) -> Bools:
    """Where a sighting is not joined to the one before it."""
    lat, lon = seen.lat_e7.astype(np.int64), seen.lon_e7.astype(np.int64)
    north_m, east_m = metres_per_e7(lat[1:])
    moved_m = np.hypot((lat[1:] - lat[:-1]) * north_m, (lon[1:] - lon[:-1]) * east_m)
    took_us = seen.time_us[1:] - seen.time_us[:-1]
    apart = np.ones(len(seen), np.bool_)
    apart[1:] = (
        (seen.device[1:] != seen.device[:-1])
        | (took_us > gap_us)
        | (moved_m > NOISE_M + FASTEST_MPS * took_us / SECOND_US)
    )
    return apart


def _needed(seen: Sightings, rows: Rows, offsets: Rows) -> Bools:
    """Which points the lines cannot do without."""
    unit_m = TOLERANCE_M / HALF_A_PIXEL
    north_m, east_m = metres_per_e7(seen.lat_e7[:1])
    x = np.rint((seen.lon_e7[rows].astype(np.int64) - seen.lon_e7[0]) * east_m / unit_m).astype(np.int32)
    y = np.rint((seen.lat_e7[rows].astype(np.int64) - seen.lat_e7[0]) * north_m / unit_m).astype(np.int32)
    needed: Bools = needed_from(x, y, offsets, 0) == 0
    return needed
