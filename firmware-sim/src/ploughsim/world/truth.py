"""The nouns of the truth: what a tracker's machine is and does at an instant, and what it has cleared.

A unit is a tracker on a machine; twins are two units on one. Rows are records, so that compiled code and tables read
them alike. Positions along a segment are measured from where its shape begins, whatever the direction of travel.
"""

from enum import IntEnum

import numpy as np


class Activity(IntEnum):
    """What a machine does; the first ones are no work."""

    PARKED = 0  # engine on, nobody's order
    STANDBY = 1  # 待機
    BREAK = 2  # 休憩
    REFUEL = 3
    TRAVEL = 4  # 回送
    TURN = 5  # turning and reversing between two stretches of work
    WORK = 6


class Sky(IntEnum):
    """What the receiver sees of the sky."""

    OPEN = 0
    STREET = 1  # between houses: reflections
    SHED = 2  # under the roof of a snow shed, open to one side
    TUNNEL = 3


OFF_ROAD = -1
UNKNOWN_INPUT = -1

# A unit at an instant at which its tracker has power: `boot` is the how-manieth time since the beginning of the night,
# `on_ms` when it came. `row` is the segment, or OFF_ROAD in a yard; `direction` 1 along its shape, -1 against it;
# `side_mm` how far left of its line, in the direction of travel. `course_cdeg` is over ground: backwards, it points
# back. `blade` and `spreader` are true, `…_input` is what the machine's switches say. Angle and width are in tenths of
# a degree and of a metre, density in tenths of g/m².
TRUTH = np.dtype(
    [
        ("unit", np.int32),
        ("time_ms", np.int64),
        ("boot", np.int32),
        ("on_ms", np.int64),
        ("row", np.int32),
        ("direction", np.int8),
        ("at_mm", np.int32),
        ("side_mm", np.int32),
        ("lat_deg", np.float64),
        ("lon_deg", np.float64),
        ("alt_mm", np.int32),
        ("speed_mmps", np.int32),
        ("course_cdeg", np.int32),
        ("activity", np.int8),
        ("sky", np.int8),
        ("blade", np.int8),
        ("spreader", np.int8),
        ("blade_input", np.int8),
        ("spreader_input", np.int8),
        ("pto_input", np.int8),
        ("angle_tenths", np.int16),
        ("density_tenths", np.int16),
        ("width_tenths", np.int16),
    ],
    align=True,
)

# A machine went along a segment with its blade down (`ploughed`) or its spreader on (`spread`), from metre to metre in
# the direction of travel: against the shape, `from_mm` is above `to_mm`.
CLEARED = np.dtype(
    [
        ("machine", np.int32),
        ("row", np.int32),
        ("direction", np.int8),
        ("from_mm", np.int32),
        ("to_mm", np.int32),
        ("start_ms", np.int64),
        ("end_ms", np.int64),
        ("ploughed", np.bool_),
        ("spread", np.bool_),
    ],
    align=True,
)
