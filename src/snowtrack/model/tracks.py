"""Fixes whose instant and place in a device's order are known."""

from dataclasses import dataclass

from snowtrack.model.columns import Columns, Int8s, Int32s, Int64s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ObservedBatch(Columns):
    """Fixes with a trusted instant and a position; (observed_us, boot, seq, digest) is a device's order."""

    device: Int32s
    observed_us: Int64s
    boot: Int64s
    seq: Int64s
    digest: Int64s
    received_us: Int64s
    lat_e7: Int32s
    lon_e7: Int32s
    speed_mmps: Int32s
    course_cdeg: Int32s
    blade: Int8s


@dataclass(frozen=True, slots=True, kw_only=True)
class DirtyStretch:
    """A time range of one device whose passes must be computed again from its stored fixes."""

    device: int
    from_us: int
    to_us: int
