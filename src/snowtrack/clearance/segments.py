"""Policy by segment: what a version of it comes to on each row of a network."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from snowtrack.model.columns import Bools, Int8s, Int16s, Int32s, Int64s
from snowtrack.model.policy import ROAD_CLASSES, Policy
from snowtrack.network.arrays import Kind, Network

NO_AGENCY = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PolicyTable:
    """One version on one network, by row. `both_ways` says that each direction has to be worked: never where the policy
    does not ask for it, nor on a one-way street or a footway."""

    policy: Policy
    criterion_mm: Int32s
    done_permille: Int16s
    needed: Int8s
    both_ways: Bools
    aged_us: Int64s
    due_us: Int64s

    @classmethod
    def of(cls, policy: Policy, network: Network, agencies: Sequence[str] = (), managers: Int16s | None = None) -> Self:
        """`managers` says for each row which of the agencies its manager is, `NO_AGENCY` where none is."""
        footway = network.kind == Kind.FOOTWAY
        class_of = np.where(footway, len(ROAD_CLASSES) - 1, network.road_class).astype(np.int64)
        manager = np.full(len(network), NO_AGENCY, np.int16) if managers is None else managers
        rules = [[policy.rules_of(agency)[one] for one in ROAD_CLASSES] for agency in (*agencies, None)]

        def column(name: str) -> Int64s:
            """`NO_AGENCY` finds the last line, which is of nobody."""
            values: Int64s = np.array([[getattr(one, name) for one in line] for line in rules], np.int64)
            return values[manager, class_of]

        return cls(
            policy=policy,
            criterion_mm=column("criterion_mm").astype(np.int32),
            done_permille=column("done_permille").astype(np.int16),
            needed=column("passes").astype(np.int8),
            both_ways=column("both_ways").astype(np.bool_) & ~footway & (network.oneway == 0),
            aged_us=column("aged_us"),
            due_us=column("due_us"),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segments:
    """What the fold has to know of segments, ordered by id; `row` is where they stand in the network."""

    segment_id: Int64s
    row: Int64s
    length_mm: Int32s
    done_permille: Int16s
    needed: Int8s
    both_ways: Bools

    @classmethod
    def of(cls, network: Network, table: PolicyTable) -> Self:
        row = network.rows_by_id.astype(np.int64)
        return cls(
            segment_id=network.segment_id[row],
            row=row,
            length_mm=network.length_mm[row],
            done_permille=table.done_permille[row],
            needed=table.needed[row],
            both_ways=table.both_ways[row],
        )

    def places(self, segment_ids: Int64s) -> Int64s:
        """Where segments stand here; -1 for one that is not of this network."""
        if not len(self.segment_id):
            return np.full(len(segment_ids), -1, np.int64)
        at = np.searchsorted(self.segment_id, segment_ids)
        at = np.minimum(at, len(self.segment_id) - 1)
        return np.where(self.segment_id[at] == segment_ids, at, -1)

    def rows(self, segment_ids: Int64s) -> Int64s:
        """Rows in the network; -1 for a segment that is not of it."""
        place = self.places(segment_ids)
        row = np.full(len(place), -1, np.int64)
        row[place >= 0] = self.row[place[place >= 0]]
        return row
