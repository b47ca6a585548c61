"""`/v1/devices` and `/v1/reports`: the trackers, and the daily report written for each."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from snowtrack.api.context import Context, Shared
from snowtrack.api.errors import BadRequestError, NotFoundError
from snowtrack.model.calendar import utc_text
from snowtrack.model.ids import DeviceId
from snowtrack.reports.daily import DailyReport
from snowtrack.reports.workbook import write_workbook
from snowtrack.store.daily import FIRST_DAY, LAST_DAY, read_daily_report
from snowtrack.store.devices import read_devices
from snowtrack.store.instants import to_us

router = APIRouter(prefix="/v1", tags=["devices"])
Day = Annotated[date, Path(ge=FIRST_DAY, le=LAST_DAY)]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/devices")
async def devices(shared: Shared) -> dict[str, Any]:
    """All trackers that were ever heard, registered or not."""
    async with shared.pool.connection() as connection:
        rows = await read_devices(connection)
    return {
        "devices": [
            {
                "agency": row.id.agency,
                "device": row.id.device,
                "fixes": row.fixes,
                "last_fix_at": None if row.latest_at is None else utc_text(to_us(row.latest_at)),
            }
            for row in rows
        ]
    }


@router.get("/reports/daily/{agency}/{device}/{day}.xlsx", response_class=Response)
async def daily_workbook(shared: Shared, agency: str, device: str, day: Day) -> Response:
    """The daily report as an Excel file."""
    report = await read_report(shared, agency, device, day)
    name = f"nippo-{agency}-{device}-{day.isoformat()}.xlsx"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(write_workbook(report), media_type=XLSX, headers=headers)


@router.get("/reports/daily/{agency}/{device}/{day}")
async def daily_report(shared: Shared, agency: str, device: str, day: Day) -> dict[str, Any]:
    """The daily report of a day in Japan."""
    return (await read_report(shared, agency, device, day)).as_json()


async def read_report(shared: Context, agency: str, device: str, day: date) -> DailyReport:
    """The report, or the error that there is no such device."""
    try:
        wanted = DeviceId(agency, device)
    except ValueError as error:
        raise BadRequestError(str(error)) from None
    async with shared.pool.connection() as connection:
        report = await read_daily_report(connection, shared.network, wanted, day)
    if report is None:
        raise NotFoundError(f"there is no device {wanted}")
    return report
