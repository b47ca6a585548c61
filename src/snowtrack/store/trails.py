"""Where devices were, one fix of each step of time: what a read costs follows from how much is told, not from how often
trackers send."""

from collections.abc import Mapping

import numpy as np
from psycopg import AsyncConnection

from snowtrack.model.calendar import MINUTE_US, SECOND_US
from snowtrack.model.trails import Sightings
from snowtrack.store.arrays import numbers, times
from snowtrack.store.columns import read_columns
from snowtrack.store.instants import to_instant
from snowtrack.store.queries import query

# Fixes are stored some seconds before their device is said to have been heard later.
AHEAD_US = MINUTE_US


async def read_sightings(
    connection: AsyncConnection, latest_us: Mapping[int, int], reach_us: int, step_s: int
) -> Sightings:
    """Of each device the last fix with a position of each step, so long before its newest instant. Steps begin at whole
    multiples, so that who asks again gets the same ones."""
    if not latest_us:
        return Sightings.empty()
    step_us = step_s * SECOND_US
    until_us = np.fromiter(latest_us.values(), np.int64)
    from_us = (until_us - reach_us) // step_us * step_us
    asked = {
        "devices": numbers(list(latest_us)),
        "from_times": times(from_us),
        "to_times": times(until_us + AHEAD_US),
        "oldest": to_instant(int(from_us.min())),
        "newest": to_instant(int(until_us.max()) + AHEAD_US + step_us),
        "step": f"{step_s} seconds",
    }
    return await read_columns(connection, query("sightings"), asked, Sightings)
