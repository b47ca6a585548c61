"""The road network: one frozen set of arrays, as docs/network-format.md describes them."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from snowtrack.model.columns import Int8s, Int32s, Int64s, UInt8s, UInt64s, declared_dtypes


class RoadClass(IntEnum):
    UNKNOWN = 0
    NATIONAL = 1
    PREFECTURAL = 2
    MAIN = 3
    LOCAL = 4
    RAMP = 5
    FRONTAGE = 6


class Manager(IntEnum):
    UNKNOWN = 0
    NATION = 1
    PREFECTURE = 2
    MUNICIPALITY = 3


class Kind(IntEnum):
    CARRIAGEWAY = 0
    FOOTWAY = 1


class Structure(IntEnum):
    GROUND = 0
    BRIDGE = 1
    TUNNEL = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """All segments of one version of the roads. `row` means a position in the segment arrays."""

    network_id: str
    name: str
    attribution: str
    h3_resolution: int
    candidate_radius_m: int
    node_lat_e7: Int32s
    node_lon_e7: Int32s
    node_offsets: Int64s
    node_ends: Int32s
    segment_id: Int64s
    rows_by_id: Int32s
    from_node: Int32s
    to_node: Int32s
    length_mm: Int32s
    road_class: UInt8s
    manager: UInt8s
    kind: UInt8s
    oneway: Int8s
    structure: UInt8s
    level: Int8s
    lanes: UInt8s
    width_mm: Int32s
    priority: UInt8s
    name_text: Int32s
    reading_text: Int32s
    route_text: Int32s
    district_text: Int32s
    source_id: Int64s
    source_text: Int32s
    source_from_mm: Int32s
    shape_offsets: Int64s
    shape_lat_e7: Int32s
    shape_lon_e7: Int32s
    shape_at_mm: Int32s
    text_offsets: Int64s
    text_utf8: UInt8s
    cell: UInt64s
    cell_offsets: Int64s
    cell_rows: Int32s

    def __post_init__(self) -> None:
        """Nothing changes a network: its arrays are as they are when mapped from a file."""
        for name in declared_dtypes(Network):
            getattr(self, name).flags.writeable = False

    def __len__(self) -> int:
        return len(self.segment_id)

    @property
    def bbox_e7(self) -> tuple[int, int, int, int]:
        """West, south, east, north."""
        lat, lon = self.shape_lat_e7, self.shape_lon_e7
        return int(lon.min()), int(lat.min()), int(lon.max()), int(lat.max())

    def text(self, number: int) -> str | None:
        """A street name or route number; `None` for -1."""
        if number < 0:
            return None
        start, to = self.text_offsets[number], self.text_offsets[number + 1]
        return bytes(self.text_utf8[start:to]).decode()

    def rows_of(self, segment_ids: Sequence[int] | Int64s) -> Int64s:
        """Rows of segment ids; -1 for an id that is not of this network."""
        return np.array([self._row_of(int(id_)) for id_ in segment_ids], np.int64)

    def _row_of(self, segment_id: int) -> int:
        # numpy would copy a million row numbers for each call that sorts by them.
        at = bisect_left(self.rows_by_id, segment_id, key=self.segment_id.__getitem__)
        row = int(self.rows_by_id[at]) if at < len(self) else -1
        return row if row >= 0 and self.segment_id[row] == segment_id else -1
