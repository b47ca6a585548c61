"""`/v1/events`: spells of snow work by rule, and what people decided; a wrong entry is made void by a later one."""

from datetime import UTC
from typing import Annotated, Any, Self

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from snowtrack import wall_clock
from snowtrack.api.bodies import Instant, Text
from snowtrack.api.context import Shared
from snowtrack.api.doors import Deciding, Looking
from snowtrack.clearance.events import EntryKind, Event, EventEntry, events, refusal
from snowtrack.model.access import EVERY, Right
from snowtrack.model.calendar import instant_us, utc_text
from snowtrack.store.access import Entry, note
from snowtrack.store.events import EVENT_US_MAX, enter_event, hold_events, read_entries, read_hours

router = APIRouter(prefix="/v1/events", tags=["events"])
ID_MAX = 2**31 - 1
SHOWN_MAX = 1_000


class Decision(BaseModel):
    """An event opens or closes (now), or an entry is void; and why."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"example": {"kind": "open", "reason": "大雪"}}
    )

    kind: EntryKind
    at: Instant | None = None
    voids: Annotated[int, Field(ge=1, le=ID_MAX)] | None = None
    reason: Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.kind is EntryKind.VOID) != (self.voids is not None):
            raise ValueError("expected voids with the kind void, and with no other")
        if self.kind is EntryKind.VOID and self.at is not None:
            raise ValueError("expected at with the kinds open and close only")
        return self


@router.get("")
async def season(
    shared: Shared,
    who: Looking,
    before: Annotated[int, Query(ge=1, le=ID_MAX, description="continue before this entry")] = ID_MAX,
    limit: Annotated[int, Query(ge=1, le=SHOWN_MAX)] = 100,
) -> dict[str, Any]:
    """Events of this season and what was decided, the newest first. Who decided is told to who may see all agencies.
    `next` names the entry to continue before, while there is more."""
    now_us = wall_clock.now_us()
    async with shared.pool.connection() as connection:
        hours, entries = await read_hours(connection, now_us - EVENT_US_MAX), await read_entries(connection)
    found = events(hours, entries, now_us=now_us, quiet_us=shared.live.outlook.policies.quiet_us)
    asked = sorted((one for one in entries if one.number < before), key=lambda one: -one.number)
    names = who.scope(Right.LOOK).is_every
    return {
        "events": [_span(one) for one in found[: -SHOWN_MAX - 1 : -1]],
        "entries": [_told(one, names=names) for one in asked[:limit]],
        "next": asked[limit - 1].number if len(asked) > limit else None,
    }


@router.post("", status_code=201, responses={409: {"description": "It does not fit what was decided before"}})
async def decide(shared: Shared, who: Deciding, said: Decision) -> dict[str, Any]:
    """Open or close an event, or take back what was decided. Events are of all roads of this network."""
    now_us = wall_clock.now_us()
    at_us = now_us if said.at is None else instant_us(said.at, UTC)
    entry = EventEntry(number=0, kind=said.kind, at_us=at_us, reason=said.reason, by=who.name, voids=said.voids)
    async with shared.pool.connection() as connection, connection.transaction():
        await hold_events(connection)
        hours, entries = await read_hours(connection, now_us - EVENT_US_MAX), await read_entries(connection)
        quiet_us = shared.live.outlook.policies.quiet_us
        fault = refusal(entry, entries, hours, now_us=now_us, quiet_us=quiet_us)
        if fault is not None:
            raise HTTPException(409, fault)
        number = await enter_event(connection, entry)
        told = Entry(who=who.name, action="tell", agencies=(EVERY,), what=f"event entry {number}")
        await note(connection, told, now_us)
    return {"id": number}


def _span(event: Event) -> dict[str, Any]:
    return {
        "from": utc_text(event.start_us),
        "to": None if event.end_us is None else utc_text(event.end_us),
        "opened_by": None if event.opened is None else event.opened.number,
        "closed_by": None if event.closed is None else event.closed.number,
    }


def _told(entry: EventEntry, *, names: bool) -> dict[str, Any]:
    return {
        "id": entry.number,
        "kind": entry.kind,
        "at": utc_text(entry.at_us),
        "voids": entry.voids,
        "reason": entry.reason,
        "by": entry.by if names else None,
    }
