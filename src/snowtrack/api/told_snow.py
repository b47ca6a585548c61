"""`/v1/snow/told`: what people say of snow where a sensor stands, or should; an entry is corrected by a later one."""

from datetime import UTC, timedelta
from typing import Annotated, Any, Self

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from snowtrack import wall_clock
from snowtrack.api.bodies import Instant, Text
from snowtrack.api.context import Shared
from snowtrack.api.doors import Looking, Telling
from snowtrack.model.access import Right
from snowtrack.model.calendar import SECOND_US, instant_us, utc_text
from snowtrack.model.ids import ID_PATTERN
from snowtrack.model.snow import SensorId, SnowKind, ToldSnow
from snowtrack.store.access import Entry, note
from snowtrack.store.snow import read_heard, read_sensors
from snowtrack.store.told_snow import enter_snow, read_told_snow

router = APIRouter(prefix="/v1/snow", tags=["snow"])
NUMBER_MAX = 2**53 - 1
DEPTH_MM_MAX = 10_000
AHEAD_US = 60 * SECOND_US
LASTED_MAX = timedelta(days=31)

Number = Annotated[int, Field(ge=1, le=NUMBER_MAX)]
Id = Annotated[str, Field(pattern=f"^{ID_PATTERN.pattern}$")]


class Saying(BaseModel):
    """How deep the snow lies at a sensor, `at` a time, or `from` one `to` another (`depth`); or that what it read then
    does not count (`void`). What `corrects` an earlier entry stands in its place; as `taken_back` it leaves nothing of
    it."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "example": {
                "agency": "kanazawa",
                "sensor": "utatsuyama",
                "kind": "depth",
                "at": "2027-01-14T06:00:00+09:00",
                "depth_mm": 430,
                "reason": "定時観測、雪尺による",
            }
        },
    )

    agency: Id
    sensor: Id
    kind: SnowKind
    at: Instant | None = None
    since: Annotated[Instant | None, Field(alias="from")] = None
    until: Annotated[Instant | None, Field(alias="to")] = None
    depth_mm: Annotated[int, Field(ge=0, le=DEPTH_MM_MAX)] | None = None
    reason: Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
    corrects: Number | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.kind is SnowKind.DEPTH) != (self.depth_mm is not None):
            raise ValueError("expected depth_mm where the kind is depth, and nowhere else")
        if self.kind is SnowKind.TAKEN_BACK and self.corrects is None:
            raise ValueError("expected corrects: what is taken back")
        if self.span_us[1] > wall_clock.now_us() + AHEAD_US:
            raise ValueError("expected what is so by now")
        return self

    @property
    def span_us(self) -> tuple[int, int]:
        start, end = self.at or self.since, self.at or self.until
        if start is None or end is None or (self.at is not None and (self.since or self.until)):
            raise ValueError("expected at, or from and to")
        if not timedelta(0) <= end - start <= LASTED_MAX:
            raise ValueError(f"expected from before to, at most {LASTED_MAX.days} days apart")
        return instant_us(start, UTC), instant_us(end, UTC)


@router.post("", status_code=201, responses={409: {"description": "What it corrects is not there, or is already"}})
async def tell(shared: Shared, who: Telling, said: Saying) -> dict[str, Any]:
    """Say what snow lies at a sensor of one's agencies; it counts from the next minute on, in the place of what was
    read. A place where people read a stake is registered as a sensor (docs/fleet.md)."""
    if said.agency not in who.scope(Right.TELL):
        raise HTTPException(403, f"the right to tell at {said.agency} is not given")
    sensor = SensorId(said.agency, said.sensor)
    from_us, to_us = said.span_us
    told = ToldSnow(
        sensor=sensor,
        kind=said.kind,
        from_us=from_us,
        to_us=to_us,
        depth_mm=said.depth_mm,
        reason=said.reason,
        said_by=who.name,
        corrects=said.corrects,
    )
    async with shared.pool.connection() as connection, connection.transaction():
        known = {one.id for one in await read_sensors(connection)} | {
            one.sensor for one in await read_heard(connection)
        }
        if sensor not in known:
            raise HTTPException(422, "sensor: expected one that is registered or was heard")
        number = await enter_snow(connection, told)
        if number is not None:
            entered = Entry(who=who.name, action="tell", agencies=(said.agency,), what=f"snow {number}")
            await note(connection, entered, wall_clock.now_us())
    if number is None:
        raise HTTPException(409, "corrects: expected an entry of this sensor that is not corrected yet")
    return {"id": number}


@router.get("/told")
async def entries(
    shared: Shared,
    who: Looking,
    agency: Annotated[str | None, Query(description="only of this agency")] = None,
    before: Annotated[int, Query(ge=1, le=NUMBER_MAX, description="continue before this id")] = NUMBER_MAX,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> dict[str, Any]:
    """What people said, newest first, also what was corrected. `next` names the id to continue before, while there is
    more."""
    async with shared.pool.connection() as connection:
        scope = who.scope(Right.LOOK).narrowed(agency)
        found = await read_told_snow(connection, scope, before=before, limit=limit + 1)
    more = found[limit - 1].number if len(found) > limit else None
    return {"told": [_said(one) for one in found[:limit]], "next": more}


def _said(one: ToldSnow) -> dict[str, Any]:
    return {
        "id": one.number,
        "agency": one.sensor.agency,
        "sensor": one.sensor.device,
        "kind": one.kind,
        "from": utc_text(one.from_us),
        "to": utc_text(one.to_us),
        "depth_mm": one.depth_mm,
        "reason": one.reason,
        "by": one.said_by,
        "entered_at": utc_text(one.entered_us),
        "corrects": one.corrects,
        "corrected_by": one.corrected_by,
    }
