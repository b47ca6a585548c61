"""How machines spend their time, as spans."""

from psycopg import AsyncConnection

from snowtrack.model.tracks import DirtyStretch
from snowtrack.model.work import ActivityBatch
from snowtrack.store.instants import stretch_asked, to_instant, to_us
from snowtrack.store.queries import query

_TYPES = ["int4", "timestamptz", "timestamptz", "int2", "int2", "bool", "bool", "int8"]
_COPY = (
    "copy activity (device, started_at, ended_at, activity, evidence, doubted, ploughed, driven_mm)"
    " from stdin (format binary)"
)


async def add_activities(connection: AsyncConnection, activities: ActivityBatch) -> None:
    if not len(activities):
        return
    async with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(_TYPES)
        for device, started_us, ended_us, activity, evidence, doubted, ploughed, driven_mm in activities.rows():
            times = to_instant(started_us), to_instant(ended_us)
            await copy.write_row((device, *times, activity, evidence, bool(doubted), bool(ploughed), driven_mm))


async def replace_activities(connection: AsyncConnection, stretch: DirtyStretch, activities: ActivityBatch) -> None:
    """Put these spans in place of all that the device has in the time range."""
    await connection.execute(query("remove_activities"), stretch_asked(stretch))
    await add_activities(connection, activities)


async def read_activities(connection: AsyncConnection, device: int, from_us: int, to_us_: int) -> ActivityBatch:
    """A device's spans that overlap a time range, in order."""
    asked = stretch_asked(DirtyStretch(device=device, from_us=from_us, to_us=to_us_))
    rows = await (await connection.execute(query("activities_of_device"), asked)).fetchall()
    return ActivityBatch.from_rows([(device, to_us(started), to_us(ended), *what) for _, started, ended, *what in rows])
