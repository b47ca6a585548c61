"""`/tiles/machines`: where machines are, as vector tiles, for who may see them."""

from typing import Any

from fastapi import APIRouter, Request, Response

from snowtrack.api.context import Shared
from snowtrack.api.doors import Looking, WatchingTiles
from snowtrack.api.errors import NotFoundError
from snowtrack.api.tile_shelf import MEDIA_TYPE
from snowtrack.api.tiles import tilejson_of
from snowtrack.live.sight import Sight
from snowtrack.model.access import Right
from snowtrack.tiles.machines import FIELDS, LAYER, Machine, machines_tile
from snowtrack.tiles.window import ZOOM_MAX, ZOOM_MIN, TileKey

router = APIRouter(prefix="/tiles", tags=["tiles"])
KMH_PER_MPS = 3.6
# For whoever asked alone, and never kept: they move.
HEADERS = {"cache-control": "private, no-store"}


@router.get(f"/{LAYER}.json")
async def machines_tilejson(request: Request, shared: Shared, _who: Looking) -> dict[str, Any]:
    """TileJSON 3 of the layer `machines`."""
    return tilejson_of(request, shared.network, LAYER, FIELDS)


@router.get(f"/{LAYER}/{{z}}/{{x}}/{{y}}.mvt", response_class=Response)
async def machines(shared: Shared, who: WatchingTiles, z: int, x: int, y: int) -> Response:
    """Machines of one's agencies by their newest fixes (`state`: working, travelling, unsure or silent); 204 where
    there are none. Asked for again it is made anew."""
    key = TileKey(z, x, y)
    if not key.exists:
        raise NotFoundError(f"there is no tile {LAYER}/{z}/{x}/{y}; zooms are {ZOOM_MIN} to {ZOOM_MAX}")
    seen = shared.live.machines_seen(Sight(who.scope(Right.LOOK)))
    lat_e7, lon_e7 = ([round(one[axis] * 1e7) for one in seen] for axis in ("lat", "lon"))
    content = machines_tile(key, [_machine(one) for one in seen], lat_e7, lon_e7)
    if not content:
        return Response(status_code=204, headers=HEADERS)
    return Response(content, media_type=MEDIA_TYPE.decode(), headers=HEADERS)


def _machine(head: dict[str, Any]) -> Machine:
    course, speed = head["course_deg"], head["speed_mps"]
    return Machine(
        device=head["device"],
        state=_state(head),
        course=None if course is None else round(course),
        speed_kmh=None if speed is None else round(speed * KMH_PER_MPS),
        at=head["at"],
    )


def _state(head: dict[str, Any]) -> str:
    if head["silent"]:
        return "silent"
    if head["working"] is None:
        return "unsure"
    return "working" if head["working"] else "travelling"
