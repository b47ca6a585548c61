"""`/v1/states`: what managers report of roads of which no tracker tells; an entry is corrected by a later one."""

from datetime import UTC, timedelta
from typing import Annotated, Any, Literal, Self

import numpy as np
from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import JSONResponse
from psycopg import AsyncConnection
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from snowtrack import wall_clock
from snowtrack.api.bodies import Instant, Text, read_body, room
from snowtrack.api.context import Context, Shared
from snowtrack.api.doors import Looking, Telling
from snowtrack.clearance.reported import counts_for
from snowtrack.model.access import Right
from snowtrack.model.calendar import SECOND_US, instant_us, utc_text
from snowtrack.model.columns import Rows
from snowtrack.model.ids import ID_PATTERN
from snowtrack.model.reported import Report
from snowtrack.model.states import ANY_DIRECTION
from snowtrack.model.work import Work
from snowtrack.store.access import Entry, note
from snowtrack.store.reported import enter_report, read_reports, read_route_ways

router = APIRouter(prefix="/v1/states", tags=["states"])
JSON = "application/json"
SEGMENTS_MAX = 10_000
POSITION_MAX = 1_000_000
ID_MAX = 2**53 - 1
AHEAD_US = 60 * SECOND_US
LASTED_MAX = timedelta(days=1)
WORKS = {"ploughed": Work.PLOUGHING, "spread": Work.SPREADING}
WORDS = {work: word for word, work in WORKS.items()}

Id = Annotated[int, Field(strict=True, ge=1, le=ID_MAX)]
Position = Annotated[int, Field(ge=1, le=POSITION_MAX)]
Ways = list[tuple[int, int]]


