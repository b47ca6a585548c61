"""`/v1/closures`: roads that people closed; an end is a later entry, and nothing is overwritten."""

from datetime import UTC
from typing import Annotated, Any, Self

import numpy as np
from fastapi import APIRouter, HTTPException, Path, Query
from psycopg import AsyncConnection
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from snowtrack import wall_clock
from snowtrack.api.bodies import Instant, Text
from snowtrack.api.context import Context, Shared
from snowtrack.api.doors import Looking, Telling
from snowtrack.api.errors import NotFoundError
from snowtrack.model.access import Principal, Right, Scope
from snowtrack.model.calendar import instant_us, utc_text
from snowtrack.model.columns import Bools
from snowtrack.network.roads import called
from snowtrack.store.access import Entry, note
from snowtrack.store.events import Closure, close_segments, end_closure, read_closures

router = APIRouter(prefix="/v1/closures", tags=["closures"])
SEGMENTS_MAX = 10_000
ID_MAX = 2**31 - 1

Reason = Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
Number = Annotated[int, Path(ge=1, le=ID_MAX)]


class Closing(BaseModel):
    """Which roads of one's own agencies, from when (now), until when (further notice), and why."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "example": {"road": "国道900号", "until": "2027-01-14T06:00:00+09:00", "reason": "雪崩のおそれ"}
        },
    )

    segments: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1, max_length=SEGMENTS_MAX)] | None = None
    road: Annotated[Text, Field(min_length=1, max_length=200)] | None = None
    since: Annotated[Instant | None, Field(alias="from")] = None
    until: Instant | None = None
    reason: Reason

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.segments is None) == (self.road is None):
            raise ValueError("expected segments or road, one of them")
        if self.span_us[1] is not None and self.span_us[1] <= self.span_us[0]:
            raise ValueError("expected until after from")
        return self

    @property
    def span_us(self) -> tuple[int, int | None]:
        since_us = wall_clock.now_us() if self.since is None else instant_us(self.since, UTC)
        return since_us, None if self.until is None else instant_us(self.until, UTC)


class Ending(BaseModel):
    """When a closure ends (now), and why."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"example": {"reason": "安全を確認"}})

    at: Instant | None = None
    reason: Reason


@router.get("")
async def closures(
    shared: Shared,
    who: Looking,
    ended: Annotated[bool, Query(description="those too that have ended")] = False,
    after: Annotated[int, Query(ge=0, le=ID_MAX, description="continue after this id")] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> dict[str, Any]:
    """Closures of roads of one's agencies. `next` names the id to continue after, while there is more."""
    now_us, scope = wall_clock.now_us(), who.scope(Right.LOOK)
    async with shared.pool.connection() as connection:
        found = await read_closures(connection)
    own = [
        one
        for one in found
        if one.number > after
        and _is_own(shared, scope, one.segments)
        and (ended or (one.until_us or now_us + 1) > now_us)
    ]
    more = len(own) > limit
    return {"closures": [_told(one) for one in own[:limit]], "next": own[limit - 1].number if more else None}


@router.post("", status_code=201)
async def close(shared: Shared, who: Telling, said: Closing) -> dict[str, Any]:
    """Close roads of one's agencies; on the map within a minute."""
    async with shared.pool.connection() as connection, connection.transaction():
        await shared.live.outlook.refresh(connection)
        segments = _segments(shared, who, said)
        from_us, until_us = said.span_us
        closure = Closure(
            number=0, segments=segments, from_us=from_us, until_us=until_us, reason=said.reason, by=who.name
        )
        number = await close_segments(connection, closure)
        await _note(connection, shared, who, segments, f"closure {number}")
    return {"id": number, "segments": len(segments)}


@router.post("/{closure}/end", status_code=201)
async def end(shared: Shared, who: Telling, closure: Number, said: Ending) -> dict[str, Any]:
    """Say when a closure ends; of several times that were said, the last one counts. One that ends when it begins never
    held."""
    at_us = wall_clock.now_us() if said.at is None else instant_us(said.at, UTC)
    async with shared.pool.connection() as connection, connection.transaction():
        await shared.live.outlook.refresh(connection)
        found = next((one for one in await read_closures(connection) if one.number == closure), None)
        if found is None or not _is_own(shared, who.scope(Right.TELL), found.segments):
            raise NotFoundError(f"there is no closure {closure} of roads of yours")
        ends_us = max(at_us, found.from_us)
        await end_closure(connection, closure, ends_us, reason=said.reason, by=who.name)
        await _note(connection, shared, who, found.segments, f"end of closure {closure}")
    return {"id": closure, "until": utc_text(ends_us)}


def _segments(shared: Context, who: Principal, said: Closing) -> tuple[int, ...]:
    network, own = shared.network, shared.live.managed(who.scope(Right.TELL))
    if said.road is not None:
        named: Bools = called(network, said.road) & own
        if not named.any():
            raise HTTPException(422, "road: expected the name or route of a road of yours, as the map has it")
        return tuple(sorted(network.segment_id[named].tolist()))
    asked = sorted(set(said.segments or ()))
    rows = network.rows_of(asked)
    wrong = (rows < 0) | ~own[rows]
    if wrong.any():
        raise HTTPException(422, f"segments: {asked[int(np.argmax(wrong))]} is not a road of yours on this network")
    return tuple(asked)


def _is_own(shared: Context, scope: Scope, segments: tuple[int, ...]) -> bool:
    """All of its roads that this network has, and one at least."""
    rows = shared.network.rows_of(segments)
    return scope.is_every or bool(shared.live.managed(scope)[rows[rows >= 0]].all() and (rows >= 0).any())


async def _note(
    connection: AsyncConnection, shared: Context, who: Principal, segments: tuple[int, ...], what: str
) -> None:
    agencies = shared.live.managers(segments)
    await note(connection, Entry(who=who.name, action="tell", agencies=agencies, what=what), wall_clock.now_us())


def _told(closure: Closure) -> dict[str, Any]:
    return {
        "id": closure.number,
        "segments": list(closure.segments),
        "from": utc_text(closure.from_us),
        "until": None if closure.until_us is None else utc_text(closure.until_us),
        "reason": closure.reason,
        "by": closure.by,
    }
