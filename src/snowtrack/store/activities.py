"""How machines spend their time, as spans."""

import numpy as np
from psycopg import AsyncConnection

from snowtrack.model.tracks import DirtyStretch
from snowtrack.model.work import ActivityBatch
from snowtrack.store.copying import copy_in, table_columns
from snowtrack.store.instants import stretch_asked, to_us
from snowtrack.store.queries import query


async def add_activities(connection: AsyncConnection, activities: ActivityBatch) -> None:
    if len(activities):
        truths = {name: getattr(activities, name).astype(np.bool_) for name in ("doubted", "ploughed")}
        await copy_in(connection, "activity", table_columns(activities) | truths)


async def replace_activities(connection: AsyncConnection, stretch: DirtyStretch, activities: ActivityBatch) -> None:
    """Put these spans in place of all that the device has in the time range."""
    await connection.execute(query("remove_activities"), stretch_asked(stretch))
    await add_activities(connection, activities)


async def read_activities(connection: AsyncConnection, device: int, from_us: int, to_us_: int) -> ActivityBatch:
    """A device's spans that overlap a time range, in order."""
    asked = stretch_asked(DirtyStretch(device=device, from_us=from_us, to_us=to_us_))
    rows = await (await connection.execute(query("activities_of_device"), asked)).fetchall()
    return ActivityBatch.from_rows([(device, to_us(started), to_us(ended), *what) for _, started, ended, *what in rows])
