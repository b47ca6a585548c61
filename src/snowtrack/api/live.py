"""`/v1/live`: a snapshot, then what changes, by server-sent events; `/v1/summary`: the figures of the moment."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse

from snowtrack.api.context import Shared
from snowtrack.live.hub import TooManySubscribersError

router = APIRouter(prefix="/v1", tags=["live"])
NUMBER = re.compile(r"[0-9]{1,18}")
IDLE_S = 15.0
IDLE = b": nothing new\n\n"


@router.get("/summary")
async def summary(shared: Shared) -> dict[str, Any]:
    """Segments by label, machines, fixes per second and freshness."""
    return shared.live.summary()


@router.get("/live", response_class=StreamingResponse)
async def live(shared: Shared, last_event_id: Annotated[str | None, Header()] = None) -> StreamingResponse:
    """Events `snapshot`, `delta` (numbered), `heads` and `summary`; come back with Last-Event-ID to go on."""
    hub = shared.live.hub
    if len(hub.subscribers) >= hub.subscribers_max:
        raise TooManySubscribersError
    number = int(last_event_id) if last_event_id and NUMBER.fullmatch(last_event_id) else None
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(hub.events(number, IDLE_S, IDLE), media_type="text/event-stream", headers=headers)
