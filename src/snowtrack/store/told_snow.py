"""What people say of snow: entries that are never changed, and what of them holds."""

from typing import Any

from psycopg import AsyncConnection

from snowtrack.model.access import Scope
from snowtrack.model.calendar import DAY_US
from snowtrack.model.ids import DeviceId
from snowtrack.model.snow import SnowKind, ToldSnow
from snowtrack.store.instants import to_instant, to_us
from snowtrack.store.queries import query


async def enter_snow(connection: AsyncConnection, told: ToldSnow) -> int | None:
    """Note what was said, whatever number it had, and have readers look at its sensor again; its number, or nothing
    where there is nothing of this sensor to be corrected of that number."""
    named = {"agency": told.sensor.agency, "sensor": told.sensor.device}
    entered = {
        **named,
        "corrects": told.corrects,
        "kind": told.kind,
        "from_at": to_instant(told.from_us),
        "to_at": to_instant(told.to_us),
        "depth_mm": told.depth_mm,
        "reason": told.reason,
        "said_by": told.said_by,
    }
    row = await (await connection.execute(query("enter_snow"), entered)).fetchone()
    if row is None:
        return None
    number = int(row[0])
    await connection.execute(query("hear_sensors"), {**named, "heard_at": to_instant(told.to_us)})
    counted = {"readings": 1, "conflicts": 0, "misdated": 0, "rejected": 0, "last_fault": None}
    await connection.execute(query("count_depths"), {**named, **counted})
    spans = await connection.execute(query("spans_of_told_snow"), {"told": [number, told.corrects]})
    days = {
        at_us
        for begin, end in await spans.fetchall()
        for at_us in (*range(to_us(begin), to_us(end), DAY_US), to_us(end))
    }
    listed = [to_instant(at_us) for at_us in sorted(days)]
    await connection.execute(query("list_depth_days"), {**named, "time": listed})
    return number


async def read_told_snow(connection: AsyncConnection, scope: Scope, *, before: int, limit: int) -> list[ToldSnow]:
    """Of some agencies or of all, those with smaller numbers than this, newest first."""
    asked = {"agencies": scope.listed, "before": before, "limit": limit}
    return [_told(*row) for row in await (await connection.execute(query("told_snow"), asked)).fetchall()]


def _told(number: int, corrects: int | None, corrected_by: int | None, agency: str, sensor: str, *row: Any) -> ToldSnow:  # noqa: ANN401 - what a row holds
    kind, start, end, depth_mm, reason, said_by, entered = row
    return ToldSnow(
        sensor=DeviceId(agency, sensor),
        kind=SnowKind(kind),
        from_us=to_us(start),
        to_us=to_us(end),
        depth_mm=depth_mm,
        reason=reason,
        said_by=said_by,
        corrects=corrects,
        number=number,
        corrected_by=corrected_by,
        entered_us=to_us(entered),
    )
