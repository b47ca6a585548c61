"""`/v1/indicators`: the figures of a period in Japanese days, as JSON or as CSV for Excel."""

import asyncio
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from snowtrack.api.context import Shared
from snowtrack.api.doors import Looking
from snowtrack.api.errors import BadRequestError, problem
from snowtrack.indicators.definitions import DEFINITIONS
from snowtrack.indicators.tables import write_csv
from snowtrack.indicators.texts import HEADERS
from snowtrack.model.access import Right
from snowtrack.store.daily import FIRST_DAY, LAST_DAY
from snowtrack.store.indicators import DAYS_MAX

router = APIRouter(prefix="/v1/indicators", tags=["indicators"])
CSV = "text/csv"
From = Annotated[date, Query(alias="from", description="the first day, in Japan", ge=FIRST_DAY, le=LAST_DAY)]
To = Annotated[date, Query(alias="to", description="the last day, which is counted", ge=FIRST_DAY, le=LAST_DAY)]
_ALSO: dict[int | str, dict[str, Any]] = {
    200: {"content": {CSV: {"schema": {"type": "string"}, "example": f"{','.join(HEADERS)}\r\n"}}}
}


@router.get("", response_model=None, responses=_ALSO)
async def indicators(  # noqa: PLR0913, PLR0917 - each filter is a parameter
    request: Request,
    shared: Shared,
    who: Looking,
    since: From,
    until: To,
    agency: Annotated[str | None, Query(description="only of this agency; otherwise of each and of all")] = None,
    form: Annotated[Literal["json", "csv"] | None, Query(alias="format")] = None,
) -> dict[str, Any] | Response:
    """The indicators of at most 200 days, with what they are computed from; docs/indicators.md defines them. Without an
    agency a figure is of all together, and is for who may see all. CSV when asked for by `format` or by the Accept
    header."""
    if until < since or (until - since).days >= DAYS_MAX:
        raise BadRequestError(f"expected from not after to, and at most {DAYS_MAX} days")
    figures = await shared.season_desk.figures(shared.live, since, until)
    if figures is None:
        return problem(503, "several periods are being computed; ask again in a minute")
    scope = who.scope(Right.LOOK)
    chosen = [one for one in figures if agency in (None, one.agency) and one.agency in scope]
    if agency is not None and not chosen:
        raise BadRequestError(f"there is no agency {agency!r} whose figures you may see")
    if form == "csv" or (form is None and CSV in request.headers.get("accept", "")):
        name = f"indicators-{since:%Y%m%d}-{until:%Y%m%d}.csv"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(await asyncio.to_thread(write_csv, chosen), media_type=f"{CSV}; charset=utf-8", headers=headers)
    return {
        "from": since.isoformat(),
        "to": until.isoformat(),
        "timezone": "Asia/Tokyo",
        "indicators": [one.as_json() for one in DEFINITIONS],
        "figures": [one.as_json() for one in chosen],
    }
