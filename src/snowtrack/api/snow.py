"""`/v1/snow`: depth sensors, what they read and how they stand, and what the snow proposed."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, StreamingResponse

from snowtrack import wall_clock
from snowtrack.api.bodies import WRITTEN, bounded, form_of
from snowtrack.api.context import Context, Shared
from snowtrack.api.doors import Looking, Sending
from snowtrack.api.errors import BadRequestError, NotFoundError
from snowtrack.api.paging import After, Limit, page
from snowtrack.model.access import Right
from snowtrack.model.calendar import DAY_US, TOKYO, instant_us, utc_text
from snowtrack.model.columns import ABSENT_16, ABSENT_32
from snowtrack.model.snow import DepthBatch, Qualities, Quality, SensorId
from snowtrack.snow.curves import make_curves
from snowtrack.snow.dispatch import Proposal
from snowtrack.snow.listings import Given, read_listing, write_header, write_rows
from snowtrack.snow.series import STEP_US, Grid, judge, on_grid
from snowtrack.store.access import Entry, note
from snowtrack.store.snow import count_proposals, keep_all, read_depths, read_heard, read_proposals, sensor_rows

router = APIRouter(prefix="/v1/snow", tags=["snow"])
SERIES_US_MAX = 31 * DAY_US
READINGS_MAX = 50_000
CSV_US_MAX = 400 * DAY_US
ROWS_AT_ONCE = 5_000
BODY_ROWS_MAX = 50_000
PROPOSALS_MAX = 1_000
FORMS = ("application/json", "text/csv")
From = Annotated[
    datetime | None, WRITTEN, Query(alias="from", description="ISO 8601; without an offset it is Japan's time")
]
To = Annotated[datetime | None, WRITTEN, Query(alias="to", description="the same; up to before it")]

_READING = {"time": "2027-01-14T06:00:00+09:00", "depth_mm": 430, "temperature_c": -2.5, "battery_mv": 3600}
_BODY = {
    FORMS[0]: {
        "schema": {"type": "array", "items": {"type": "object", "required": ["time"]}},
        "example": [_READING, {"time": "2027-01-14T06:10:00+09:00", "depth_cm": 43.2}],
    },
    FORMS[1]: {"schema": {}, "example": "日時,積雪深(cm)\r\n2027/01/14 06:00,43.0\r\n"},
}


@router.get("")
async def sensors(shared: Shared, who: Looking, after: After = "", limit: Limit = 1_000) -> dict[str, Any]:
    """All sensors of one's agencies, those too that nobody registered: latest depth, new snow of 1 and 24 hours, state
    and age. `next` names the one to continue after, while there is more."""
    async with shared.pool.connection() as connection:
        rows = await sensor_rows(connection, wall_clock.now_us())
    scope = who.scope(Right.LOOK)
    own = (row for row in rows if row["agency"] in scope)
    shown, following = page(own, lambda row: (row["agency"], row["sensor"]), after, limit)
    return {"sensors": shown, "next": following}


@router.get("/proposals")
async def proposals(
    shared: Shared,
    who: Looking,
    since: From = None,
    until: To = None,
) -> dict[str, Any]:
    """When the snow proposed to go out, newest first; how often for each agency is an indicator."""
    from_us, to_us = _span(since, until, CSV_US_MAX)
    scope = who.scope(Right.LOOK)
    async with shared.pool.connection() as connection:
        found = await read_proposals(connection, from_us, to_us, PROPOSALS_MAX, scope)
        counts = await count_proposals(connection, from_us, to_us, scope)
    return {"from": utc_text(from_us), "to": utc_text(to_us), "counts": counts, "proposals": [_said(p) for p in found]}


@router.get("/{agency}/{sensor}")
async def series(
    shared: Shared,
    _who: Looking,
    agency: str,
    sensor: str,
    since: From = None,
    until: To = None,
) -> dict[str, Any]:
    """What a sensor read in at most 31 days, how good each reading is, and the new snow of each hour."""
    wanted = _sensor_id(agency, sensor)
    from_us, to_us = _span(since, until, SERIES_US_MAX)
    async with shared.pool.connection() as connection:
        _expect(wanted, [one.sensor for one in await read_heard(connection)])
        readings = await read_depths(connection, wanted, from_us, to_us, READINGS_MAX)
    quality = judge(readings.time_us, readings.depth_mm)
    return {
        "from": utc_text(from_us),
        "to": utc_text(to_us),
        "readings": [_reading(row, Quality(good)) for row, good in zip(readings.rows(), quality.tolist(), strict=True)],
        "new_snow": _hourly(readings, quality, from_us, to_us),
        "complete": len(readings) < READINGS_MAX,
    }


@router.get("/{agency}/{sensor}/depth.csv", response_class=StreamingResponse)
async def depth_csv(
    shared: Shared,
    _who: Looking,
    agency: str,
    sensor: str,
    since: From = None,
    until: To = None,
) -> StreamingResponse:
    """What a sensor read in at most 400 days, as CSV for Excel, with times in Japan."""
    wanted = _sensor_id(agency, sensor)
    span = _span(since, until, CSV_US_MAX)
    async with shared.pool.connection() as connection:
        _expect(wanted, [one.sensor for one in await read_heard(connection)])
    headers = {"content-disposition": f'attachment; filename="depth-{agency}-{sensor}.csv"'}
    return StreamingResponse(_lines(shared, wanted, span), media_type="text/csv; charset=utf-8", headers=headers)


@router.post(
    "/{agency}/{sensor}",
    response_model=None,
    responses={200: {"content": {FORMS[0]: {"example": {"readings": 2, "new": 2, "conflicts": 0}}}}},
    openapi_extra={"requestBody": {"required": True, "content": _BODY}},
)
async def upload(
    request: Request, shared: Shared, who: Sending, agency: str, sensor: str
) -> dict[str, Any] | JSONResponse:
    """Take readings as JSON or CSV, all of them or none."""
    wanted = _sensor_id(agency, sensor)
    form_of(request, FORMS)
    body = await bounded(request)
    now_us = wall_clock.now_us()
    listing = read_listing(body, Given(agency=agency, sensor=sensor, now_us=now_us, rows_max=BODY_ROWS_MAX))
    strangers = [f"{other}: these are readings of another sensor" for other in listing.readings if other != wanted]
    if listing.problems or strangers:
        content = {"status": 422, "detail": "nothing was taken", "problems": [*listing.problems, *strangers]}
        return JSONResponse(content, 422, media_type="application/problem+json")
    total = sum(map(len, listing.readings.values()))
    async with shared.pool.connection() as connection, connection.transaction():
        kept = await keep_all(connection, listing.readings, now_us)
        sent = Entry(
            who=who.name, action="send", agencies=(agency,), what=f"{wanted}: {total} readings, {kept.new} new"
        )
        await note(connection, sent, now_us)
    return {"readings": total, "new": kept.new, "conflicts": kept.conflicts}


async def _lines(shared: Context, sensor: SensorId, span: tuple[int, int]) -> AsyncIterator[str]:
    """Some readings at a time; a slow reader holds no connection to the database."""
    begin_us, to_us = span
    yield write_header()
    while True:
        async with shared.pool.connection() as connection:
            part = await read_depths(connection, sensor, begin_us, to_us, ROWS_AT_ONCE)
        if not len(part):
            return
        yield write_rows(sensor, part)
        begin_us = int(part.time_us[-1]) + 1


def _hourly(readings: DepthBatch, quality: Qualities, from_us: int, to_us: int) -> list[dict[str, Any]]:
    """New snow of the whole hours of a span, as far as the sensor could tell by itself."""
    first = -(-from_us // (6 * STEP_US)) * 6 * STEP_US
    grid = Grid(start_us=first, steps=(to_us - first) // STEP_US + 1 if to_us > first else 1)
    curves = make_curves(grid, on_grid(grid, readings.time_us, readings.depth_mm, quality)[None, :])
    begins = first + np.arange((grid.steps - 1) // 6) * 6 * STEP_US
    ends = begins + 6 * STEP_US
    # The last reading stands for now elsewhere; an hour that has only begun is not told here.
    told = ends <= (curves.last_us(0) or 0)
    fallen = curves.new_mm(np.zeros(len(begins), np.int64), begins, ends)
    return [
        {"from": utc_text(begin), "to": utc_text(end), "new_mm": new_mm}
        for begin, end, new_mm, known in zip(begins.tolist(), ends.tolist(), fallen.tolist(), told, strict=True)
        if known and new_mm != ABSENT_32
    ]


def _reading(row: tuple[int, ...], quality: Quality) -> dict[str, Any]:
    time_us, depth_mm, temperature, battery = row
    said: dict[str, Any] = {"time": utc_text(time_us), "depth_mm": depth_mm, "quality": quality.name.lower()}
    if temperature != ABSENT_16:
        said["temperature_c"] = temperature / 10
    if battery != ABSENT_32:
        said["battery_mv"] = battery
    return said


def _said(proposal: Proposal) -> dict[str, Any]:
    return {
        "agency": proposal.sensor.agency,
        "sensor": proposal.sensor.device,
        "road_classes": proposal.road_classes,
        "criterion_mm": proposal.criterion_mm,
        "new_mm": proposal.new_mm,
        "since": utc_text(proposal.since_us),
        "at": utc_text(proposal.at_us),
    }


def _span(since: datetime | None, until: datetime | None, us_max: int) -> tuple[int, int]:
    """From an instant to before another; the last two days where nothing is said."""
    to_us = wall_clock.now_us() + 1 if until is None else _instant_us(until)
    from_us = to_us - min(2 * DAY_US, us_max) if since is None else _instant_us(since)
    if not 0 <= from_us < to_us or to_us - from_us > us_max:
        raise BadRequestError(f"expected from before to, at most {us_max // DAY_US} days apart")
    return from_us, to_us


def _instant_us(moment: datetime) -> int:
    try:
        return instant_us(moment, TOKYO)
    except ValueError as error:
        raise BadRequestError(str(error)) from None


def _sensor_id(agency: str, sensor: str) -> SensorId:
    try:
        return SensorId(agency, sensor)
    except ValueError as error:
        raise BadRequestError(str(error)) from None


def _expect(wanted: SensorId, heard: list[SensorId]) -> None:
    if wanted not in heard:
        raise NotFoundError(f"sensor {wanted} was never heard")
