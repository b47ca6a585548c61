"""What managers report of segments: entries that are never changed, and what of them holds."""

from typing import Any

from psycopg import AsyncConnection

from snowtrack.model.access import Scope
from snowtrack.model.reported import Report, ReportedWork
from snowtrack.model.work import Work
from snowtrack.store.instants import to_instant, to_us
from snowtrack.store.passes import touch
from snowtrack.store.queries import query


async def enter_report(connection: AsyncConnection, report: Report) -> int | None:
    """Note a report, whatever number it had, and have the fold look at its segments and those of the one that it
    corrects; its number, or nothing where its agency has no report to be corrected of that number."""
    segments, directions = zip(*report.ways, strict=True) if report.ways else ((), ())
    entered = {
        "corrects": report.corrects,
        "agency": report.agency,
        "segments": list(segments),
        "directions": list(directions),
        "work": report.work,
        "from_at": to_instant(report.from_us),
        "to_at": to_instant(report.to_us),
        "said_by": report.said_by,
        "note": report.note,
    }
    row = await (await connection.execute(query("enter_report"), entered)).fetchone()
    if row is None:
        return None
    found = await connection.execute(query("segments_of_reports"), {"reports": [row[0], report.corrects]})
    await touch(connection, [segment for (segment,) in await found.fetchall()])
    return int(row[0])


async def read_reports(connection: AsyncConnection, scope: Scope, *, before: int, limit: int) -> list[Report]:
    """Of some agencies or of all, those with smaller numbers than this, newest first."""
    asked = {"agencies": scope.listed, "before": before, "limit": limit}
    return [_report(*row) for row in await (await connection.execute(query("reports"), asked)).fetchall()]


async def read_reported_work(connection: AsyncConnection, segments: list[int], since_us: int) -> list[ReportedWork]:
    """What holds of some segments and ended since an event began."""
    asked = {"segments": segments, "since": to_instant(since_us)}
    rows = await (await connection.execute(query("reported_work"), asked)).fetchall()
    return [
        ReportedWork(agency, segment, direction, Work(work), to_us(start), to_us(end))
        for agency, segment, direction, work, start, end in rows
    ]


async def read_route_ways(
    connection: AsyncConnection, agency: str, route: str, first: int, last: int
) -> list[tuple[int, int]]:
    """Segments and directions of a registered route, between two positions."""
    asked = {"agency": agency, "route": route, "first": first, "last": last}
    return await (await connection.execute(query("route_ways"), asked)).fetchall()


def _report(number: int, corrects: int | None, corrected_by: int | None, agency: str, *row: Any) -> Report:  # noqa: ANN401 - what a row holds
    segments, directions, work, start, end, said_by, note, received = row
    return Report(
        agency=agency,
        ways=tuple(zip(segments, directions, strict=True)),
        work=Work(work),
        from_us=to_us(start),
        to_us=to_us(end),
        said_by=said_by,
        note=note,
        corrects=corrects,
        number=number,
        corrected_by=corrected_by,
        received_us=to_us(received),
    )
