"""Where fixes are on the road network, and what was driven between them."""

from dataclasses import dataclass
from enum import IntEnum

from snowtrack.model.columns import Columns, Int8s, Int16s, Int32s, Int64s
from snowtrack.model.tracks import DirtyStretch

NO_ROW = -1


class MatchStatus(IntEnum):
    MATCHED = 0
    OFF_ROAD = 1
    """There are roads near, but the machine is on none of them: a yard, a car park."""
    NO_CANDIDATE = 2
    INFERRED = 3
    """On the road by what came before and after; the position itself is far from it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MatchBatch(Columns):
    """One answer per fix. `row` is the segment's row in the network, `NO_ROW` where there is none.

    `direction` is 1 along the segment, -1 against it, 0 unknown; `confidence` is in thousandths; `lat_e7`, `lon_e7`
    is the snapped position (the fix's own where nothing matched), `fix_lat_e7`, `fix_lon_e7` the fix's own; `track_us`
    is when the track began; `stands` says that the machine seems to; `trust` is a `TimeTrust`.
    """

    device: Int32s
    observed_us: Int64s
    track_us: Int64s
    received_us: Int64s
    row: Int32s
    direction: Int8s
    along_mm: Int32s
    distance_mm: Int32s
    status: Int8s
    confidence: Int16s
    lat_e7: Int32s
    lon_e7: Int32s
    speed_mmps: Int32s
    course_cdeg: Int32s
    blade: Int8s
    spreading: Int8s
    spread_dgpm: Int16s
    pto: Int8s
    stands: Int8s
    trust: Int8s
    fix_lat_e7: Int32s
    fix_lon_e7: Int32s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrivenBatch(Columns):
    """Stretches of segments in the order driven, from `from_mm` to `to_mm` along the segment: against it, `from_mm`
    is the larger. `match` is the settled answer that they lead to, by its place in the batch."""

    match: Int64s
    row: Int32s
    direction: Int8s
    from_mm: Int32s
    to_mm: Int32s


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """What a matcher answers: `head` at lag 0 (newest fix per device), `settled` in observed order and what was
    `driven` to get there, the stretches that its settled answers no longer hold for, and the devices whose tail
    `ended` with this answer."""

    head: MatchBatch
    settled: MatchBatch
    driven: DrivenBatch
    dirty: tuple[DirtyStretch, ...] = ()
    ended: tuple[int, ...] = ()
