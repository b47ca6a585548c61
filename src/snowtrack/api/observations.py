"""`/v1/observations`: what other systems saw of machines, handed to the broker as their trackers would."""

import asyncio
from functools import partial
from typing import Any

import structlog
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import JSONResponse
from psycopg import Error as DatabaseError

from snowtrack import wall_clock
from snowtrack.api.bodies import BODY_BYTES_MAX, read_body, room
from snowtrack.api.context import Context, Shared
from snowtrack.api.devices import device_id
from snowtrack.api.doors import NOTE_S, Sending
from snowtrack.api.errors import RETRY
from snowtrack.model.access import Principal
from snowtrack.model.errors import SourceError, StoreError
from snowtrack.sources.http import Sent, read_lines, read_observations
from snowtrack.sources.observation import Wrong
from snowtrack.sources.publishing import publish_to_any
from snowtrack.store.access import Entry, note

router = APIRouter(prefix="/v1/observations", tags=["observations"])
JSON, NMEA = "application/json", "text/plain"

log = structlog.get_logger()

_SEEN = {"time": "2027-01-14T06:00:00+09:00", "lat": 36.5613, "lon": 136.6562, "speed_kmh": 21.5, "course_deg": 87.5}
_NUMBERED = {**_SEEN, "boot": 7, "seq": 1, "uptime_ms": 1000, "blade": "down", "spreading": False}
_LINES = (
    "$PSNOW,7,1,1000,D*16\r\n"
    "$GPRMC,153000.00,A,3634.0000,N,13639.0000,E,12.40,87.5,140126,,,A*68\r\n"
    "$GPGGA,153000.00,3634.0000,N,13639.0000,E,1,11,0.9,31.4,M,36.9,M,,*54\r\n"
)
_OBJECTS = {"type": "array", "items": {"type": "object", "required": ["time", "lat", "lon"]}}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    202: {
        "description": "The broker has all of it",
        "content": {JSON: {"example": {"observations": 2, "messages": 1}}},
    },
    413: {"description": f"More than {BODY_BYTES_MAX // 2**20} MiB"},
    415: {"description": "Another form"},
    422: {"description": "The first thing that is wrong, and what is expected there; nothing was taken"},
    503: {"description": "The broker is away, or too many are sending: send it again after Retry-After"},
}


def _described(examples: dict[str, Any]) -> dict[str, Any]:
    """The body by its forms: it is read as it comes, so the route's own description knows nothing of it."""
    schemas = {JSON: _OBJECTS, NMEA: {"type": "string"}}
    content = {form: {"schema": schemas[form], "example": example} for form, example in examples.items()}
    return {"requestBody": {"required": True, "content": content}}


@router.post(
    "/{agency}/{device}",
    response_class=JSONResponse,
    status_code=202,
    responses=_ANSWERS,
    openapi_extra=_described({JSON: [_SEEN, _NUMBERED], NMEA: _LINES}),
)
async def of_device(request: Request, shared: Shared, who: Sending, agency: str, device: str) -> JSONResponse:
    """Take what was seen of one machine, all of it or nothing: JSON, or NMEA as its tracker would send it. When this
    answers, the broker has it."""
    wanted = device_id(agency, device)
    async with room(shared):
        form, content = await read_body(request, (JSON, NMEA))
        if form == NMEA:
            read = partial(read_lines, content, wanted, partial(shared.read_as, agency))
        else:
            read = partial(read_observations, content, agency, device)
        answer = await _hand_on(shared, await asyncio.to_thread(read))
    await _note(shared, who, agency)
    return answer


@router.post(
    "/{agency}",
    response_class=JSONResponse,
    status_code=202,
    responses=_ANSWERS,
    openapi_extra=_described({JSON: [{"device": "plough-12", **_SEEN}]}),
)
async def of_agency(request: Request, shared: Shared, who: Sending, agency: str) -> JSONResponse:
    """The same of several machines of an agency: JSON in which each observation names its `device`."""
    device_id(agency, agency)
    async with room(shared):
        content = (await read_body(request, (JSON,))).content
        answer = await _hand_on(shared, await asyncio.to_thread(read_observations, content, agency))
    await _note(shared, who, agency)
    return answer


async def _note(shared: Context, who: Principal, agency: str) -> None:
    """Who sends, once a minute: what was sent is kept as it came. That the database is away must not have it sent
    again."""
    what = f"observations of {agency}"
    if shared.gate.has_just_done(who, what):
        return
    try:
        async with shared.pool.connection(timeout=NOTE_S) as connection:
            sent = Entry(who=who.name, action="send", agencies=(agency,), what=what)
            await note(connection, sent, wall_clock.now_us())
    except (StoreError, DatabaseError):
        log.error("api: what was sent could not be noted", who=who.name, what=what)


async def _hand_on(shared: Context, found: list[Sent] | Wrong) -> JSONResponse:
    if isinstance(found, Wrong):
        raise HTTPException(422, f"nothing was taken; {found}")
    try:
        await publish_to_any(shared.settings.broker_addresses, found)
    except SourceError as error:
        log.warning("api: observations could not be handed on", error=str(error))
        raise HTTPException(503, "the broker did not take it; send all of it again", RETRY) from None
    return JSONResponse({"observations": sum(one.observations for one in found), "messages": len(found)}, 202)
