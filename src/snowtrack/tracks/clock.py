"""Which instants are believed.

A clock is not trusted until it has earned it: a fix has an instant when its receiver stated a full date and time that
lies after the time of the first receivers sold with this protocol and not after it was received. A clock at a default
date, a week rollover (1,024 weeks back) and a future clock all fall outside; hours of backlog do not.
"""

from datetime import UTC, datetime

from snowtrack.model.columns import Bools, present
from snowtrack.model.fixes import FixBatch
from snowtrack.model.tracks import ObservedBatch

EARLIEST_US = int(datetime(2020, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
AHEAD_US_MAX = 60 * 1_000_000


def trusted(fixes: FixBatch) -> Bools:
    """Where the device's own time can be believed."""
    plausible = (fixes.time_us >= EARLIEST_US) & (fixes.time_us <= fixes.received_us + AHEAD_US_MAX)
    return present(fixes.time_us) & plausible


def observe(fixes: FixBatch) -> ObservedBatch:
    """The fixes that have a trusted instant and a position, in the order given."""
    chosen = fixes.take(trusted(fixes) & present(fixes.lat_e7))
    return ObservedBatch(
        device=chosen.device,
        observed_us=chosen.time_us,
        boot=chosen.boot,
        seq=chosen.seq,
        digest=chosen.digest,
        received_us=chosen.received_us,
        lat_e7=chosen.lat_e7,
        lon_e7=chosen.lon_e7,
        speed_mmps=chosen.speed_mmps,
        course_cdeg=chosen.course_cdeg,
        blade=chosen.blade,
    )
