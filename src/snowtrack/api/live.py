"""`/v1/live`: a snapshot, then what changes, by server-sent events; `/v1/summary`: the figures of the moment."""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse
from psycopg import Error as DatabaseError
from pydantic import BaseModel, Field

from snowtrack.api.context import Context, Shared
from snowtrack.api.doors import PUBLIC, Looking, Watching
from snowtrack.api.errors import BadRequestError, NotFoundError
from snowtrack.api.state import read_event_id
from snowtrack.clearance.groups import CELL_RESOLUTIONS, By, resolution_of
from snowtrack.live.hub import Reader
from snowtrack.live.sight import Area, Sight
from snowtrack.model.access import ALL, Right
from snowtrack.model.errors import StoreError
from snowtrack.serving import network_of

router = APIRouter(prefix="/v1", tags=["live"])
IDLE_S = 15.0
LOOK_AGAIN_S = 15.0
IDLE = b": nothing new\n\n"
STREAM_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
ID_MAX = 200


class Part(BaseModel):
    """Of all roads those of one group."""

    by: Annotated[By | None, Field(description="what the roads of the group have in common")] = None
    id: Annotated[str | None, Field(max_length=ID_MAX, description="of the group, as in /v1/summaries/{by}")] = None


@router.get("/summary")
async def summary(shared: Shared, who: Looking) -> dict[str, Any]:
    """Segments by label, machines of one's agencies, fixes per second and freshness."""
    return shared.live.summary(Sight(who.scope(Right.LOOK)))


@router.get("/live", response_class=StreamingResponse, responses={404: {"description": "There is no such group"}})
async def live(
    request: Request,
    shared: Shared,
    who: Watching,
    part: Annotated[Part, Query()],
    last_event_id: Annotated[str | None, Header()] = None,
) -> StreamingResponse:
    """Events `snapshot`, `delta` (numbered), `heads` and `summary`; come back with Last-Event-ID to go on. Machines are
    those of one's agencies; roads too, and those of agencies that share the state of theirs. With `by` and `id`, of one
    group of `/v1/summaries/{by}` alone, and the machines that are in it."""
    hub = shared.live.hub
    sight = Sight(who.scope(Right.LOOK), await _area(shared, part))
    reader = Reader(who.name, sight)
    hub.expect_room(reader)
    # Machines may have left an area meanwhile: who follows one begins with a snapshot.
    number = read_event_id(last_event_id or "", sight) if sight.area is None else None

    async def is_still() -> bool:
        """May whoever asked see the same as then, and is it the same? While the database is away, it is."""
        try:
            if await shared.gate.who(request) != who:
                return False
        except (StoreError, DatabaseError):
            return False
        try:
            return await _area(shared, part) == sight.area
        except NotFoundError:
            return False
        except (StoreError, DatabaseError):
            return True

    events = _while(is_still, hub.events(reader, number, IDLE_S, IDLE))
    return StreamingResponse(events, media_type="text/event-stream", headers=STREAM_HEADERS)


@router.get("/live/public", response_class=StreamingResponse, dependencies=[PUBLIC])
async def public_live(
    request: Request, shared: Shared, last_event_id: Annotated[str | None, Header()] = None
) -> StreamingResponse:
    """Event `cut`: when the public's cut was made, at once and whenever there is a new one, and where its state array
    lies; come back with Last-Event-ID to be told only of newer ones."""
    caller = network_of("" if request.client is None else request.client.host)
    reader = Reader(caller, Sight(ALL))
    hub = shared.cut_stream.hub
    hub.expect_room(reader)
    number = read_event_id(last_event_id or "", reader.sight)
    events = hub.events(reader, number, IDLE_S, IDLE)
    return StreamingResponse(events, media_type="text/event-stream", headers=STREAM_HEADERS)


async def _area(shared: Context, part: Part) -> Area | None:
    """What was asked for, as the registry has it now."""
    if part.by is None and part.id is None:
        return None
    if part.by is None or part.id is None:
        raise BadRequestError("expected both by and id, or neither")
    resolution = resolution_of(part.id) if part.by is By.CELL else CELL_RESOLUTIONS[0]
    if resolution in CELL_RESOLUTIONS:
        groups = await shared.summary_desk.groups(shared.live, part.by, resolution)
        if part.id in groups.names:
            return Area(
                f"{part.by}/{part.id}",
                shared.summary_desk.version,
                part.id if part.by is By.AGENCY else None,
                rows=groups.rows_of(part.id, len(shared.network)),
            )
    raise NotFoundError(f"there is no {part.by} {part.id!r}; /v1/summaries/{part.by} lists them")


async def _while(is_still: Callable[[], Awaitable[bool]], events: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    """Until that changes: whoever comes back then gets what is to be seen now."""
    looked_s = time.monotonic()
    async with aclosing(events):
        async for event in events:
            if time.monotonic() - looked_s > LOOK_AGAIN_S:
                if not await is_still():
                    return
                looked_s = time.monotonic()
            yield event
