"""`/v1/devices` and `/v1/reports`: the trackers, their tracks, and the daily report written for each."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Response

from snowtrack.api.context import Context, Shared
from snowtrack.api.doors import Reporting, Watching
from snowtrack.api.errors import BadRequestError, NotFoundError
from snowtrack.api.paging import After, Limit, page
from snowtrack.model.access import Principal, Right
from snowtrack.model.calendar import SECOND_US, day_range_us, utc_text
from snowtrack.model.ids import DeviceId
from snowtrack.model.tracks import TrackBatch
from snowtrack.reports.daily import DailyReport
from snowtrack.reports.workbook import write_workbook
from snowtrack.store.access import is_of_contractors
from snowtrack.store.daily import FIRST_DAY, LAST_DAY, read_daily_report
from snowtrack.store.devices import find_device, read_devices
from snowtrack.store.instants import to_us
from snowtrack.store.quarantine import read_reject_counts
from snowtrack.store.tracks import read_tracks

router = APIRouter(prefix="/v1", tags=["devices"])
Day = Annotated[date, Path(ge=FIRST_DAY, le=LAST_DAY)]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/devices")
async def devices(shared: Shared, who: Watching, after: After = "", limit: Limit = 1_000) -> dict[str, Any]:
    """Trackers of one's agencies that were ever heard, registered or not; how often they sent what could not be read,
    and why. `next` names the one to continue after, while there is more."""
    scope = who.scope(Right.LOOK)
    async with shared.pool.connection() as connection:
        rows = await read_devices(connection)
        rejects = await read_reject_counts(connection)
    own = sorted((row for row in rows if row.id.agency in scope), key=lambda row: row.id)
    shown, following = page(own, lambda row: (row.id.agency, row.id.device), after, limit)
    return {
        "devices": [
            {
                "agency": row.id.agency,
                "device": row.id.device,
                "fixes": row.fixes,
                "last_fix_at": None if row.latest_at is None else utc_text(to_us(row.latest_at)),
                "rejects": rejects.get(row.number, {}),
            }
            for row in shown
        ],
        "next": following,
    }


@router.get("/devices/{agency}/{device}/tracks/{day}")
async def tracks(shared: Shared, _who: Watching, agency: str, device: str, day: Day) -> dict[str, Any]:
    """The tracks of a tracker on a day in Japan, and what is odd about each."""
    wanted = device_id(agency, device)
    async with shared.pool.connection() as connection:
        number = await find_device(connection, wanted)
        if number is None:
            raise NotFoundError(f"there is no device {wanted}")
        found = await read_tracks(connection, number, *day_range_us(day))
    return {"tracks": [_track(*row) for row in found.rows()]}


def _track(_: int, started_us: int, ended_us: int, *counts: int) -> dict[str, Any]:
    named = dict(zip(list(TrackBatch.dtypes())[3:], counts, strict=True))
    frozen_s = round(named.pop("frozen_us") / SECOND_US, 1)
    return {"from": utc_text(started_us), "to": utc_text(ended_us), **named, "frozen_s": frozen_s}


@router.get("/reports/daily/{agency}/{device}/{day}.xlsx", response_class=Response)
async def daily_workbook(shared: Shared, who: Reporting, agency: str, device: str, day: Day) -> Response:
    """The daily report as an Excel file."""
    report = await read_report(shared, who, device_id(agency, device), day)
    name = f"nippo-{agency}-{device}-{day.isoformat()}.xlsx"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(write_workbook(report), media_type=XLSX, headers=headers)


@router.get("/reports/daily/{agency}/{device}/{day}")
async def daily_report(shared: Shared, who: Reporting, agency: str, device: str, day: Day) -> dict[str, Any]:
    """The daily report of a day in Japan."""
    return (await read_report(shared, who, device_id(agency, device), day)).as_json()


async def read_report(shared: Context, who: Principal, wanted: DeviceId, day: date) -> DailyReport:
    """The report, or the error that there is no such device. Contractors see those of days on which the tracker was on
    machines of theirs alone."""
    async with shared.pool.connection() as connection:
        if wanted.agency not in who.scope(Right.REPORT):
            own = who.contractors(Right.REPORT, wanted.agency)
            if not await is_of_contractors(connection, wanted, own, day_range_us(day)):
                raise HTTPException(403, f"{wanted} was not on machines of {', '.join(own)} alone that day")
        report = await read_daily_report(connection, shared.network, wanted, day)
    if report is None:
        raise NotFoundError(f"there is no device {wanted}")
    return report


def device_id(agency: str, device: str) -> DeviceId:
    """The device that an address names."""
    try:
        return DeviceId(agency, device)
    except ValueError as error:
        raise BadRequestError(str(error)) from None
