"""What was worked: one machine along one segment, from metre to metre."""

from dataclasses import dataclass

from snowtrack.model.columns import Columns, Int8s, Int16s, Int32s, Int64s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PassBatch(Columns):
    """Passes. `from_mm` < `to_mm`; `direction` says which way it was driven.

    `work` is a `Work`, `evidence` an `Evidence`; `confidence` says in thousandths how sure the road is; `material_g` is
    what was spread, where that is known. Passes of one machine and work that lie on the same metres are different
    drives: backing off and setting off again is part of one.
    """

    device: Int32s
    segment_id: Int64s
    direction: Int8s
    from_mm: Int32s
    to_mm: Int32s
    started_us: Int64s
    ended_us: Int64s
    work: Int8s
    evidence: Int8s
    confidence: Int16s
    material_g: Int32s
