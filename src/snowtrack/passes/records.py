"""What is remembered of each machine between batches, as rows of fixed size.

A machine's memory does not grow with the length of its night: what is not decided yet waits in a few bounded places.
"""

from typing import NamedTuple

import numpy as np

from snowtrack.compiled import Array

# Ploughing and spreading (`model.work.Work`), and whether it works at all.
WORKS = 2
DETECTORS = 3
# Stretches that wait for a verdict; visits of segments that are open, and pieces of each that were worked.
WAITING_MAX = 16
VISITS_MAX = 6
PIECES_MAX = 3

# One per machine: its last fix, since when it stands and stands by (-1: it does not), when it stood before it seems to
# move (-1: it does not) and how far it seems to have gone, and the span of activity that is open (`activity` -1: none)
# with the way driven in it; `zone_…` is what came since it was last certain whether it works.
MACHINE = np.dtype(
    [
        ("observed_us", np.int64),
        ("track_us", np.int64),
        ("speed_mmps", np.int32),
        ("stand_us", np.int64),
        ("standby_us", np.int64),
        ("left_us", np.int64),
        ("crept_mm", np.int64),
        ("activity", np.int8),
        ("since_us", np.int64),
        ("driven_mm", np.int64),
        ("evidence", np.int8),
        ("doubted", np.int8),
        ("ploughed", np.bool_),
        ("zone_mm", np.int64),
        ("zone_evidence", np.int8),
        ("zone_doubted", np.int8),
        ("zone_ploughed", np.bool_),
    ]
)

# One per machine and kind of work, and one for any: how sure it is that the machine works, whether it did when that was
# last certain, and when that was.
DETECTOR = np.dtype([("level", np.int32), ("on", np.bool_), ("since_us", np.int64)])

# One per machine and kind of work: what the input last said (-1: nothing) and when, for how long the machine has moved
# since that changed, how much of this speaks against the input, how much it changed of late; and whether it is stuck,
# chatters, or for either reason is not believed.
SENSOR = np.dtype(
    [
        ("value", np.int8),
        ("told_us", np.int64),
        ("moved_ms", np.int64),
        ("contrary_ms", np.int64),
        ("restless_ms", np.int64),
        ("stuck", np.bool_),
        ("chatters", np.bool_),
        ("doubted", np.bool_),
    ]
)

# One per machine and kind of work: on which segment it is and which way it goes there, whether it goes back and how far
# it has, how far it is behind where it was furthest on, and how many stretches wait.
LANE = np.dtype(
    [
        ("row", np.int32),
        ("direction", np.int8),
        ("backs", np.bool_),
        ("back_mm", np.int64),
        ("behind_mm", np.int64),
        ("waiting", np.int32),
    ]
)

# A stretch driven of which it is not decided whether it was worked.
WAITING = np.dtype(
    [
        ("row", np.int32),
        ("direction", np.int8),
        ("from_mm", np.int32),
        ("to_mm", np.int32),
        ("started_us", np.int64),
        ("ended_us", np.int64),
        ("evidence", np.int8),
        ("sure", np.int64),
        ("spread", np.int64),
    ]
)

# A machine on a segment (row -1: none) in one direction: whether it went back there, how far it has gone since, and how
# many pieces of it were worked.
VISIT = np.dtype(
    [("row", np.int32), ("direction", np.int8), ("backs", np.bool_), ("away_mm", np.int64), ("pieces", np.int32)]
)

# `sure` is the sum of confidence times length; `spread` what was spread, in ten-thousandths of a gram, -1 where that is
# not known; `told` says that a pass was made of it.
PIECE = np.dtype(
    [
        ("low_mm", np.int32),
        ("high_mm", np.int32),
        ("started_us", np.int64),
        ("ended_us", np.int64),
        ("evidence", np.int8),
        ("way_mm", np.int64),
        ("sure", np.int64),
        ("spread", np.int64),
        ("told", np.bool_),
    ]
)

SHAPES = (
    (MACHINE, ()),
    (DETECTOR, (DETECTORS,)),
    (SENSOR, (WORKS,)),
    (LANE, (WORKS,)),
    (WAITING, (WORKS, WAITING_MAX)),
    (VISIT, (WORKS, VISITS_MAX)),
    (PIECE, (WORKS, VISITS_MAX, PIECES_MAX)),
)


class Lives(NamedTuple):
    """Of many machines; the first index is a machine's slot, then the kind of work."""

    machines: Array
    detectors: Array
    sensors: Array
    lanes: Array
    waiting: Array
    visits: Array
    pieces: Array


def new_lives(slots: int) -> Lives:
    """Machines of which nothing is known."""
    lives = Lives(*(np.zeros((slots, *shape), dtype, order="F") for dtype, shape in SHAPES))
    lives.machines["activity"] = -1
    for name in ("stand_us", "standby_us", "left_us"):
        lives.machines[name] = -1
    lives.sensors["value"] = -1
    lives.lanes["row"] = lives.visits["row"] = -1
    return lives
