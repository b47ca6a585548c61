"""Fold passes into facts: the one place where clearance state comes from.

Facts are a function of the set of passes since the event began, so folding again always gives the same. Only ploughing
covers; where one pass clears the whole width, the direction driven does not matter.
"""

import numpy as np

from snowtrack.clearance.segments import Segments
from snowtrack.clearance.sweep import Found, Groups, Passes, Pieces, sweep
from snowtrack.model.columns import Int64s, declared_dtypes
from snowtrack.model.passes import PassBatch
from snowtrack.model.states import StateBatch, States, Stretches

# A segment has so many directions: against it, any or not known, along it.
WAYS = 3


def fold(passes: PassBatch, segments: Segments) -> States:
    """The facts of all segments and directions that were worked, from passes of any order; those on other segments than
    these are left out."""
    place = segments.places(passes.segment_id)
    if len(place) and place.min() < 0:
        passes, place = passes.take(place >= 0), place[place >= 0]
    group = place * WAYS + np.where(segments.both_ways[place], passes.direction + 1, 1)
    order = np.argsort(group)
    ordered = group[order]
    firsts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]) if len(ordered) else ordered)
    own = ordered[firsts] // WAYS
    starts = np.append(firsts, len(ordered))
    groups = Groups(order, starts, segments.length_mm[own], segments.needed[own], segments.done_permille[own])
    found = _room(len(own), len(passes))
    columns = (getattr(passes, name) for name in Passes._fields)
    count = sweep(Passes(*columns), groups, _pieces(starts), found)
    facts = StateBatch(
        segment_id=segments.segment_id[own],
        direction=(ordered[firsts] % WAYS - 1).astype(np.int8),
        length_mm=groups.length_mm,
        **{name: column for name, column in found._asdict().items() if name in StateBatch.dtypes()},
    )
    covered = Stretches(offsets=found.offsets, from_mm=found.from_mm[:count].copy(), to_mm=found.to_mm[:count].copy())
    return States(facts=facts, covered=covered)


def _room(groups: int, passes: int) -> Found:
    dtypes = {**StateBatch.dtypes(), **declared_dtypes(Stretches)}
    sizes = {"offsets": groups + 1, "from_mm": passes, "to_mm": passes}
    return Found(**{name: np.empty(sizes.get(name, groups), dtypes[name]) for name in Found._fields})


def _pieces(starts: Int64s) -> Pieces:
    """As many as the largest group can have."""
    most = 2 * int(np.diff(starts).max(initial=0))
    dtypes = (np.int32, np.int16, np.int8)
    return Pieces(np.empty(most + 1, np.int32), *(np.empty(most, dtype) for dtype in dtypes))