class Said(BaseModel):
    """What a manager reports: of `segments`, of a registered `route` or a part of it, or of its own roads of a name;
    `at` a time, or `from` one `to` another. What `corrects` an earlier entry stands in its place; without segments it
    takes that back."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    agency: Annotated[str, Field(pattern=f"^{ID_PATTERN.pattern}$")]
    segments: Annotated[list[Id], Field(max_length=SEGMENTS_MAX)] | None = None
    route: Annotated[Text, Field(max_length=64)] | None = None
    first_position: Position = 1
    last_position: Position = POSITION_MAX
    road: Annotated[Text, Field(min_length=1, max_length=200)] | None = None
    work: Literal["ploughed", "spread"]
    at: Instant | None = None
    since: Annotated[Instant | None, Field(alias="from")] = None
    until: Annotated[Instant | None, Field(alias="to")] = None
    by: Annotated[Text, Field(min_length=1, max_length=200)]
    note: Annotated[Text, Field(max_length=2_000)] = ""
    corrects: Id | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if sum(one is not None for one in (self.segments, self.route, self.road)) != 1:
            raise ValueError("expected segments, route or road, one of them")
        if self.segments == [] and self.corrects is None:
            raise ValueError("expected a segment; only what corrects another entry may have none")
        if self.span_us[1] > wall_clock.now_us() + AHEAD_US:
            raise ValueError("expected what was done by now")
        return self

    @property
    def span_us(self) -> tuple[int, int]:
        start, end = self.at or self.since, self.at or self.until
        if start is None or end is None or (self.at is not None and (self.since or self.until)):
            raise ValueError("expected at, or from and to")
        if not timedelta(0) <= end - start <= LASTED_MAX:
            raise ValueError("expected from before to, at most a day apart")
        return instant_us(start, UTC), instant_us(end, UTC)


_EXAMPLE = {
    "agency": "kahoku",
    "segments": [1, 2],
    "work": "ploughed",
    "from": "2027-01-14T04:00:00+09:00",
    "to": "2027-01-14T05:30:00+09:00",
    "by": "土木課 当番",
    "note": "2回目",
}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    201: {"description": "Entered", "content": {JSON: {"example": {"id": 7, "segments": 2, "counted": 2}}}},
    403: {"description": "Not of an agency for which you may tell"},
    409: {"description": "What it corrects is not there, is another agency's, or is corrected already"},
    415: {"description": "Another form"},
    422: {"description": "The first thing that is wrong, and what is expected there; nothing was entered"},
}


@router.post(
    "",
    response_class=JSONResponse,
    status_code=201,
    responses=_ANSWERS,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {JSON: {"schema": Said.model_json_schema(), "example": _EXAMPLE}},
        }
    },
)
async def enter(request: Request, shared: Shared, who: Telling) -> JSONResponse:
    """Take what a manager reports of segments; it counts from then on as passes do, with the evidence `reported`, where
    the agency manages them or shares its passes (`counted`)."""
    async with room(shared):
        said = _read((await read_body(request, (JSON,))).content)
    if said.agency not in who.scope(Right.TELL):
        raise HTTPException(403, f"the right to tell at {said.agency} is not given")
    async with shared.pool.connection() as connection, connection.transaction():
        outlook = shared.live.outlook
        await outlook.refresh(connection)
        if said.agency not in [one.id for one in outlook.fleet.agencies]:
            raise HTTPException(422, "agency: expected one that is registered")
        ways, rows = await _ways(connection, shared, said)
        number = await enter_report(connection, _report(said, ways))
        if number is not None:
            told = Entry(who=who.name, action="tell", agencies=(said.agency,), what=f"state {number}")
            await note(connection, told, wall_clock.now_us())
    if number is None:
        raise HTTPException(409, "corrects: expected an entry of this agency that is not corrected yet")
    counted = counts_for(said.agency, outlook.fleet, outlook.managers, rows)
    return JSONResponse({"id": number, "segments": len(ways), "counted": int(counted.sum())}, 201)


@router.get("")
async def entries(
    shared: Shared,
    who: Looking,
    agency: Annotated[str | None, Query(description="only of this agency")] = None,
    before: Annotated[int, Query(ge=1, le=ID_MAX, description="continue before this id")] = ID_MAX,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> dict[str, Any]:
    """What was reported, newest first, also what was corrected. `next` names the id to continue before, while there is
    more."""
    async with shared.pool.connection() as connection:
        scope = who.scope(Right.LOOK).narrowed(agency)
        found = await read_reports(connection, scope, before=before, limit=limit + 1)
    more = found[limit - 1].number if len(found) > limit else None
    return {"states": [_told(one) for one in found[:limit]], "next": more}


def _read(content: bytes) -> Said:
    try:
        return Said.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise HTTPException(422, f"{where}: {first['msg'].removeprefix('Value error, ')}") from None


async def _ways(connection: AsyncConnection, shared: Context, said: Said) -> tuple[Ways, Rows]:
    """The segments that are meant, all of this network, and which direction of each; and their rows."""
    network = shared.network
    if said.route is not None:
        ways = await read_route_ways(connection, said.agency, said.route, said.first_position, said.last_position)
    elif said.road is not None:
        own = counts_for(said.agency, shared.live.outlook.fleet, shared.live.outlook.managers, np.arange(len(network)))
        names = [name for name in np.unique(network.name_text[own]).tolist() if network.text(name) == said.road]
        named = network.segment_id[own & np.isin(network.name_text, names)]
        ways = [(segment, ANY_DIRECTION) for segment in named.tolist()]
    else:
        ways = [(segment, ANY_DIRECTION) for segment in dict.fromkeys(said.segments or ())]
    rows = network.rows_of([segment for segment, _ in ways])
    if (rows < 0).any():
        raise HTTPException(
            422, f"segments: {ways[int(np.argmax(rows < 0))][0]} is not of network {network.network_id}"
        )
    if not ways and said.segments is None:
        raise HTTPException(422, "route, road: expected one with segments")
    return ways, rows


def _report(said: Said, ways: Ways) -> Report:
    from_us, to_us = said.span_us
    return Report(
        agency=said.agency,
        ways=tuple(ways),
        work=WORKS[said.work],
        from_us=from_us,
        to_us=to_us,
        said_by=said.by,
        note=said.note,
        corrects=said.corrects,
    )


def _told(report: Report) -> dict[str, Any]:
    return {
        "id": report.number,
        "agency": report.agency,
        "segments": [{"id": segment, "direction": direction} for segment, direction in report.ways],
        "work": WORDS[report.work],
        "from": utc_text(report.from_us),
        "to": utc_text(report.to_us),
        "by": report.said_by,
        "note": report.note,
        "received_at": utc_text(report.received_us),
        "corrects": report.corrects,
        "corrected_by": report.corrected_by,
    }
