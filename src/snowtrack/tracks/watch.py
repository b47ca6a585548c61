"""What is odd about a track: counted, never dropped.

jumps      further from the last fix than any machine drives in that time
returns    jumps back, within a minute, to about where the one before began: two trackers that say they are one, taking
           turns
twins      fixes of one instant at two places
too_fast   fixes at a speed that no plough has, stated or driven
frozen_us  time in which the position did not change by a digit while the receiver said that it moved
unsure     fixes whose instant does not rest on the tracker's own clock
"""

from collections.abc import Sequence
from math import cos, hypot, pi
from typing import NamedTuple

import numpy as np

from snowtrack.compiled import Array, Record, compiled, part
from snowtrack.model.matches import MatchBatch
from snowtrack.model.memory import Memory
from snowtrack.model.tracks import TrackBatch

METRES_PER_E7 = 0.0111319
RAD_PER_E7 = pi / 180 / 1e7
JUMP_M, JUMP_MPS = 100.0, 60.0
# A receiver's noise and what a plough drives in some seconds; a hop onward of a poor receiver ends further away.
RETURN_M, RETURN_US = 200.0, 60_000_000
FAST_MPS = 42.0
FAST_FROM_M = 100.0
MOVING_MMPS = 1_000
SAME_INSTANT_M = 30.0
# The least `TimeTrust` that rests on the tracker's own clock.
SURE = 4

SPOT = np.dtype([("observed_us", np.int64), ("lat_e7", np.int64), ("lon_e7", np.int64), ("speed_mmps", np.int64)])
COUNTS = list(TrackBatch.dtypes())[3:]
# A track so far, whether one is open, and the fixes that its next one is compared with, if there are any.
WATCH = np.dtype(
    [
        ("started_us", np.int64),
        ("ended_us", np.int64),
        *((name, np.int64) for name in COUNTS),
        ("open", np.bool_),
        ("jumped", np.bool_),
        ("news", np.bool_),
        ("last", SPOT),
        ("left", SPOT),
    ]
)


class Watches(NamedTuple):
    """By slot."""

    watches: Array


class Spots(NamedTuple):
    """Settled fixes where their receivers said they were, those of each device in observed order."""

    slot: Array
    track_us: Array
    observed_us: Array
    lat_e7: Array
    lon_e7: Array
    speed_mmps: Array
    trust: Array


class TrackStage:
    """All devices: settled fixes in, what there is to tell of their tracks out: those that ended, and those of which
    there is something new."""

    def __init__(self) -> None:
        self.memory = Memory(lambda slots: Watches(np.zeros(slots, WATCH)))

    def on_batch(self, settled: MatchBatch) -> TrackBatch:
        slots = self.memory.slots(settled.device)
        spots = Spots(
            slot=slots,
            track_us=settled.track_us,
            observed_us=settled.observed_us,
            lat_e7=settled.fix_lat_e7,
            lon_e7=settled.fix_lon_e7,
            speed_mmps=settled.speed_mmps,
            trust=settled.trust,
        )
        told = _room(2 * len(settled))
        return self._told(told[: watch(spots, self.memory.rows.watches, np.unique(slots), told)])

    def flush(self, devices: Sequence[int]) -> TrackBatch:
        """The tracks are over, or the devices are silent."""
        slots = self.memory.slots(np.array(devices, np.int32))
        told = _room(len(slots))
        return self._told(told[: end(self.memory.rows.watches, slots, told)])

    def _told(self, rows: Array) -> TrackBatch:
        slot, *columns = rows.T
        return TrackBatch.from_columns((self.memory.devices[slot], *columns))


def _room(rows: int) -> Array:
    return np.empty((rows, len(TrackBatch.dtypes())), np.int64)


