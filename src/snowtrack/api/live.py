"""`/v1/live`: a snapshot, then what changes, by server-sent events; `/v1/summary`: the figures of the moment."""

import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from fastapi.responses import StreamingResponse
from psycopg import Error as DatabaseError

from snowtrack.api.context import Context, Shared
from snowtrack.api.doors import PUBLIC, Looking, Watching
from snowtrack.api.limits import network_of
from snowtrack.api.state import read_event_id
from snowtrack.live.hub import Reader
from snowtrack.model.access import ALL, Principal, Right
from snowtrack.model.errors import StoreError

router = APIRouter(prefix="/v1", tags=["live"])
IDLE_S = 15.0
LOOK_AGAIN_S = 15.0
IDLE = b": nothing new\n\n"
STREAM_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


@router.get("/summary")
async def summary(shared: Shared, who: Looking) -> dict[str, Any]:
    """Segments by label, machines of one's agencies, fixes per second and freshness."""
    return shared.live.summary(who.scope(Right.LOOK))


@router.get("/live", response_class=StreamingResponse)
async def live(
    request: Request, shared: Shared, who: Watching, last_event_id: Annotated[str | None, Header()] = None
) -> StreamingResponse:
    """Events `snapshot`, `delta` (numbered), `heads` and `summary`; come back with Last-Event-ID to go on. Machines are
    those of one's agencies; roads too, and those of agencies that share the state of theirs."""
    hub = shared.live.hub
    reader = Reader(who.name, who.scope(Right.LOOK))
    hub.expect_room(reader)
    number = read_event_id(last_event_id or "", reader.scope)
    events = _while(who, request, shared, hub.events(reader, number, IDLE_S, IDLE))
    return StreamingResponse(events, media_type="text/event-stream", headers=STREAM_HEADERS)


@router.get("/live/public", response_class=StreamingResponse, dependencies=[PUBLIC])
async def public_live(
    request: Request, shared: Shared, last_event_id: Annotated[str | None, Header()] = None
) -> StreamingResponse:
    """Event `cut`: when the public's cut was made, at once and whenever there is a new one, and where its state array
    lies; come back with Last-Event-ID to be told only of newer ones."""
    caller = network_of("" if request.client is None else request.client.host)
    reader = Reader(caller, ALL)
    hub = shared.cut_stream.hub
    hub.expect_room(reader)
    number = read_event_id(last_event_id or "", reader.scope)
    events = hub.events(reader, number, IDLE_S, IDLE)
    return StreamingResponse(events, media_type="text/event-stream", headers=STREAM_HEADERS)


async def _while(
    who: Principal, request: Request, shared: Context, events: AsyncGenerator[bytes, None]
) -> AsyncIterator[bytes]:
    """Until rights change: whoever comes back then gets what it may see now."""
    looked_s = time.monotonic()
    async with aclosing(events):
        async for event in events:
            if time.monotonic() - looked_s > LOOK_AGAIN_S:
                if not await _is_still(who, request, shared):
                    return
                looked_s = time.monotonic()
            yield event


async def _is_still(who: Principal, request: Request, shared: Context) -> bool:
    """May whoever asked the same as then?"""
    try:
        return await shared.gate.who(request) == who
    except (StoreError, DatabaseError):
        return False
