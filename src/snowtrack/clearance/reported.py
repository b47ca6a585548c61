"""Reports to passes, so that they count in the fold beside those that trackers tell of, as the weakest evidence.

Who reports that a segment was ploughed says that it is done: the report is as many passes as are needed there. It
counts where the agency manages the segment, and where it shares its passes.
"""

from collections.abc import Sequence

import numpy as np

from snowtrack.clearance.segments import Segments
from snowtrack.model.columns import ABSENT_32, Bools, Int16s, Rows
from snowtrack.model.fleet import Fleet
from snowtrack.model.passes import PassBatch
from snowtrack.model.reported import ReportedWork
from snowtrack.model.states import ANY_DIRECTION
from snowtrack.model.work import Evidence, Work

CONFIDENCE = 500
"""Somebody says so and no machine: half as sure as can be."""


def counts_for(agency: str, fleet: Fleet, managers: Int16s, rows: Rows) -> Bools:
    """On which rows of the network an agency's reports count."""
    for place, one in enumerate(fleet.agencies):
        if one.id == agency:
            own: Bools = (rows >= 0) & ((managers[rows] == place) | one.shares_passes)
            return own
    return np.zeros(len(rows), np.bool_)


def reported_passes(found: Sequence[ReportedWork], segments: Segments, fleet: Fleet, managers: Int16s) -> PassBatch:
    """The passes that reports on these segments come to."""
    places = segments.places(np.array([one.segment_id for one in found], np.int64))
    rows: list[tuple[int, ...]] = []
    for one, place in zip(found, places.tolist(), strict=True):
        if place < 0 or not counts_for(one.agency, fleet, managers, segments.row[[place]])[0]:
            continue
        both = segments.both_ways[place] and one.direction == ANY_DIRECTION
        needed = int(segments.needed[place]) if one.work is Work.PLOUGHING else 1
        for direction in (1, -1) if both else (one.direction or 1,):
            for again in range(needed):
                # What lies beyond the end is cut off; it tells the passes apart, since the same pass twice is one.
                span = 0, int(segments.length_mm[place]) + again, one.from_us, one.to_us
                kind = one.work, Evidence.REPORTED, CONFIDENCE, ABSENT_32
                rows.append((ABSENT_32, one.segment_id, direction, *span, *kind))
    return PassBatch.from_rows(rows)