@compiled
def watch(spots: Spots, watches: Array, slots: Array, told: Array) -> int:
    """Look at all spots; how many tracks there is something to tell of."""
    count = 0
    for at in range(len(spots.slot)):
        own = watches[spots.slot[at]]
        if not own.open or own.started_us != spots.track_us[at]:
            count = _tell(spots.slot[at], own, told, count)
            _open(own, spots.track_us[at])
        else:
            _compare(own, spots, at)
        _note(own, spots, at)
    for slot in slots:
        if watches[slot].news:
            count = _tell(slot, watches[slot], told, count)
    return count


@compiled
def end(watches: Array, slots: Array, told: Array) -> int:
    """End the tracks of these; how many there were."""
    count = 0
    for slot in slots:
        count = _tell(slot, watches[slot], told, count)
        watches[slot].open = False
    return count


@part
def _open(own: Record, track_us: int) -> None:
    own.started_us, own.open, own.jumped = track_us, True, False
    own.fixes = own.jumps = own.returns = own.twins = own.too_fast = own.frozen_us = own.unsure = 0


@part
def _note(own: Record, spots: Spots, at: int) -> None:
    """Count a spot by itself, and keep it to compare the next one with."""
    own.fixes += 1
    own.ended_us = spots.observed_us[at]
    if spots.trust[at] < SURE:
        own.news |= own.unsure == 0
        own.unsure += 1
    if spots.speed_mmps[at] > FAST_MPS * 1_000:
        own.news |= own.too_fast == 0
        own.too_fast += 1
    last = own.last
    last.observed_us, last.lat_e7, last.lon_e7 = spots.observed_us[at], spots.lat_e7[at], spots.lon_e7[at]
    last.speed_mmps = spots.speed_mmps[at]


@part
def _compare(own: Record, spots: Spots, at: int) -> None:
    """A spot with the one before it, and with the one from where the track last jumped away."""
    last = own.last
    spent_us = spots.observed_us[at] - last.observed_us
    way_m = _metres(last, spots, at)
    if spent_us == 0:
        if way_m > SAME_INSTANT_M:
            own.twins += 1
            own.news = True
    elif _jumps(last, spots, at):
        own.jumps += 1
        own.news = True
        if own.jumped and _returns(own.left, spots, at):
            own.returns += 1
        left = own.left
        left.observed_us, left.lat_e7, left.lon_e7 = last.observed_us, last.lat_e7, last.lon_e7
        own.jumped = True
    elif way_m > FAST_FROM_M and way_m > FAST_MPS * spent_us / 1e6:
        own.news |= own.too_fast == 0
        own.too_fast += 1
    moving = min(last.speed_mmps, spots.speed_mmps[at]) >= MOVING_MMPS
    if moving and last.lat_e7 == spots.lat_e7[at] and last.lon_e7 == spots.lon_e7[at]:
        own.frozen_us += spent_us


@part
def _metres(one: Record, spots: Spots, at: int) -> float:
    north = (spots.lat_e7[at] - one.lat_e7) * METRES_PER_E7
    return hypot(north, (spots.lon_e7[at] - one.lon_e7) * METRES_PER_E7 * cos(one.lat_e7 * RAD_PER_E7))


@part
def _jumps(one: Record, spots: Spots, at: int) -> bool:
    spent_s = abs(spots.observed_us[at] - one.observed_us) / 1e6
    return bool(_metres(one, spots, at) > JUMP_M + JUMP_MPS * spent_s)


@part
def _returns(one: Record, spots: Spots, at: int) -> bool:
    spent_us = spots.observed_us[at] - one.observed_us
    return bool(spent_us <= RETURN_US and _metres(one, spots, at) <= RETURN_M)


@part
def _tell(slot: int, own: Record, told: Array, count: int) -> int:
    """A row of a `TrackBatch`, with a slot for a device, of a track that is open."""
    if own.open:
        row = told[count]
        row[0], row[1], row[2], row[3] = slot, own.started_us, own.ended_us, own.fixes
        row[4], row[5], row[6], row[7] = own.jumps, own.returns, own.twins, own.too_fast
        row[8], row[9] = own.frozen_us, own.unsure
        count += 1
    own.news = False
    return count
