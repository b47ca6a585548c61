"""What a machine does: activities, and the work of which passes are made."""

from dataclasses import dataclass
from enum import IntEnum

from snowtrack.model.columns import Columns, Int8s, Int32s, Int64s


class Work(IntEnum):
    """What is done to a road. Spreading alone is not ploughing."""

    PLOUGHING = 0
    SPREADING = 1


class Evidence(IntEnum):
    """How we know. A larger number is weaker evidence."""

    BLADE = 0
    """An input of the machine says so: blade, spreader or power take-off."""
    INFERRED = 1
    REPORTED = 2


class Activity(IntEnum):
    """How a machine spends its time; breaks cannot be seen from a track, they are entered by hand."""

    PARKED = 0
    STANDBY = 1
    TRAVELLING = 2
    WORKING = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ActivityBatch(Columns):
    """Spans in which a machine did one thing, in order, those of a track without holes; long ones come in pieces.

    `evidence` is an `Evidence`. `doubted` says that an input of the machine was not believed, `ploughed` that it worked
    and did not only spread. `driven_mm` is the way that its speed comes to.
    """

    device: Int32s
    started_us: Int64s
    ended_us: Int64s
    activity: Int8s
    evidence: Int8s
    doubted: Int8s
    ploughed: Int8s
    driven_mm: Int64s
