"""Depth messages into the store, inside the transaction of the batch that they came with.

A reading is kept when its time can be: at most a minute ahead of when it was received, at most a year before. Others
are kept aside, and what is no reading is counted. Nothing that a sensor sends holds up the batch.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from psycopg import AsyncConnection

from snowtrack.model.calendar import DAY_US
from snowtrack.snow.listings import AHEAD_US
from snowtrack.snow.readings import read_depths
from snowtrack.sources.source import Delivery
from snowtrack.store.snow import Refused, keep_depths

OLD_US = 366 * DAY_US


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthTally:
    """What came of some messages."""

    messages: int = 0
    new: int = 0
    conflicts: int = 0
    misdated: int = 0
    rejected: int = 0


async def take_depths(connection: AsyncConnection, deliveries: Iterable[Delivery]) -> DepthTally:
    """Keep what sensors sent. The order by sensor is that of all who hold sensors, so that nobody waits for ever."""
    tally = DepthTally()
    for delivery in sorted(deliveries, key=lambda one: one.device):
        read = read_depths(delivery.payload)
        early = delivery.received_us - read.readings.time_us > OLD_US
        misdated = early | (read.readings.time_us - delivery.received_us > AHEAD_US)
        refused = Refused(
            misdated=read.readings.take(misdated),
            rejected=len(read.rejects),
            last_fault=read.rejects[-1].fault if read.rejects else None,
        )
        readings = read.readings.take(~misdated)
        kept = await keep_depths(connection, delivery.device, readings, delivery.received_us, refused)
        tally = DepthTally(
            messages=tally.messages + 1,
            new=tally.new + kept.new,
            conflicts=tally.conflicts + kept.conflicts,
            misdated=tally.misdated + len(refused.misdated),
            rejected=tally.rejected + refused.rejected,
        )
    return tally
