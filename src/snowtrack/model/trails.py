"""Where devices were, thinned: what trails are drawn of."""

from dataclasses import dataclass

from snowtrack.model.columns import Columns, Int8s, Int32s, Int64s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sightings(Columns):
    """Where devices were and what their inputs said, ordered by device and by the time that the fix itself states."""

    device: Int32s
    time_us: Int64s
    lat_e7: Int32s
    lon_e7: Int32s
    speed_mmps: Int32s
    blade: Int8s
    pto: Int8s
    spreading: Int8s
