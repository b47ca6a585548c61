"""What is remembered of each machine between batches, as rows of fixed size.

A machine's memory does not grow with the length of its night: what is not decided yet waits in a few bounded places.
"""

from typing import NamedTuple

import numpy as np

from snowtrack.compiled import Array

# Ploughing and spreading (`model.work.Work`), and whether it works at all.
WORKS = 2
DETECTORS = 3
# Stretches that wait for a verdict, and pieces of a drive along one segment that were worked.
WAITING_MAX = 16
LEGS = 2
PIECES_MAX = 3

# One per machine: its last fix, since when it stands and stands by (-1: it does not), and the span of activity that is
# open (`activity` -1: none) with the way driven in it; `zone_…` is what came since it was last certain
# whether it works.
MACHINE = np.dtype(
    [
        ("observed_us", np.int64),
        ("track_us", np.int64),
        ("speed_mmps", np.int32),
        ("stand_us", np.int64),
        ("standby_us", np.int64),
        ("activity", np.int8),
        ("since_us", np.int64),
        ("driven_mm", np.int64),
        ("evidence", np.int8),
        ("doubted", np.int8),
        ("zone_mm", np.int64),
        ("zone_evidence", np.int8),
        ("zone_doubted", np.int8),
    ]
)

# One per machine and kind of work, and one for any: how sure it is that the machine works, whether it did when that was
# last certain, and when that was.
DETECTOR = np.dtype([("level", np.int32), ("on", np.bool_), ("since_us", np.int64)])

# One per machine and kind of work: what the input last said (-1: nothing), for how long the machine has moved since
# that changed, how much of this speaks against the input, and whether it is still believed.
SENSOR = np.dtype([("value", np.int8), ("moved_ms", np.int64), ("contrary_ms", np.int64), ("doubted", np.bool_)])

# One per machine and kind of work: on which segment it is, and how many stretches wait.
LANE = np.dtype([("row", np.int32), ("waiting", np.int32)])

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

# A drive along a segment in one direction: from where to where, and how many pieces of it were worked.
LEG = np.dtype([("direction", np.int8), ("from_mm", np.int32), ("to_mm", np.int32), ("pieces", np.int32)])

# `sure` is the sum of confidence times length; `spread` what was spread, in ten-thousandths of a gram, -1 where that is
# not known.
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
    ]
)

SHAPES = (
    (MACHINE, ()),
    (DETECTOR, (DETECTORS,)),
    (SENSOR, (WORKS,)),
    (LANE, (WORKS,)),
    (WAITING, (WORKS, WAITING_MAX)),
    (LEG, (WORKS, LEGS)),
    (PIECE, (WORKS, LEGS, PIECES_MAX)),
)


class Lives(NamedTuple):
    """Of many machines; the first index is a machine's slot, then the kind of work."""

    machines: Array
    detectors: Array
    sensors: Array
    lanes: Array
    waiting: Array
    legs: Array
    pieces: Array


def new_lives(slots: int) -> Lives:
    """Machines of which nothing is known."""
    lives = Lives(*(np.zeros((slots, *shape), dtype) for dtype, shape in SHAPES))
    lives.machines["activity"] = -1
    lives.machines["stand_us"] = lives.machines["standby_us"] = -1
    lives.sensors["value"] = -1
    lives.lanes["row"] = -1
    return lives
