"""What was worked: one machine along one segment, from metre to metre."""

from dataclasses import dataclass
from enum import IntEnum

from snowtrack.model.columns import Columns, Int8s, Int32s, Int64s


class Evidence(IntEnum):
    """How we know. A larger number is weaker evidence."""

    BLADE = 0
    INFERRED = 1
    REPORTED = 2


class Work(IntEnum):
    PLOUGHING = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PassBatch(Columns):
    """Passes, in the order in which they ended. `from_mm` < `to_mm`; `direction` says which way it was driven."""

    device: Int32s
    segment_id: Int64s
    direction: Int8s
    from_mm: Int32s
    to_mm: Int32s
    started_us: Int64s
    ended_us: Int64s
    work: Int8s
    evidence: Int8s
