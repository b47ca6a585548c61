"""`/v1/trails`: where machines drove in the last minutes, and where they worked."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import orjson
from fastapi import APIRouter, HTTPException, Query, Response

from snowtrack import wall_clock
from snowtrack.api.context import Shared
from snowtrack.api.doors import Watching
from snowtrack.api.errors import BadRequestError, NotFoundError
from snowtrack.api.formats import GEOJSON
from snowtrack.model.access import Right, Scope
from snowtrack.model.calendar import MINUTE_US, SECOND_US, utc_text
from snowtrack.model.columns import Bools
from snowtrack.model.ids import DeviceId
from snowtrack.model.trails import Sightings
from snowtrack.passes.profiles import at_work
from snowtrack.store.devices import DeviceRow, read_devices
from snowtrack.store.instants import to_instant, to_us
from snowtrack.store.trails import read_sightings
from snowtrack.tiles.trails import Stretch, stretches

router = APIRouter(prefix="/v1", tags=["devices"])
MINUTES_MAX = 120
STEP_S = 5
# So many fixes are looked up for an answer at most: with more machines the steps between them are longer.
SIGHTINGS_MAX = 60_000
GAP_S = 60
# Of a degree: a tenth of a metre.
DECIMALS = 6


@router.get("/trails", response_class=Response, responses={404: {"description": "There is no such device"}})
async def trails(
    shared: Shared,
    who: Watching,
    minutes: Annotated[
        int, Query(ge=1, le=MINUTES_MAX, description="so long before the newest fix of each machine")
    ] = 30,
    device: Annotated[
        str | None,
        Query(
            description="`agency/name` of the only one that is asked for, however long ago it was heard", max_length=200
        ),
    ] = None,
) -> Response:
    """Lines (GeoJSON) along which machines of one's agencies drove that were heard in the last minutes. Each is of one
    machine that worked all along it, or did not; `after_s` has the seconds from `from` to each of its points. Lines
    follow the time of observation, whenever a fix came in."""
    scope, wanted = who.scope(Right.LOOK), None if device is None else _wanted(device)
    if wanted is not None and wanted.agency not in scope:
        raise HTTPException(403, f"the right to {Right.LOOK} at {wanted.agency} is not given")
    async with shared.trails, shared.pool.connection() as connection:
        rows = await read_devices(connection)
        chosen = (
            _lately(rows, scope, wall_clock.now_us() - minutes * MINUTE_US) if wanted is None else _one(rows, wanted)
        )
        step_s = max(STEP_S, -(-len(chosen) * minutes * 60 // SIGHTINGS_MAX))
        latest_us = {row.number: to_us(row.latest_at) for row in chosen if row.latest_at is not None}
        seen = await read_sightings(connection, latest_us, minutes * MINUTE_US, step_s)
    kinds = shared.live.outlook.fleet.kinds(seen.device, seen.time_us)
    working, _ = at_work(kinds, seen.blade, seen.pto, seen.spreading, seen.speed_mmps)
    names = {row.number: str(row.id) for row in chosen}
    content = await asyncio.to_thread(_collection, seen, working, names, step_s)
    return Response(content, media_type=GEOJSON)


def _wanted(device: str) -> DeviceId:
    try:
        return DeviceId.parse(device)
    except ValueError as error:
        raise BadRequestError(str(error)) from None


def _lately(rows: Sequence[DeviceRow], scope: Scope, since_us: int) -> list[DeviceRow]:
    """Those that were heard since then."""
    since = to_instant(since_us)
    return [row for row in rows if row.id.agency in scope and row.heard_at is not None and row.heard_at >= since]


def _one(rows: Sequence[DeviceRow], wanted: DeviceId) -> list[DeviceRow]:
    found = [row for row in rows if row.id == wanted]
    if not found:
        raise NotFoundError(f"there is no device {wanted}")
    return found


def _collection(seen: Sightings, working: Bools, names: dict[int, str], step_s: int) -> bytes:
    """As GeoJSON."""
    gap_us = max(GAP_S, 2 * step_s) * SECOND_US
    features = [_feature(seen, stretch, names) for stretch in stretches(seen, working, gap_us)]
    return orjson.dumps({"type": "FeatureCollection", "step_s": step_s, "features": features})


def _feature(seen: Sightings, stretch: Stretch, names: dict[int, str]) -> dict[str, Any]:
    rows = stretch.rows
    time_us = seen.time_us[rows]
    places = np.stack([seen.lon_e7[rows], seen.lat_e7[rows]], axis=1) / 1e7
    return {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": np.round(places, DECIMALS).tolist()},
        "properties": {
            "device": names[int(seen.device[rows[0]])],
            "working": stretch.working,
            "from": utc_text(int(time_us[0])),
            "to": utc_text(int(time_us[-1])),
            "after_s": ((time_us - time_us[0]) // SECOND_US).tolist(),
        },
    }
