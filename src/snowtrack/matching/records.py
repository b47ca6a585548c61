"""What the matcher remembers of each machine, as rows of fixed size: a machine's memory is a few byte strings."""

from typing import Any

import numpy as np
import numpy.typing as npt

from snowtrack.model.tracks import ObservedBatch

Records = npt.NDArray[Any]

FIX = np.dtype(list(ObservedBatch.dtypes().items()))

# Beside each fix: how many states it has, whether a track begins with it, whether there are places near, what is known
# of the receiver's noise, how far the machine has gone on this track, up to a bound, the step to it, the
# mean speed of late, and whether the machine seems to stand.
COLUMN = np.dtype(
    [
        ("states", np.int8),
        ("opens", np.bool_),
        ("placed", np.bool_),
        ("gone_mm", np.int16),
        ("noise_mm", np.int16),
        ("residual_mm", np.int16),
        ("moved_east_mm", np.int32),
        ("moved_north_mm", np.int32),
        ("moved_ms", np.int16),
        ("pace_east_mmps", np.int16),
        ("pace_north_mmps", np.int16),
        ("stands", np.bool_),
    ]
)

# Where the machine may be: directed segment 2r (along segment r) or 2r + 1 (against it), -1 off the road; millimetres
# from where the directed segment begins. `back` is the best state before it, `second` the runner-up, which costs
# `behind` more. `rival` is by how much it is likelier than the road beside.
STATE = np.dtype(
    [
        ("edge", np.int32),
        ("at_mm", np.int32),
        ("cost", np.int16),
        ("behind", np.int16),
        ("rival", np.int16),
        ("back", np.int8),
        ("second", np.int8),
    ]
)

# One per machine. Its memory has `fixes`, `columns` and `states`. `left_…` is the last fix that was settled, in the
# order of fixes; nothing up to `closed_us` may come any more without making a difference to what was settled;
# `settled` fixes of the memory are; `provisional` says that they were before their time. `drive_…` is how far the
# machine has driven.
HEAD = np.dtype(
    [
        ("newest_us", np.int64),
        ("heard_us", np.int64),
        ("track_us", np.int64),
        ("left_us", np.int64),
        ("left_boot", np.int64),
        ("left_seq", np.int64),
        ("left_digest", np.int64),
        ("closed_us", np.int64),
        ("drive_edge", np.int32),
        ("drive_mm", np.int32),
        ("fixes", np.int32),
        ("columns", np.int32),
        ("states", np.int32),
        ("settled", np.int32),
        ("left", np.bool_),
        ("provisional", np.bool_),
    ]
)


def fix_records(fixes: ObservedBatch) -> Records:
    """Columns to rows."""
    records = np.empty(len(fixes), FIX)
    for name in FIX.names or ():
        records[name] = getattr(fixes, name)
    return records


def fix_columns(records: Records) -> ObservedBatch:
    """Rows to columns."""
    return ObservedBatch(**{name: np.ascontiguousarray(records[name]) for name in FIX.names or ()})
