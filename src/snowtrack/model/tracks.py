"""Fixes whose instant and place in a device's order are known."""

from dataclasses import dataclass
from enum import IntEnum

from snowtrack.model.columns import Columns, Int8s, Int16s, Int32s, Int64s


class TimeTrust(IntEnum):
    """What the instant of a fix rests on. From `DISPUTED` on there is one; from `DATED` on it can move "latest"."""

    UNKNOWN = 0
    """There is no time, or nothing says of which day."""
    IMPLAUSIBLE = 1
    """The stated time cannot be right, and nothing says what is."""
    RECEIVED = 2
    """The day, or the whole instant, rests on when it was received."""
    DISPUTED = 3
    """As stated, but the clock of this boot says different things."""
    DATED = 4
    """The time of day as stated, the date from other fixes of the same boot or log."""
    CORRECTED = 5
    """The stated time was wrong, and the clock of the boot says by how much; or the receiver lost 1,024 weeks."""
    STATED = 6
    """As stated."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ObservedBatch(Columns):
    """Fixes with an instant and a position; (observed_us, boot, seq, digest) is a device's order.

    `spread_dgpm` is what is spread on a metre driven, in tenths of a gram; `trust` is a `TimeTrust`; `sources` says
    which sentences a fix was made of.
    """

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
    spreading: Int8s
    spread_dgpm: Int16s
    pto: Int8s
    trust: Int8s
    sources: Int16s
    hdop_centi: Int32s
    quality: Int8s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrackBatch(Columns):
    """Tracks, and what is odd about them (`tracks.watch` says what the counts mean)."""

    device: Int32s
    started_us: Int64s
    ended_us: Int64s
    fixes: Int32s
    jumps: Int32s
    returns: Int32s
    twins: Int32s
    too_fast: Int32s
    frozen_us: Int64s
    unsure: Int32s


@dataclass(frozen=True, slots=True, kw_only=True)
class DirtyStretch:
    """A time range of one device whose passes must be computed again from its stored fixes."""

    device: int
    from_us: int
    to_us: int

    def widened(self, by_us: int) -> "DirtyStretch":
        return DirtyStretch(device=self.device, from_us=self.from_us - by_us, to_us=self.to_us + by_us)

    def encloses(self, other: "DirtyStretch") -> bool:
        return self.from_us <= other.from_us and other.to_us <= self.to_us
